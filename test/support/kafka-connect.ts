import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { locateKafkaConnect } from '../../bench/subjects/kafka-connect-program.ts';
import { freePort } from '../../src/stack/process/ports.ts';
import { eventually } from './eventually.ts';

export interface ConnectWorker extends AsyncDisposable {
  readonly url: string;
}

const install = await locateKafkaConnect();

/** True if this machine cannot run Kafka Connect. */
export const noKafkaConnect = typeof install === 'string';

/** A Kafka Connect worker with its own group. within: timeout of the start in milliseconds. */
export async function startKafkaConnect(kafka: string, group: string, within = 90_000): Promise<ConnectWorker> {
  if (typeof install === 'string') throw new Error(install);
  const { java, libs, plugins } = await install();
  const folder = await mkdtemp(join(tmpdir(), 'millrace-connect-'));
  const url = `http://127.0.0.1:${await freePort()}`;
  const topics = ['offset', 'config', 'status'].flatMap(which => [
    `${which}.storage.topic=${group}-${which}`,
    `${which}.storage.replication.factor=1`,
  ]);
  await writeFile(
    join(folder, 'worker.properties'),
    [
      `bootstrap.servers=${kafka}`,
      `group.id=${group}`,
      `listeners=${url}`,
      `plugin.path=${plugins}`,
      'plugin.discovery=service_load',
      'key.converter=org.apache.kafka.connect.json.JsonConverter',
      'value.converter=org.apache.kafka.connect.json.JsonConverter',
      'offset.storage.partitions=1',
      'offset.flush.interval.ms=500',
      ...topics,
    ].join('\n'),
  );
  const log = await open(join(folder, 'log'), 'w');
  const child = spawn(
    java,
    [
      ...['-Xmx512M', '-cp', join(libs, '*')],
      ...['org.apache.kafka.connect.cli.ConnectDistributed', join(folder, 'worker.properties')],
    ],
    { stdio: ['ignore', log.fd, log.fd] },
  );
  const exit = once(child, 'exit');
  // The worker ends with this process.
  const leave = () => child.kill('SIGKILL');
  process.once('exit', leave);
  exit.then(() => process.removeListener('exit', leave));
  await log.close();
  const worker = {
    url,
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM');
      await exit;
      await rm(folder, { recursive: true });
    },
  };
  try {
    await eventually('Kafka Connect answers', async () => (await fetch(`${url}/connectors`)).ok, { within });
  } catch (error) {
    const output = await readFile(join(folder, 'log'), 'utf8');
    await worker[Symbol.asyncDispose]();
    throw new Error(`Kafka Connect did not start:\n${output.slice(-4000)}`, { cause: error });
  }
  return worker;
}
