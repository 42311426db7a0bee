import { mkdir, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { serverFolder } from '../folders.ts';
import { ownServer } from '../managed-server.ts';
import { freePort } from '../process/ports.ts';
import { elasticsearchAnswers } from '../process/probe.ts';
import { ServerProcess } from '../process/server-process.ts';
import { type ElasticsearchServer, ignore, type OwnServer, type StartOptions } from '../types.ts';
import { type ElasticsearchProgram, mainClass } from './elasticsearch-program.ts';

/** Starts a node that is a cluster by itself, on 127.0.0.1 alone. */
export async function startNativeElasticsearch(
  { java, libs, version }: ElasticsearchProgram,
  { port: wanted, dataDir, log = ignore }: StartOptions,
): Promise<ElasticsearchServer & OwnServer> {
  const port = wanted ?? (await freePort());
  const address = `127.0.0.1:${port}`;
  const folder = await serverFolder('elasticsearch', dataDir);
  const file = (name: string): string => join(folder.path, name);
  const settings = {
    'cluster.name': 'millrace',
    'node.name': 'millrace',
    'discovery.type': 'single-node',
    'path.home': folder.path,
    'path.data': file('data'),
    'path.logs': file('logs'),
    'network.host': '127.0.0.1',
    'http.port': String(port),
    // Other nodes would come in there; the usual range may be taken.
    'transport.port': String(await freePort()),
    // A disk that is nearly full is no reason to take no more documents here.
    'cluster.routing.allocation.disk.threshold_enabled': 'false',
    'node.store.allow_mmap': 'false',
  };
  const server = new ServerProcess({
    name: 'Elasticsearch',
    program: java,
    args: [
      '-Xms256m',
      '-Xmx512m',
      '-XX:+UseG1GC',
      // Without a file among the system's temporary ones, and without native code, which would be unpacked there.
      '-XX:-UsePerfData',
      `-Djava.io.tmpdir=${file('tmp')}`,
      '-Djava.awt.headless=true',
      '-Dio.netty.noUnsafe=true',
      '-Dio.netty.noKeySetOptimization=true',
      `-Dlog4j2.configurationFile=${file('log4j2.properties')}`,
      '-cp',
      [libs, join(libs, '*')].join(delimiter),
      mainClass,
      ...Object.entries(settings).map(([key, value]) => `${key}=${value}`),
    ],
    logFile: file('server.log'),
    stopSignal: 'SIGTERM',
    remove: folder.remove,
    answers: () => elasticsearchAnswers(address),
  });
  log(`elasticsearch: starting Elasticsearch ${version} on ${address}`);
  await server.start(async () => {
    await mkdir(file('tmp'), { recursive: true });
    await writeFile(file('log4j2.properties'), logging);
  });
  return ownServer(
    {
      service: 'elasticsearch',
      origin: 'native',
      address,
      url: `http://${address}`,
      version: `Elasticsearch ${version}`,
    },
    server,
  );
}

const logging = `rootLogger.level=WARN
rootLogger.appenderRef.stdout.ref=STDOUT
appender.stdout.type=Console
appender.stdout.name=STDOUT
appender.stdout.layout.type=PatternLayout
appender.stdout.layout.pattern=[%d] %p %m (%c)%n
`;
