import { mkdir, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { serverFolder } from '../folders.ts';
import { managedServer } from '../managed-server.ts';
import { freePort } from '../process/ports.ts';
import { isElasticsearchReady } from '../process/probe.ts';
import { ServerProcess } from '../process/server-process.ts';
import { type ElasticsearchServer, type ManagedServer, type StartOptions, silent } from '../types.ts';
import { type ElasticsearchProgram, mainClass } from './elasticsearch-program.ts';

/** Starts a cluster of one node that listens on 127.0.0.1 only. */
export async function startNativeElasticsearch(
  { java, libs, version }: ElasticsearchProgram,
  { port: requestedPort, dataDir, log = silent }: StartOptions,
): Promise<ElasticsearchServer & ManagedServer> {
  const port = requestedPort ?? (await freePort());
  const address = `127.0.0.1:${port}`;
  const folder = await serverFolder('elasticsearch', dataDir);
  const file = (name: string): string => join(folder.path, name);
  const settings = await nodeSettings(folder.path, port);
  const server = new ServerProcess({
    name: 'Elasticsearch',
    program: java,
    args: [
      '-Xms256m',
      '-Xmx512m',
      '-XX:+UseG1GC',
      // Writes no file to the system's temporary folder: no performance data, and no native code unpacked there.
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
    isReady: () => isElasticsearchReady(address),
  });
  log(`elasticsearch: starting Elasticsearch ${version} on ${address}`);
  await server.start(async () => {
    await mkdir(file('tmp'), { recursive: true });
    await writeFile(file('log4j2.properties'), logging);
  });
  return managedServer(
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

/** Settings of a node, as arguments of its program have them. */
async function nodeSettings(folder: string, port: number): Promise<Readonly<Record<string, string>>> {
  return {
    'cluster.name': 'millrace',
    'node.name': 'millrace',
    'discovery.type': 'single-node',
    'path.home': folder,
    'path.data': join(folder, 'data'),
    'path.logs': join(folder, 'logs'),
    'network.host': '127.0.0.1',
    'http.port': String(port),
    // The port for other nodes: those of the default range may be in use.
    'transport.port': String(await freePort()),
    // By default a nearly full disk blocks indexing.
    'cluster.routing.allocation.disk.threshold_enabled': 'false',
    'node.store.allow_mmap': 'false',
  };
}

const logging = `rootLogger.level=WARN
rootLogger.appenderRef.stdout.ref=STDOUT
appender.stdout.type=Console
appender.stdout.name=STDOUT
appender.stdout.layout.type=PatternLayout
appender.stdout.layout.pattern=[%d] %p %m (%c)%n
`;
