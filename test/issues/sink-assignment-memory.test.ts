import { getEventListeners } from 'node:events';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, expect, test } from 'vitest';
import type { AssignedPartition, SinkConnector } from '../../src/api/index.ts';
import { defineConfig } from '../../src/config/spec.ts';
import { byteArrayConverter } from '../../src/converters/byte-array.ts';
import { RecordDecoder } from '../../src/engine/sink/record-decoder.ts';
import { runSink } from '../../src/engine/sink/run-sink.ts';
import { kafkaClient } from '../../src/kafka/client/client.ts';
import { silent } from '../../src/observability/silent.ts';
import { attempt } from '../support/attempt.ts';
import { eventually } from '../support/eventually.ts';
import { servers } from '../support/servers.ts';
import { uniqueName } from '../support/topic.ts';

const kafka = kafkaClient({ brokers: [servers().kafka], clientId: 'test' }, silent);
afterAll(() => kafka.close());

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;
const bytes = byteArrayConverter.create({ 'converter.type': 'value' }, false);
const CHANGES = 16;
const VALUE = Buffer.alloc(800_000, 'x');

/** Topics of a few megabytes each. */
async function fill(topics: readonly string[]): Promise<void> {
  await kafka.admin.createTopics(topics.map(topic => ({ topic, partitions: 1, replicationFactor: 1 })));
  const producer = await kafka.producer({
    transactionalId: uniqueName('fill'),
    compression: 'none',
    transactionTimeoutMs: 30_000,
  });
  await producer.prepare(topics);
  for (const topic of topics) {
    const batch = producer.batch();
    for (let i = 0; i < 4; i++) batch.append(topic, 0, null, VALUE, -1, 0, 0, VALUE.length, []);
    await producer.commit(batch);
  }
  await producer.close();
}

test('a sink releases the memory of its earlier assignments', async () => {
  const topics = Array.from({ length: CHANGES }, () => uniqueName('assigned'));
  await fill(topics);
  const stop = new AbortController();
  const assigned: AssignedPartition[] = [];
  const read = new Set<string>();
  const sink: SinkConnector<object> = {
    kind: 'sink',
    config: defineConfig({}) as never,
    task: () => ({
      open: async () => [],
      write: async batch => {
        for (const { topic } of batch.records) read.add(topic);
      },
      close: async () => {},
    }),
  };
  const running = runSink({
    ...attempt,
    connector: uniqueName('sink'),
    task: 0,
    sink,
    config: {},
    kafka,
    group: uniqueName('group'),
    assignment: async () => [...assigned],
    reset: { to: 'earliest' },
    decoder: new RecordDecoder({ transform: record => record, keys: bytes, values: bytes, headers: bytes }),
    tolerant: false,
    errorLog: { isEnabled: false, includesPosition: false },
    deadLetters: null,
    limits: { fetchBytes: 4 << 20, batchRecords: 100, refreshMs: 0, commitMs: 1000 },
    observer: { read() {}, written() {}, skipped() {}, figures() {} },
    log: silent,
    signal: stop.signal,
  });
  const footprints: { listeners: number; bytes: number }[] = [];
  for (const topic of topics) {
    assigned.push({ topic, partition: 0, topicId: '' });
    await eventually('the new topic is read', () => read.has(topic), { every: 10 });
    collectGarbage();
    const { external } = process.memoryUsage();
    footprints.push({ listeners: getEventListeners(stop.signal, 'abort').length, bytes: external });
  }
  stop.abort();
  await running;
  const [middle, last] = [footprints[CHANGES / 2], footprints[CHANGES - 1]];
  expect(last?.listeners).toBeLessThanOrEqual((middle?.listeners ?? 0) + 1);
  // Each of the last eight readers had four megabytes or more.
  expect((last?.bytes ?? 0) - (middle?.bytes ?? 0)).toBeLessThan(16 << 20);
});
