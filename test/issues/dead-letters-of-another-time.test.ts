import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { KafkaClient } from '../../src/kafka/port.ts';
import { eventually } from '../support/eventually.ts';
import { generator } from '../support/generate/index.ts';
import { testKafka } from '../support/produce.ts';
import { uniqueName } from '../support/topic.ts';
import { topicRecords } from '../support/topic-records.ts';
import { TestWorker } from '../support/worker.ts';

const draw = generator(import.meta.url);
const HOUR_MS = 3_600_000;
let worker: TestWorker;
let kafka: KafkaClient;
beforeAll(async () => {
  kafka = testKafka();
  worker = await TestWorker.start('letters');
});
afterAll(async () => {
  await worker?.[Symbol.asyncDispose]();
  await kafka?.close();
});

test('a record whose timestamp is hours off is a dead letter nevertheless', async () => {
  const [name, topic, letters] = [draw.sinkName(), draw.topic(), uniqueName('letters')];
  const create = (of: string, before: number, after: number) =>
    kafka.admin.createTopics([
      {
        topic: of,
        partitions: 1,
        replicationFactor: 1,
        config: { 'message.timestamp.before.max.ms': String(before), 'message.timestamp.after.max.ms': String(after) },
      },
    ]);
  await Promise.all([create(topic, 24 * HOUR_MS, 24 * HOUR_MS), create(letters, HOUR_MS, HOUR_MS)]);
  const producer = await kafka.producer({ transactionalId: topic, compression: 'none', transactionTimeoutMs: 30_000 });
  await producer.prepare([topic]);
  const batch = producer.batch();
  const values = ['ahead', 'behind'];
  for (const [i, value] of values.entries()) {
    const timestamp = Date.now() + (i === 0 ? 2 : -2) * HOUR_MS;
    await batch.append(topic, 0, timestamp, Buffer.from(value), -1, 0, 0, value.length, []);
  }
  await producer.commit(batch);
  await producer.close();
  await worker.create(name, {
    'connector.class': 'FileStreamSink',
    file: join(worker.folder, 'lines'),
    topics: topic,
    'value.converter': 'JsonConverter',
    'errors.tolerance': 'all',
    'errors.deadletterqueue.topic.name': letters,
    'errors.deadletterqueue.topic.replication.factor': '1',
  });
  await eventually('both are skipped', async () => (await worker.task(name))?.figures?.['records_skipped'] === 2);
  expect((await topicRecords(letters)).map(({ value }) => value)).toEqual(values);
});
