import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { TestWorker } from '../support/worker.ts';

/** Operators set the levels of Java classes. */
let worker: TestWorker;
beforeAll(async () => {
  worker = await TestWorker.start('levels');
});
beforeEach(() => set('root', 'INFO'));
afterAll(() => worker?.[Symbol.asyncDispose]());

const set = (name: string, level: string) => worker.call<string[]>('PUT', `/admin/loggers/${name}`, { level });
const levelOf = async (name: string) => (await worker.call<{ level: string }>('GET', `/admin/loggers/${name}`)).level;

test.each([
  ['org.apache.kafka.connect.runtime.WorkerSourceTask', ['task']],
  ['org.apache.kafka.connect.runtime.ExactlyOnceWorkerSourceTask', ['task']],
  ['org.apache.kafka.connect.transforms.TimestampConverter', ['task']],
  ['io.debezium.connector.postgresql', ['task']],
  ['io.confluent.connect.jdbc', ['task']],
  ['org.apache.kafka.connect.runtime.rest.RestServer', ['rest']],
  ['org.apache.kafka.connect.runtime.distributed.DistributedHerder', ['worker']],
  ['org.apache.kafka.clients.producer.KafkaProducer', ['kafka']],
  ['org.apache.kafka.connect', ['plugins', 'rest', 'task', 'worker']],
  ['org.apache.kafka', ['kafka', 'plugins', 'rest', 'task', 'worker']],
  ['org.apache.hadoop', []],
])('%s sets the level of %j', async (name, loggers) => {
  const changed = await set(name, 'DEBUG');
  expect(changed.filter(one => !one.includes('.'))).toEqual(loggers);
  expect(await levelOf(name)).toBe('DEBUG');
  for (const logger of ['kafka', 'plugins', 'rest', 'task', 'worker'])
    expect(await levelOf(logger)).toBe(loggers.includes(logger) ? 'DEBUG' : 'INFO');
});

test('ALL enables every level', async () => {
  await set('rest', 'ALL');
  expect(await levelOf('rest')).toBe('TRACE');
});
