import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from '../../src/stack/process/ports.ts';
import { ServerProcess } from '../../src/stack/process/server-process.ts';
import { KafkaConnectApi } from './connect.ts';
import type { Subject } from './subject.ts';

/** A worker process, started like by its users; it ends with this process. */
export interface Worker extends AsyncDisposable {
  readonly subject: Subject;
  readonly connect: KafkaConnectApi;
  /** host:port, its id in a status. */
  readonly id: string;
  /** Process ids, for a meter. */
  readonly pids: readonly number[];
  /** Log of its output. */
  readonly logFile: string;
  kill9(): Promise<void>;
  stop(): Promise<void>;
}

export interface WorkerOptions {
  /** host:port */
  readonly kafka: string;
  /** Workers of the same group share the work. */
  readonly group: string;
  /** Folder for properties and output. */
  readonly folder: string;
  /** Writes CPU profiles of Node programs, one per thread, when the worker ends. */
  readonly profiles?: string | undefined;
}

/** Resolves when it accepts connectors. */
export async function startWorker(subject: Subject, options: WorkerOptions): Promise<Worker> {
  const { kafka, group, folder, profiles } = options;
  const port = await freePort();
  const id = `127.0.0.1:${port}`;
  const connect = new KafkaConnectApi(`http://${id}`);
  const file = join(folder, `worker-${port}.properties`);
  const logFile = join(folder, `worker-${port}.log`);
  const [program, ...args] = subject.command(file);
  const worker = new ServerProcess({
    name: subject.name,
    program,
    args,
    ...(profiles === undefined ? {} : { env: { NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${profiles}` } }),
    logFile,
    stopSignal: 'SIGTERM',
    remove: [],
    isReady: () => connect.answers(),
  });
  await worker.start(() =>
    writeFile(file, text({ ...commonProperties(kafka, group, id), ...subject.workerProperties })),
  );
  const stop = () => worker.stop();
  return {
    subject,
    connect,
    id,
    logFile,
    get pids() {
      return worker.pid === undefined ? [] : [worker.pid];
    },
    kill9: () => worker.kill9(),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

function commonProperties(kafka: string, group: string, id: string): Record<string, string> {
  return {
    'bootstrap.servers': kafka,
    'group.id': group,
    listeners: `http://${id}`,
    'key.converter': 'org.apache.kafka.connect.json.JsonConverter',
    'value.converter': 'org.apache.kafka.connect.json.JsonConverter',
    'offset.storage.topic': `${group}-offsets`,
    'config.storage.topic': `${group}-configs`,
    'status.storage.topic': `${group}-status`,
    'offset.storage.replication.factor': '1',
    'config.storage.replication.factor': '1',
    'status.storage.replication.factor': '1',
    'offset.storage.partitions': '5',
  };
}

const text = (properties: Readonly<Record<string, string>>): string =>
  Object.entries(properties)
    .map(([key, value]) => `${key}=${value}\n`)
    .join('');
