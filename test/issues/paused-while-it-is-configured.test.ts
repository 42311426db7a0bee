import { Context } from '@temporalio/activity';
import { expect, test } from 'vitest';
import { updates } from '../../workflows/shared/messages.ts';
import { connectorWorkflows, FakeTasks, status, update } from '../support/connector-workflow.ts';
import { eventually } from '../support/eventually.ts';

/** Clients that list the tasks of a paused connector expect all of them, in any phase. */
const start = connectorWorkflows();

type Handle = Parameters<typeof update>[0];
const changes: readonly (readonly [string, (handle: Handle) => Promise<unknown>])[] = [
  ['configured', handle => update(handle, updates.configure, { 'connector.class': 'Example', 'tasks.max': '3' })],
  ['resumed', handle => update(handle, updates.pause).then(() => update(handle, updates.resume))],
];

test.each(changes)('a connector that is paused while it is %s shows its previous tasks', async (_, change) => {
  const tasks = new FakeTasks();
  const { handle } = await start({}, tasks);
  await eventually('it runs', () => tasks.running.size === 2);
  const { plan } = tasks;
  let planning = 0;
  tasks.plan = async () => {
    planning++;
    return Context.current().cancelled;
  };
  await change(handle);
  await eventually('it is planned', () => planning > 0);
  await update(handle, updates.pause);
  await eventually('its tasks are paused', async () => {
    const { state, tasks: shown } = await status(handle);
    return state === 'PAUSED' && shown.length === 2 && shown.every(task => task.state === 'PAUSED');
  });
  expect(tasks.running.size).toBe(0);
  tasks.plan = plan;
  await update(handle, updates.resume);
  const { config } = await status(handle);
  await eventually('it runs', () => tasks.running.size === Number(config['tasks.max']));
});
