import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { serverFolder } from '../folders.ts';
import { managedServer } from '../managed-server.ts';
import { freePort } from '../process/ports.ts';
import { isKafkaReady } from '../process/probe.ts';
import { ServerProcess } from '../process/server-process.ts';
import { type KafkaServer, type ManagedServer, type StartOptions, silent } from '../types.ts';
import type { KafkaProgram } from './kafka-program.ts';

/** One node of a cluster. */
export interface KafkaNode {
  /** Node id, counted from 1. */
  readonly id: number;
  readonly clusterId: string;
  /** Ports of the controllers of all nodes on 127.0.0.1, in the order of the nodes' ids. */
  readonly controllerPorts: readonly number[];
}

/**
 * Starts Kafka in KRaft mode, broker and controller in one process, which listens on 127.0.0.1 only. node: default is a
 * cluster of one. The nodes of a larger cluster are ready when a majority of them runs.
 */
export async function startNativeKafka(
  { java, libs, version }: KafkaProgram,
  { port: requestedPort, dataDir, env, log = silent }: StartOptions,
  node?: KafkaNode,
): Promise<KafkaServer & ManagedServer> {
  const { id, clusterId, controllerPorts } = node ?? {
    id: 1,
    clusterId: newClusterId(),
    controllerPorts: [await freePort()],
  };
  const port = requestedPort ?? (await freePort());
  const address = `127.0.0.1:${port}`;
  const folder = await serverFolder('kafka', dataDir);
  const file = (name: string): string => join(folder.path, name);
  const jvm = [
    '-server',
    controllerPorts.length === 1 ? '-Xmx1G' : '-Xmx512M',
    '-XX:+UseG1GC',
    '-XX:MaxGCPauseMillis=20',
    // Writes no performance data to the system's temporary folder, and unpacks native libraries in the server's folder.
    '-XX:-UsePerfData',
    `-Djava.io.tmpdir=${file('tmp')}`,
    '-Djava.awt.headless=true',
    `-Dlog4j2.configurationFile=${file('log4j2.properties')}`,
    '-cp',
    join(libs, '*'),
  ];
  const server = new ServerProcess({
    name: 'Kafka',
    program: java,
    args: [...jvm, 'kafka.Kafka', file('server.properties')],
    ...(env === undefined ? {} : { env }),
    logFile: file('server.log'),
    stopSignal: 'SIGTERM',
    remove: folder.remove,
    isReady: () => isKafkaReady(address),
  });
  log(`kafka: starting Kafka ${version} on ${address}`);
  await server.start(async run => {
    await mkdir(file('tmp'), { recursive: true });
    await writeFile(file('log4j2.properties'), logging);
    await writeFile(file('server.properties'), brokerProperties(id, port, controllerPorts, file('data')));
    if (existsSync(file('data'))) return;
    await run(java, [...jvm, 'kafka.tools.StorageTool', 'format', '-t', clusterId, '-c', file('server.properties')]);
  });
  return managedServer({ service: 'kafka', origin: 'native', address, version: `Kafka ${version}` }, server);
}

export function newClusterId(): string {
  // The format tool reads an id that starts with a dash as an option; with a first bit of 0 no id does.
  const bytes = randomBytes(16);
  bytes[0] = (bytes[0] as number) & 0x7f;
  return bytes.toString('base64url');
}

function brokerProperties(id: number, port: number, controllerPorts: readonly number[], data: string): string {
  const replicas = String(controllerPorts.length);
  const minIsr = controllerPorts.length === 1 ? '1' : '2';
  const properties = {
    'process.roles': 'broker,controller',
    'node.id': String(id),
    'controller.quorum.voters': controllerPorts.map((voter, i) => `${i + 1}@127.0.0.1:${voter}`).join(','),
    listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPorts[id - 1]}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${port}`,
    'controller.listener.names': 'CONTROLLER',
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'log.dirs': data,
    'default.replication.factor': replicas,
    'min.insync.replicas': minIsr,
    'offsets.topic.replication.factor': replicas,
    'offsets.topic.num.partitions': '4',
    'transaction.state.log.replication.factor': replicas,
    'transaction.state.log.min.isr': minIsr,
    'transaction.state.log.num.partitions': '4',
    'share.coordinator.state.topic.replication.factor': replicas,
    'share.coordinator.state.topic.min.isr': minIsr,
    'share.coordinator.state.topic.num.partitions': '4',
    // The controller admits a broker again when the session before its crash has timed out: 9 s by default.
    'broker.session.timeout.ms': '3000',
    'broker.heartbeat.interval.ms': '500',
    // Most groups here have one member: no wait for others to join.
    'group.initial.rebalance.delay.ms': '0',
    'log.segment.delete.delay.ms': '1000',
    // By default the cleaner's map takes 128 MB of the heap.
    'log.cleaner.dedupe.buffer.size': '16777216',
    'num.network.threads': '2',
    'num.io.threads': '4',
  };
  return Object.entries(properties)
    .map(([key, value]) => `${key}=${value}\n`)
    .join('');
}

const logging = `rootLogger.level=WARN
rootLogger.appenderRef.stdout.ref=STDOUT
appender.stdout.type=Console
appender.stdout.name=STDOUT
appender.stdout.layout.type=PatternLayout
appender.stdout.layout.pattern=[%d] %p %m (%c)%n
`;
