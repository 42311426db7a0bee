import { join } from 'node:path';
import kafkajs from 'kafkajs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { KafkaClient } from '../../src/kafka/port.ts';
import { eventually } from '../support/eventually.ts';
import { generator } from '../support/generate/index.ts';
import { produce, testKafka } from '../support/produce.ts';
import { servers } from '../support/servers.ts';
import { uniqueName } from '../support/topic.ts';
import { TestWorker } from '../support/worker.ts';

/** Tools sort dead letters by the Java class in their headers. */
const draw = generator(import.meta.url);
let worker: TestWorker;
let kafka: KafkaClient;
beforeAll(async () => {
  kafka = testKafka();
  worker = await TestWorker.start('classes');
});
afterAll(async () => {
  await worker?.[Symbol.asyncDispose]();
  await kafka?.close();
});

/** Headers of the first record of a topic, by name. */
async function headersOf(topic: string): Promise<Record<string, string>> {
  const consumer = new kafkajs.Kafka({
    brokers: [servers().kafka],
    logLevel: kafkajs.logLevel.NOTHING,
  }).consumer({ groupId: uniqueName('letters') });
  await consumer.connect();
  try {
    await consumer.subscribe({ topics: [topic], fromBeginning: true });
    const { promise, resolve } = Promise.withResolvers<Record<string, string>>();
    await consumer.run({
      eachMessage: async ({ message }) =>
        resolve(Object.fromEntries(Object.entries(message.headers ?? {}).map(([key, value]) => [key, String(value)]))),
    });
    return await promise;
  } finally {
    await consumer.disconnect();
  }
}

test.each([
  ['VALUE_CONVERTER', 'org.apache.kafka.connect.json.JsonConverter', 'no JSON', {}],
  [
    'TRANSFORMATION',
    'org.apache.kafka.connect.transforms.TimestampConverter$Value',
    '{"at":true}',
    {
      transforms: 'time',
      'transforms.time.type': 'TimestampConverter$Value',
      'transforms.time.target.type': 'unix',
      'transforms.time.field': 'at',
    },
  ],
])('of %s by %s', async (stage, className, value, more) => {
  const [name, topic, letters] = [draw.sinkName(), draw.topic(), uniqueName('letters')];
  await produce(kafka, topic, [value]);
  await worker.create(name, {
    'connector.class': 'FileStreamSink',
    file: join(worker.folder, letters),
    topics: topic,
    'value.converter': 'JsonConverter',
    'value.converter.schemas.enable': 'false',
    'errors.tolerance': 'all',
    'errors.deadletterqueue.topic.name': letters,
    'errors.deadletterqueue.topic.replication.factor': '1',
    'errors.deadletterqueue.context.headers.enable': 'true',
    ...more,
  });
  await eventually('it is skipped', async () => (await worker.task(name))?.figures?.['records_skipped'] === 1);
  expect(await headersOf(letters)).toMatchObject({
    '__connect.errors.topic': topic,
    '__connect.errors.connector.name': name,
    '__connect.errors.task.id': '0',
    '__connect.errors.stage': stage,
    '__connect.errors.class.name': className,
    '__connect.errors.exception.class.name': 'org.apache.kafka.connect.errors.DataException',
  });
});
