import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { call } from '../../src/demo/rest.ts';
import { startWorkerProcess, type WorkerProcess } from '../../src/demo/worker-process.ts';
import { kafkaClient } from '../../src/kafka/client/client.ts';
import type { Compression, KafkaClient, NewTopic, RawHeader } from '../../src/kafka/port.ts';
import { silent } from '../../src/observability/silent.ts';
import { freePort } from '../../src/stack/process/ports.ts';
import type { StatusInfo } from '../../src/temporal/control/control.ts';
import { eventually } from './eventually.ts';
import { produceCompressed } from './produce.ts';
import { servers } from './servers.ts';
import { uniqueName } from './topic.ts';

/** Timeout of one REST request. */
const ANSWER_MS = 1000;
const PROBE_MS = 100;

export interface TestRecord {
  readonly value: string | Buffer;
  readonly headers?: readonly RawHeader[];
}

/**
 * A worker process with its own cluster, and a Kafka client: `await using worker = await
 * startResponsiveWorker('poison')`.
 */
export interface ResponsiveWorker extends AsyncDisposable {
  readonly folder: string;
  readonly url: string;
  create(name: string, config: Readonly<Record<string, string>>): Promise<void>;
  status(name: string): Promise<StatusInfo>;
  /** Creates the topic if it is missing, and writes one batch per record. */
  produce(topic: string, records: readonly TestRecord[]): Promise<void>;
  /** Creates the topic, and writes one record of any size as a compressed batch. */
  produceCompressed(topic: string, value: Buffer, compression: Compression): Promise<void>;
  /** Number of records in partition 0 of a topic. */
  count(topic: string): Promise<number>;
  /** Runs `work` while polling the REST API. Rejects when two requests in a row take longer than a second. */
  whileResponsive<T>(work: () => Promise<T>): Promise<T>;
}

export async function startResponsiveWorker(prefix: string): Promise<ResponsiveWorker> {
  const group = uniqueName(prefix);
  const folder = await mkdtemp(join(tmpdir(), `millrace-${prefix}-`));
  const kafka = kafkaClient({ brokers: [servers().kafka], clientId: group }, silent);
  const worker: WorkerProcess = await startWorkerProcess(folder, await freePort(), {
    'bootstrap.servers': servers().kafka,
    'group.id': group,
    'offset.storage.topic': `${group}-offsets`,
    'config.storage.topic': `${group}-configs`,
    'temporal.address': servers().temporal,
  });
  const { url } = worker;
  return {
    folder,
    url,
    create: async (name, config) => {
      await call('POST', `${url}/connectors`, { name, config });
    },
    status: name => call<StatusInfo>('GET', `${url}/connectors/${name}/status`),
    produce: (topic, records) => produce(kafka, topic, records),
    produceCompressed: (topic, value, compression) => produceCompressed(kafka, topic, value, compression),
    count: topic => count(kafka, topic),
    whileResponsive: work => whileResponsive(url, work),
    async [Symbol.asyncDispose]() {
      await kafka.close();
      // A frozen worker does not react to SIGTERM.
      await worker.kill9();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function whileResponsive<T>(url: string, work: () => Promise<T>): Promise<T> {
  const done = new AbortController();
  const probing = (async () => {
    let misses = 0;
    while (!done.signal.aborted) {
      const answered = await fetch(`${url}/`, { signal: AbortSignal.timeout(ANSWER_MS) }).then(
        answer => answer.ok,
        () => false,
      );
      misses = answered ? 0 : misses + 1;
      if (misses === 2) throw new Error(`${url} did not answer two requests in a row within ${ANSWER_MS} ms each`);
      await delay(PROBE_MS);
    }
  })();
  try {
    return await Promise.race([work(), probing.then(() => new Promise<never>(() => undefined))]);
  } finally {
    done.abort();
    await probing;
  }
}

async function produce(kafka: KafkaClient, topic: string, records: readonly TestRecord[]): Promise<void> {
  await createTopic(kafka, { topic, partitions: 1, replicationFactor: 1 });
  const producer = await kafka.producer({
    transactionalId: uniqueName('producer'),
    compression: 'none',
    transactionTimeoutMs: 60_000,
  });
  try {
    await producer.prepare([topic]);
    for (const { value, headers = [] } of records) {
      const batch = producer.batch();
      const bytes = Buffer.from(value);
      batch.append(topic, 0, null, bytes, -1, -1, 0, bytes.length, headers);
      await producer.commit(batch);
    }
  } finally {
    await producer.close();
  }
}

const createTopic = (kafka: KafkaClient, topic: NewTopic): Promise<boolean> =>
  eventually(`topic ${topic.topic} is there`, async () => {
    await kafka.admin.createTopics([topic]);
    return true;
  });

async function count(kafka: KafkaClient, topic: string): Promise<number> {
  const [offsets] = await kafka.admin.offsets([{ topic, partition: 0 }]);
  const reader = await kafka.reader({
    assigned: [{ topic, partition: 0, offset: 0 }],
    maxBytes: 1 << 20,
    maxPartitionBytes: 1 << 20,
    maxWaitMs: 500,
  });
  try {
    let [records, next] = [0, 0];
    while (next < (offsets?.end ?? 0))
      for (const part of await reader.poll()) {
        records += part.records.length;
        next = part.next;
      }
    return records;
  } finally {
    await reader.close();
  }
}
