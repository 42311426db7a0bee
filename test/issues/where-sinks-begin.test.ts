import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { KafkaClient } from '../../src/kafka/port.ts';
import { eventually } from '../support/eventually.ts';
import { generator } from '../support/generate/index.ts';
import { testKafka } from '../support/produce.ts';
import { TestWorker } from '../support/worker.ts';

/** `consumer.override.auto.offset.reset`, for a sink without a position. */
const draw = generator(import.meta.url);
const HOUR_MS = 3_600_000;
let worker: TestWorker;
let kafka: KafkaClient;
let topic: string;

/** Lines that contain their age. */
const hoursOld = [72, 30, 5, 1];
beforeAll(async () => {
  kafka = testKafka();
  worker = await TestWorker.start('begin');
  topic = draw.topic();
  await kafka.admin.createTopics([{ topic, partitions: 1, replicationFactor: 1 }]);
  await write(hoursOld);
});
afterAll(async () => {
  await worker?.[Symbol.asyncDispose]();
  await kafka?.close();
});

async function write(ages: readonly number[]): Promise<void> {
  const options = { transactionalId: topic, compression: 'none', transactionTimeoutMs: 30_000 } as const;
  const producer = await kafka.producer(options);
  await producer.prepare([topic]);
  const batch = producer.batch();
  for (const hours of ages) {
    const value = Buffer.from(`${hours} hours`);
    await batch.append(topic, 0, Date.now() - hours * HOUR_MS, value, -1, 0, 0, value.length, []);
  }
  await producer.commit(batch);
  await producer.close();
}

const sink = (file: string, reset: string) => ({
  'connector.class': 'FileStreamSink',
  file,
  topics: topic,
  'consumer.override.auto.offset.reset': reset,
});

const cases: readonly (readonly [reset: string, hours: readonly number[]])[] = [
  ['earliest', [72, 30, 5, 1]],
  ['by_duration:P2D', [30, 5, 1]],
  ['by_duration:PT6H', [5, 1]],
  ['by_duration:P1DT12H30M1.5S', [30, 5, 1]],
  ['latest', []],
  ['by_duration:PT0S', []],
];

test('each sink starts where its setting says', async () => {
  const sinks = cases.map(([reset, hours], i) => ({
    name: draw.sinkName(),
    file: join(worker.folder, `${i}.out`),
    reset,
    hours,
  }));
  for (const { name, file, reset } of sinks) await worker.create(name, sink(file, reset));
  for (const { name } of sinks)
    await eventually('it reads', async () => (await worker.task(name))?.figures?.['lag'] !== undefined);
  await write([0]);
  for (const { name, file, reset, hours } of sinks) {
    const expected = [...hours, 0].map(age => `${age} hours\n`).join('');
    const readOutput = () => readFile(file, 'utf8').catch(() => '');
    await eventually(`${name} has written`, async () => (await readOutput()).endsWith('0 hours\n'));
    expect(await readOutput(), reset).toBe(expected);
  }
}, 60_000);

test('none fails the task with a message', async () => {
  const name = draw.sinkName();
  await worker.create(name, sink(join(worker.folder, 'none.out'), 'none'));
  const failed = await eventually('it failed', async () => {
    const task = await worker.task(name);
    return task?.state === 'FAILED' && task;
  });
  expect(failed.trace).toContain('auto.offset.reset is none');
});

test.each(['oldest', 'by_duration:', 'by_duration:1h', 'by_duration:P', 'by_duration:PT', 'by_duration:-PT1H', ''])(
  '%j is rejected',
  async reset => {
    const created = worker.create(draw.sinkName(), sink(join(worker.folder, 'refused.out'), reset));
    await expect(created).rejects.toThrow(/auto\.offset\.reset/);
  },
);
