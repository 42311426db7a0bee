import { ApplicationFailure } from '@temporalio/activity';
import { expect, test } from 'vitest';
import { signals, updates } from '../../../workflows/shared/messages.ts';
import { connectorWorkflows, FakeTasks, status, update } from '../../support/connector-workflow.ts';
import { eventually } from '../../support/eventually.ts';

const start = connectorWorkflows();
const runs = (tasks: FakeTasks, count = 2) => eventually('its tasks run', () => tasks.running.size === count);

test('fences the previous tasks, with their configuration, before new tasks start', async () => {
  const { tasks, handle } = await start();
  await runs(tasks);
  expect(tasks.fenceCalls).toEqual([]);
  const first = Math.max(...[...tasks.running.values()].map(({ generation }) => generation));

  await update(handle, updates.configure, { 'connector.class': 'Example', 'tasks.max': '1', to: 'b' });
  await eventually('it has fenced', () => tasks.fenceCalls.length === 1);
  await runs(tasks, 1);
  expect(tasks.fenceCalls).toMatchObject([{ type: 'source', tasks: 2, altered: false, config: { 'tasks.max': '2' } }]);
  const [fence] = tasks.fenceCalls;
  const second = tasks.running.get(0);
  expect(fence?.generation).toBeGreaterThan(first);
  expect(second?.generation).toBeGreaterThan(fence?.generation ?? Number.POSITIVE_INFINITY);
  expect(second?.fence).toBe('1/1/committed');
});

test('fences after a pause, a stop and a deletion, and only tasks that ran', async () => {
  const { tasks, handle } = await start();
  await runs(tasks);
  await update(handle, updates.pause);
  await eventually('it has fenced', () => tasks.fenceCalls.length === 1);
  await update(handle, updates.stop);
  await update(handle, updates.resume);
  await runs(tasks);
  expect(tasks.fenceCalls).toHaveLength(1);
  await update(handle, updates.stop);
  await eventually('it has fenced again', () => tasks.fenceCalls.length === 2);
  await update(handle, updates.resume);
  await runs(tasks);
  await update(handle, updates.delete);
  await handle.result();
  expect(tasks.fenceCalls).toHaveLength(3);
  const generations = tasks.fenceCalls.map(({ generation }) => generation);
  expect(generations).toEqual(generations.toSorted((a, b) => a - b));
});

test('starts no task while fencing fails, shows the target state and applies later changes', async () => {
  const tasks = new FakeTasks();
  tasks.beforeFence = async () => {
    throw ApplicationFailure.retryable('Kafka is away', 'KAFKA_UNAVAILABLE');
  };
  const { handle } = await start({}, tasks);
  await runs(tasks);
  const before = tasks.started;
  await update(handle, updates.pause);
  await eventually('it has tried', async () => (await status(handle)).tasks.every(({ state }) => state === 'PAUSED'));
  await update(handle, updates.resume);
  await update(handle, updates.configure, { 'connector.class': 'Example', 'tasks.max': '3' });
  expect(await status(handle)).toMatchObject({ state: 'RUNNING' });
  expect(tasks.started).toBe(before);
  tasks.beforeFence = async () => undefined;
  await runs(tasks, 3);
  expect(tasks.fenceCalls).toMatchObject([{ tasks: 2, config: { 'tasks.max': '2' } }]);
});

test('can be deleted while fencing fails', async () => {
  const tasks = new FakeTasks();
  tasks.beforeFence = async () => {
    throw ApplicationFailure.retryable('Kafka is away', 'KAFKA_UNAVAILABLE');
  };
  const { handle } = await start({}, tasks);
  await runs(tasks);
  await update(handle, updates.delete);
  await handle.result();
  expect(tasks.removed).toBe(1);
}, 60_000);

test('starts its tasks after a non-retriable error of fencing', async () => {
  const tasks = new FakeTasks();
  tasks.beforeFence = async () => {
    throw ApplicationFailure.nonRetryable('not allowed', 'SOURCE_SETUP');
  };
  const { handle } = await start({}, tasks);
  await runs(tasks);
  const before = tasks.started;
  await update(handle, updates.configure, { 'connector.class': 'Example', 'tasks.max': '2', to: 'b' });
  await eventually('it has started again', () => tasks.started === before + 2);
});

test('changes offsets after its tasks are fenced, and fences the change before tasks start', async () => {
  const tasks = new FakeTasks();
  let kafka = () => {};
  tasks.beforeFence = () =>
    new Promise(resolve => {
      kafka = resolve;
    });
  const { handle } = await start({}, tasks);
  await runs(tasks);
  await update(handle, updates.stop);
  await eventually('its tasks have ended', () => tasks.running.size === 0);
  const reset = update(handle, updates.resetOffsets);
  await eventually('it fences', () => kafka.length === 1);
  expect(tasks.alteredOffsets).toEqual([]);
  tasks.beforeFence = async () => undefined;
  kafka();
  await reset;
  await update(handle, updates.alterOffsets, []);
  expect(tasks.alteredOffsets).toEqual([null, []]);
  await update(handle, updates.resume);
  await runs(tasks);
  expect(tasks.fenceCalls).toMatchObject([
    { tasks: 2, altered: false },
    { tasks: 0, altered: true },
  ]);
});

test('continues as new with its unfenced tasks and the results of fencing', async () => {
  const { tasks, handle } = await start({ maxHistoryEvents: 30 });
  await runs(tasks);
  await update(handle, updates.pause);
  await eventually('it has fenced', () => tasks.fenceCalls.length === 1);
  await update(handle, updates.resume);
  await runs(tasks);
  const { runId } = await handle.describe();
  const [before] = tasks.running.values();
  for (let i = 0; i < 30; i++) await handle.signal(signals.usedTopics, [`topic-${i}`]);
  await eventually('it has continued as new', async () => (await handle.describe()).runId !== runId);
  await eventually('it runs again', () => (tasks.running.get(0)?.generation ?? 0) > (before?.generation ?? 0));
  expect(tasks.fenceCalls.at(-1)).toMatchObject({ tasks: 2, config: { 'tasks.max': '2' } });
  expect(tasks.running.get(0)?.fence).toBe(`1/${tasks.fenceCalls.length}/committed`);
});

test('generations increase with each restart of a task and after a deletion', async () => {
  const { tasks, handle, worker } = await start();
  await runs(tasks);
  const generationOf = (task: number) => tasks.running.get(task)?.generation ?? 0;
  const [first, other] = [generationOf(0), generationOf(1)];
  await update(handle, updates.restartTask, 0);
  await eventually('it runs again', () => generationOf(0) > Math.max(first, other));
  expect(generationOf(1)).toBe(other);
  const last = generationOf(0);
  const { workflowId } = handle;
  await update(handle, updates.delete);
  await handle.result();
  const again = await worker.client.workflow.start('connector', {
    workflowId,
    taskQueue: worker.taskQueue,
    args: [{ cluster: 'test', name: 'again', type: 'source', config: { 'connector.class': 'Example' } }],
  });
  await runs(tasks, 1);
  expect(generationOf(0)).toBeGreaterThan(last);
  expect(again.workflowId).toBe(workflowId);
});
