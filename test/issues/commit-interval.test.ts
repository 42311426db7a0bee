import { appendFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { kafkaClient } from '../../src/kafka/client/client.ts';
import { silent } from '../../src/observability/silent.ts';
import { eventually } from '../support/eventually.ts';
import { generator } from '../support/generate/index.ts';
import { servers } from '../support/servers.ts';
import { topicContents } from '../support/topic-records.ts';
import { TestWorker } from '../support/worker.ts';

/** Kafka transactions cost the brokers, however small they are. */
const draw = generator(import.meta.url);
const kafka = kafkaClient({ brokers: [servers().kafka], clientId: 'test' }, silent);
let worker: TestWorker;

beforeAll(async () => {
  worker = await TestWorker.start('interval', () => ({ 'topic.creation.enable': 'true' }));
});
afterAll(async () => {
  await worker?.[Symbol.asyncDispose]();
  await kafka.close();
});

let files = 0;
async function source(intervalMs: number) {
  const [name, topic] = [draw.connectorName(), draw.topic()];
  const file = join(worker.folder, `${files++}.txt`);
  await kafka.admin.createTopics([{ topic, partitions: 1, replicationFactor: 1 }]);
  await writeFile(file, '');
  const interval = { 'millrace.commit.interval.ms': String(intervalMs) };
  await worker.create(name, { 'connector.class': 'FileStreamSource', file, topic, ...interval });
  await worker.awaitState(name, 'RUNNING');
  return { name, topic, file };
}

const reaches = (topic: string, records: number) =>
  eventually(`${records} records`, async () => (await topicContents(topic)).records === records);

test('small transactions are limited by the commit interval', async () => {
  const { topic, file } = await source(400);
  const began = performance.now();
  let lines = 0;
  for (; performance.now() - began < 4000; lines++) {
    await appendFile(file, `${lines}\n`);
    await delay(2);
  }
  await reaches(topic, lines);
  const elapsed = performance.now() - began;
  expect((await topicContents(topic)).transactions).toBeLessThanOrEqual(elapsed / 400 + 2);
});

test('a change after a pause, and a large batch, are committed at once; waiting records are not lost', async () => {
  const { name, topic, file } = await source(60_000);
  await appendFile(file, 'after a pause\n');
  await reaches(topic, 1);
  await appendFile(file, 'one\n');
  await eventually('it is read', async () => (await worker.task(name))?.figures?.['records_read'] === 2);
  expect(await topicContents(topic)).toEqual({ records: 1, transactions: 1 });
  await appendFile(file, `${'x'.repeat(1000)}\n`.repeat(3000));
  await eventually('all but the last records are written', async () => (await topicContents(topic)).records > 1000);
  await worker.call('POST', `/connectors/${encodeURIComponent(name)}/restart?includeTasks=true`);
  await reaches(topic, 3002);
});

test.each(['-1', '60001', 'soon'])('an interval of %s is rejected', async interval => {
  const config = { 'connector.class': 'FileStreamSource', topic: 'unused', 'millrace.commit.interval.ms': interval };
  await expect(worker.create(draw.connectorName(), config)).rejects.toThrow(/400 .*millrace\.commit\.interval\.ms/);
});
