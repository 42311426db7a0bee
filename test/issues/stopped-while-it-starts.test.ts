import { ApplicationFailure, Context } from '@temporalio/activity';
import { test } from 'vitest';
import { updates } from '../../workflows/shared/messages.ts';
import { connectorWorkflows, FakeTasks, status, update } from '../support/connector-workflow.ts';
import { eventually } from '../support/eventually.ts';

/** Monitoring treats FAILED as an incident. */
const start = connectorWorkflows();

test('a task that is paused while it starts is PAUSED, not FAILED', async () => {
  const tasks = new FakeTasks();
  let started = 0;
  tasks.runTask = async () => {
    started++;
    const beat = setInterval(() => Context.current().heartbeat(), 100);
    await Context.current().cancelled.catch(() => {});
    clearInterval(beat);
    // The error of an outdated attempt that is about to write.
    throw ApplicationFailure.nonRetryable('Temporal has ended this attempt', 'FENCED');
  };
  const { handle } = await start({}, tasks);
  await eventually('both start', () => started === 2);
  await update(handle, updates.pause);
  await eventually('both are paused', async () => {
    const shown = (await status(handle)).tasks.map(task => task.state);
    return shown.length === 2 && shown.every(state => state === 'PAUSED');
  });
});
