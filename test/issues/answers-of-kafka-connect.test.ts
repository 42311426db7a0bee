import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { StatusInfo } from '../../src/temporal/control/control.ts';
import { eventually } from '../support/eventually.ts';
import { generator } from '../support/generate/index.ts';
import { TestWorker } from '../support/worker.ts';

/** Details of Kafka Connect's answers that its clients rely on. */
const draw = generator(import.meta.url);
let worker: TestWorker;
beforeAll(async () => {
  worker = await TestWorker.start('answers');
});
afterAll(() => worker?.[Symbol.asyncDispose]());

const source = () => ({
  'connector.class': 'FileStreamSource',
  file: join(worker.folder, 'nothing'),
  topic: draw.topic(),
});
const pathOf = (name: string) => `/connectors/${encodeURIComponent(name)}`;
const isRunning = (name: string) => eventually('it runs', async () => (await worker.task(name))?.state === 'RUNNING');

test('a restart answers RESTARTING only for the restarted parts', async () => {
  const name = draw.connectorName();
  await worker.create(name, source());
  await isRunning(name);
  const restart = async (query: string) => {
    const status = await worker.call<StatusInfo>('POST', `${pathOf(name)}/restart?${query}`);
    await isRunning(name);
    return [status.connector.state, ...status.tasks.map(({ state }) => state)];
  };
  expect(await restart('includeTasks=true')).toEqual(['RESTARTING', 'RESTARTING']);
  expect(await restart('includeTasks=true&onlyFailed=true')).toEqual(['RUNNING', 'RUNNING']);
});

test('an unchanged configuration is answered with its tasks and their class', async () => {
  const [name, config] = [draw.connectorName(), source()];
  await worker.create(name, config);
  await isRunning(name);
  const answer = await worker.call<{ tasks: unknown }>('PUT', `${pathOf(name)}/config`, config);
  expect(answer.tasks).toEqual([{ connector: name, task: 0 }]);
  const tasks = await worker.call('GET', `${pathOf(name)}/tasks`);
  const taskClass = 'org.apache.kafka.connect.file.FileStreamSourceTask';
  expect(tasks).toEqual([{ id: { connector: name, task: 0 }, config: { ...config, name, 'task.class': taskClass } }]);
});

test('transaction boundaries of a connector are rejected where they are not supported', async () => {
  const config = { ...source(), 'transaction.boundary': 'connector' };
  await expect(worker.create(draw.connectorName(), config)).rejects.toThrow(/transaction boundar/);
});
