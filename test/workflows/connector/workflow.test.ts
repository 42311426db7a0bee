import { ApplicationFailure, Context } from '@temporalio/activity';
import { describe, expect, test } from 'vitest';
import { searchAttributes, signals, updates } from '../../../workflows/shared/messages.ts';
import { connectorWorkflows, FakeTasks, status, update } from '../../support/connector-workflow.ts';
import { eventually } from '../../support/eventually.ts';

const start = connectorWorkflows();

describe('a connector', () => {
  test('plans and runs its tasks', async () => {
    const { tasks, handle } = await start();
    await eventually('two tasks run', () => tasks.running.size === 2);
    expect(await status(handle)).toMatchObject({
      state: 'RUNNING',
      tasks: [
        { id: 0, state: 'RUNNING' },
        { id: 1, state: 'RUNNING' },
      ],
    });
    expect(tasks.running.get(1)).toMatchObject({ task: 1, tasks: 2, type: 'source' });
  });

  test('pauses, resumes, stops', async () => {
    const { tasks, handle } = await start();
    await eventually('it runs', () => tasks.running.size === 2);
    await update(handle, updates.pause);
    await eventually('nothing runs', () => tasks.running.size === 0);
    await eventually('tasks are paused', async () =>
      (await status(handle)).tasks.every(task => task.state === 'PAUSED'),
    );
    expect(await status(handle)).toMatchObject({ state: 'PAUSED', tasks: [{ id: 0 }, { id: 1 }] });
    await update(handle, updates.resume);
    await eventually('it runs again', () => tasks.running.size === 2);
    await update(handle, updates.stop);
    await eventually('stopped without tasks', async () => (await status(handle)).tasks.length === 0);
    expect(tasks.running.size).toBe(0);
    expect((await status(handle)).state).toBe('STOPPED');
  });

  test('shows the target state when the update returns', async () => {
    const { tasks, handle } = await start();
    await eventually('it runs', () => tasks.running.size === 2);
    await update(handle, updates.pause);
    const { searchAttributes: attributes } = await handle.describe();
    expect(attributes).toMatchObject({ [searchAttributes.state]: ['PAUSED'] });
  });

  test('starts in the PAUSED state if requested', async () => {
    const { tasks, handle } = await start({ state: 'PAUSED' });
    expect(await status(handle)).toMatchObject({ state: 'PAUSED', tasks: [] });
    expect(tasks.started).toBe(0);
  });

  test('applies a new configuration to all its tasks', async () => {
    const { tasks, handle } = await start();
    await eventually('it runs', () => tasks.running.size === 2);
    await update(handle, updates.configure, { 'connector.class': 'Example', 'tasks.max': '3', colour: 'red' });
    await eventually('three run', () => tasks.running.size === 3);
    expect([...tasks.running.values()].map(args => args.config['colour'])).toEqual(['red', 'red', 'red']);
    expect((await status(handle)).config['colour']).toBe('red');
  });

  test('the same configuration again restarts no task, and repeats a failed plan', async () => {
    const tasks = new FakeTasks();
    let broken = true;
    tasks.plan = async () => {
      if (broken) throw ApplicationFailure.nonRetryable('no such table', 'SOURCE_SETUP');
      return [{}, {}];
    };
    const config = { 'connector.class': 'Example', 'tasks.max': '2' };
    const { handle } = await start({}, tasks);
    await eventually('the plan failed', async () => (await status(handle)).state === 'FAILED');
    broken = false;
    await update(handle, updates.configure, config);
    await eventually('it runs', () => tasks.running.size === 2);
    const { revision } = await status(handle);
    await update(handle, updates.configure, config, revision);
    await handle.signal(updates.configure, config);
    expect(await status(handle)).toMatchObject({ revision, tasks: [{ state: 'RUNNING' }, { state: 'RUNNING' }] });
    await update(handle, updates.configure, { ...config, colour: 'red' });
    await eventually('the tasks have it', () => [0, 1].every(id => tasks.running.get(id)?.config['colour'] === 'red'));
    // Two tasks, started after the second plan and after the change of colour.
    expect(tasks.started).toBe(4);
  });

  test('a failed task shows its trace and waits for a restart; the other tasks run on', async () => {
    const tasks = new FakeTasks();
    let broken = true;
    tasks.taskError = ({ task }) =>
      broken && task === 1 ? ApplicationFailure.nonRetryable('no such slot', 'SOURCE_SETUP') : undefined;
    const { handle } = await start({}, tasks);
    await eventually('task 1 failed', async () => (await status(handle)).tasks[1]?.state === 'FAILED');
    const failed = await status(handle);
    expect(failed.state).toBe('RUNNING');
    expect(failed.tasks[0]?.state).toBe('RUNNING');
    expect(failed.tasks[1]?.trace).toContain('SOURCE_SETUP: no such slot');
    const { started } = tasks;
    broken = false;
    await update(handle, updates.restart, { includeTasks: true, onlyFailed: true });
    await eventually('task 1 runs', () => tasks.running.has(1));
    expect(tasks.started).toBe(started + 1);
    expect((await status(handle)).tasks.map(task => task.state)).toEqual(['RUNNING', 'RUNNING']);
  });

  test('retries after a retriable error', async () => {
    const tasks = new FakeTasks();
    let left = 2;
    tasks.taskError = () => (left-- > 0 ? ApplicationFailure.retryable('down', 'SOURCE_UNAVAILABLE') : undefined);
    const { handle } = await start({ config: { 'connector.class': 'Example', 'tasks.max': '1' } }, tasks);
    await eventually('it runs', () => tasks.running.size === 1);
    expect((await status(handle)).tasks[0]?.state).toBe('RUNNING');
  });

  test('shows tasks that fail repeatedly until they recover or end', async () => {
    const { tasks, handle } = await start();
    await eventually('it runs', () => tasks.running.size === 2);
    const shown = async () => {
      const troubles = (await status(handle)).tasks.map(({ trouble }) => trouble);
      return [(await handle.describe()).searchAttributes[searchAttributes.state]?.[0], ...troubles];
    };
    const trouble = (task: number, more: object) => handle.signal(signals.troubled, { task, ...more });
    expect(await shown()).toEqual(['RUNNING', undefined, undefined]);
    await trouble(1, { since: 2000, failure: 'no server' });
    expect(await shown()).toEqual(['RESTARTING', undefined, { since: 2000, failure: 'no server' }]);
    // The next attempt runs in another process, with a count of its own.
    await trouble(1, { since: 3000, failure: 'still none' });
    await trouble(0, { since: 4000, failure: 'none either' });
    await trouble(7, { since: 4000, failure: 'unknown task' });
    expect(await shown()).toEqual([
      'RESTARTING',
      { since: 4000, failure: 'none either' },
      { since: 2000, failure: 'still none' },
    ]);
    await trouble(1, { since: 2000 });
    expect(await shown()).toEqual(['RESTARTING', { since: 4000, failure: 'none either' }, undefined]);
    await update(handle, updates.restartTask, 0);
    expect(await shown()).toEqual(['RUNNING', undefined, undefined]);
    await trouble(0, { since: 5000, failure: 'again' });
    await update(handle, updates.pause);
    await eventually('nothing runs', () => tasks.running.size === 0);
    await trouble(0, { since: 5000, failure: 'too late' });
    expect(await shown()).toEqual(['PAUSED', undefined, undefined]);
  });

  test('restarts one task and rejects an unknown one', async () => {
    const { tasks, handle } = await start();
    await eventually('it runs', () => tasks.running.size === 2);
    await update(handle, updates.restartTask, 1);
    await eventually('three were started', () => tasks.started === 3 && tasks.running.size === 2);
    await expect(update(handle, updates.restartTask, 7)).rejects.toMatchObject({
      cause: { type: 'NOT_FOUND' },
    });
  });

  test('concurrent restarts start no task twice', async () => {
    const { tasks, handle } = await start();
    await eventually('it runs', () => tasks.running.size === 2);
    await Promise.all([
      update(handle, updates.restartTask, 0),
      update(handle, updates.restart, { includeTasks: true, onlyFailed: false }),
      update(handle, updates.restartTask, 0),
    ]);
    await eventually('both run', () => tasks.running.size === 2);
    expect((await status(handle)).tasks.map(task => task.state)).toEqual(['RUNNING', 'RUNNING']);
  });

  test('a failed plan shows FAILED, and a restart plans again', async () => {
    const tasks = new FakeTasks();
    const { plan } = tasks;
    tasks.plan = () => {
      throw ApplicationFailure.nonRetryable('no such table', 'SOURCE_SETUP');
    };
    const { handle } = await start({}, tasks);
    await eventually('failed', async () => (await status(handle)).state === 'FAILED');
    expect((await status(handle)).trace).toContain('no such table');
    tasks.plan = plan;
    await update(handle, updates.restart, { includeTasks: false, onlyFailed: false });
    await eventually('it runs', () => tasks.running.size === 2);
  });

  test('a plan that keeps failing is cancelled by a deletion', async () => {
    const tasks = new FakeTasks();
    tasks.plan = () => {
      throw ApplicationFailure.retryable('Kafka is down', 'KAFKA_UNAVAILABLE');
    };
    const { handle } = await start({}, tasks);
    await update(handle, updates.delete);
    await handle.result();
    expect(tasks.removed).toBe(1);
  });

  test('a deletion stops the tasks and ends the workflow', async () => {
    const { tasks, handle } = await start();
    await eventually('it runs', () => tasks.running.size === 2);
    await update(handle, updates.delete);
    await handle.result();
    expect(tasks.running.size).toBe(0);
    expect(tasks.removed).toBe(1);
  });

  test('continues as new twenty times without losing a signal', async () => {
    const { tasks, handle } = await start({
      config: { 'connector.class': 'Example', 'tasks.max': '1', count: '0' },
      maxHistoryEvents: 60,
    });
    await eventually('it runs', () => tasks.running.size === 1);
    const first = (await handle.describe()).runId;
    const runs = new Set([first]);
    let sent = 0;
    while (runs.size <= 20 && sent < 2000) {
      sent++;
      await handle.signal(updates.configure, { 'connector.class': 'Example', 'tasks.max': '1', count: String(sent) });
      if (sent % 3 === 0) runs.add((await handle.describe()).runId);
    }
    expect(runs.size).toBeGreaterThan(20);
    await eventually('the last signal is in force', () => tasks.running.get(0)?.config['count'] === String(sent));
    expect((await status(handle)).config['count']).toBe(String(sent));
    expect((await status(handle)).state).toBe('RUNNING');
  }, 180_000);

  test('a failed task stays failed on continue-as-new', async () => {
    const tasks = new FakeTasks();
    tasks.taskError = ({ task }) =>
      task === 1 ? ApplicationFailure.nonRetryable('broken', 'SOURCE_SETUP') : undefined;
    const { handle } = await start({ maxHistoryEvents: 40 }, tasks);
    await eventually('task 1 failed', async () => (await status(handle)).tasks[1]?.state === 'FAILED');
    const first = (await handle.describe()).runId;
    await eventually('a new run', async () => {
      await update(handle, updates.restartTask, 0);
      return (await handle.describe()).runId !== first;
    });
    await eventually('task 0 runs', () => tasks.running.has(0));
    expect((await status(handle)).tasks[1]).toMatchObject({
      state: 'FAILED',
      trace: expect.stringContaining('broken'),
    });
  }, 60_000);

  test('changes offsets one at a time while stopped, and starts tasks afterwards', async () => {
    const tasks = new FakeTasks();
    const { handle } = await start({}, tasks);
    await eventually('it runs', () => tasks.running.size === 2);
    const entry = { partition: { file: 'a' }, offset: { position: 3 } };
    for (const early of [updates.alterOffsets, updates.resetOffsets])
      await expect(update(handle, early, [entry])).rejects.toMatchObject({
        cause: { type: 'BAD_REQUEST', message: expect.stringContaining('must be in the STOPPED state') },
      });
    await update(handle, updates.stop);
    let release = () => {};
    const gate = new Promise<void>(resolve => {
      release = resolve;
    });
    let isRunning = false;
    tasks.beforeAlter = () => {
      isRunning = true;
      return gate;
    };
    const both = Promise.all([update(handle, updates.alterOffsets, [entry]), update(handle, updates.resetOffsets)]);
    const { started } = tasks;
    both.catch(() => undefined);
    await eventually('the first one is under way', () => isRunning);
    await handle.signal(updates.resume);
    release();
    // The second change fails: the target state is RUNNING by then.
    await expect(both).rejects.toMatchObject({ cause: { type: 'BAD_REQUEST' } });
    await eventually('it runs again', () => tasks.running.size === 2);
    expect(tasks.alteredOffsets).toHaveLength(1);
    expect(tasks.started).toBe(started + 2);
  });

  test('a scheduled connector runs until its tasks have caught up, sleeps and runs again', async () => {
    const { tasks, handle } = await start({
      config: { 'connector.class': 'Example', 'tasks.max': '1', 'millrace.schedule': 'every 1s' },
    });
    for (let round = 1; round <= 3; round++) {
      await eventually('it runs', () => tasks.running.size === 1 && tasks.started === round);
      expect(tasks.running.get(0)?.untilCaughtUp).toBe(true);
      expect((await status(handle)).tasks).toEqual([expect.not.objectContaining({ wakes: expect.anything() })]);
      tasks.finishCatchUp.get(0)?.();
    }
    await eventually('it sleeps', async () => ((await status(handle)).tasks[0]?.wakes ?? 0) > 0, { every: 10 });
    expect((await status(handle)).state).toBe('RUNNING');
  });

  test('a sleeping task can be restarted and paused, and stays asleep on continue-as-new', async () => {
    const { tasks, handle } = await start({
      config: { 'connector.class': 'Example', 'tasks.max': '1', 'millrace.schedule': '0 0 1 1 *' },
      maxHistoryEvents: 60,
    });
    const wakes = async () => (await status(handle)).tasks[0]?.wakes ?? 0;
    await eventually('it sleeps', async () => (await wakes()) > Date.now());
    const until = await wakes();
    const first = (await handle.describe()).runId;
    await eventually('a new run', async () => {
      await handle.signal(signals.usedTopics, ['a']);
      return (await handle.describe()).runId !== first;
    });
    expect(await wakes()).toBe(until);
    expect(tasks.started).toBe(0);
    await update(handle, updates.restartTask, 0);
    await eventually('it runs', () => tasks.running.size === 1);
    tasks.finishCatchUp.get(0)?.();
    await eventually('it sleeps again', async () => (await wakes()) === until);
    await update(handle, updates.pause);
    await eventually('it is paused', async () => (await status(handle)).tasks[0]?.state === 'PAUSED');
    await update(handle, updates.delete);
    await handle.result();
  }, 60_000);

  test('rejects a configuration with an outdated revision', async () => {
    const { handle } = await start();
    const { revision, config } = await status(handle);
    await update(handle, updates.configure, { ...config, colour: 'red' }, revision);
    await expect(update(handle, updates.configure, { ...config, colour: 'blue' }, revision)).rejects.toMatchObject({
      cause: { type: 'CONFLICT' },
    });
    expect(await status(handle)).toMatchObject({ revision: revision + 1, config: { colour: 'red' } });
  });

  test('accepts signals in place of updates', async () => {
    const { tasks, handle } = await start();
    await eventually('it runs', () => tasks.running.size === 2);
    await handle.signal(updates.pause);
    await eventually('paused', async () => (await status(handle)).state === 'PAUSED' && tasks.running.size === 0);
    await handle.signal(updates.resume);
    await eventually('it runs again', () => tasks.running.size === 2);
    await handle.signal(updates.configure, { 'connector.class': 'Example', 'tasks.max': '1' });
    await eventually('one runs', () => tasks.running.size === 1 && tasks.started === 5);
    await handle.signal(updates.restart, { includeTasks: true, onlyFailed: false });
    await eventually('it was restarted', () => tasks.running.size === 1 && tasks.started === 6);
    await handle.signal(updates.stop);
    await eventually('stopped', async () => (await status(handle)).tasks.length === 0);
    await handle.signal(updates.delete);
    await handle.result();
    expect(tasks.removed).toBe(1);
  });

  test('collects used topics until they are reset', async () => {
    const { handle } = await start({ state: 'STOPPED' });
    await handle.signal(signals.usedTopics, ['b', 'a']);
    await handle.signal(signals.usedTopics, ['b', 'c']);
    await eventually('three', async () => (await status(handle)).topics.join() === 'a,b,c');
    await update(handle, updates.resetTopics);
    expect((await status(handle)).topics).toEqual([]);
  });

  test('starts at offsets that were set before its first run', async () => {
    const { tasks, handle } = await start({ state: 'STOPPED' });
    expect(await status(handle)).toMatchObject({ state: 'STOPPED', tasks: [] });
    const entry = { partition: { file: 'a' }, offset: { position: 3 } };
    await update(handle, updates.alterOffsets, [entry]);
    expect(tasks.alteredOffsets).toEqual([[entry]]);
    expect(tasks.started).toBe(0);
    await update(handle, updates.resume);
    await eventually('it runs', () => tasks.running.size === 2);
  });

  test('rejects offsets with the message of the connector', async () => {
    const { tasks, handle } = await start({ state: 'STOPPED' });
    tasks.beforeAlter = async () => {
      throw ApplicationFailure.nonRetryable('position is -1', 'BAD_REQUEST');
    };
    await expect(update(handle, updates.alterOffsets, [])).rejects.toMatchObject({
      cause: { type: 'BAD_REQUEST', message: 'position is -1' },
    });
    tasks.beforeAlter = async () => undefined;
    await update(handle, updates.resetOffsets);
    expect(tasks.alteredOffsets).toEqual([null]);
  });

  test('can be deleted during a change of offsets and while removal fails', async () => {
    const { tasks, handle } = await start({ state: 'STOPPED' });
    let release = () => {};
    const gate = new Promise<void>(resolve => {
      release = resolve;
    });
    let isRunning = false;
    tasks.beforeAlter = () => {
      isRunning = true;
      return gate;
    };
    tasks.removalError = () => ApplicationFailure.nonRetryable('there is no such server any more');
    const resetting = update(handle, updates.resetOffsets);
    await eventually('it is under way', () => isRunning);
    await update(handle, updates.delete);
    await expect(update(handle, updates.pause)).rejects.toMatchObject({ cause: { type: 'CONFLICT' } });
    release();
    await resetting;
    await handle.result();
    expect(tasks.removed).toBe(0);
  });

  test('plans again when it is configured after a failed plan or during one', async () => {
    const tasks = new FakeTasks();
    const { plan } = tasks;
    tasks.plan = () => {
      throw ApplicationFailure.nonRetryable('no such table', 'SOURCE_SETUP');
    };
    const { handle } = await start({ config: { 'connector.class': 'Example', 'tasks.max': '1' } }, tasks);
    await eventually('failed', async () => (await status(handle)).state === 'FAILED');
    let planning = false;
    tasks.plan = async () => {
      planning = true;
      const { cancelled } = Context.current();
      const beat = setInterval(() => Context.current().heartbeat(), 100);
      await cancelled.finally(() => clearInterval(beat));
      return [];
    };
    await update(handle, updates.configure, { 'connector.class': 'Example', 'tasks.max': '2' });
    await eventually('it plans', () => planning);
    tasks.plan = plan;
    await update(handle, updates.configure, { 'connector.class': 'Example', 'tasks.max': '3' });
    await eventually('three run', () => tasks.running.size === 3);
  });

  test('stays paused, stopped or failed on continue-as-new', async () => {
    const tasks = new FakeTasks();
    const { handle } = await start({ maxHistoryEvents: 40 }, tasks);
    await eventually('it runs', () => tasks.running.size === 2);
    const continueAsNew = async () => {
      const before = (await handle.describe()).runId;
      await eventually('a new run', async () => {
        await handle.signal(signals.usedTopics, ['a']);
        return (await handle.describe()).runId !== before;
      });
    };
    await update(handle, updates.pause);
    await eventually('paused', async () => (await status(handle)).tasks.every(task => task.state === 'PAUSED'));
    await continueAsNew();
    expect(await status(handle)).toMatchObject({ state: 'PAUSED', tasks: [{ state: 'PAUSED' }, { state: 'PAUSED' }] });
    await update(handle, updates.stop);
    await continueAsNew();
    expect(await status(handle)).toMatchObject({ state: 'STOPPED', tasks: [], topics: ['a'] });
    tasks.plan = () => {
      throw ApplicationFailure.nonRetryable('no such table', 'SOURCE_SETUP');
    };
    await update(handle, updates.resume);
    await eventually('failed', async () => (await status(handle)).state === 'FAILED');
    await continueAsNew();
    expect(await status(handle)).toMatchObject({ state: 'FAILED', trace: expect.stringContaining('no such table') });
    expect(tasks.started).toBe(2);
  }, 60_000);

  test('a paused connector shows its tasks, also on continue-as-new before they have ended', async () => {
    const tasks = new FakeTasks();
    tasks.heartbeatMs = 1500;
    const { handle } = await start({ maxHistoryEvents: 60 }, tasks);
    await eventually('it runs', () => tasks.running.size === 2);
    const first = (await handle.describe()).runId;
    await update(handle, updates.pause);
    for (let i = 0; i < 70; i++) await handle.signal(signals.usedTopics, ['a']);
    await eventually('a new run', async () => (await handle.describe()).runId !== first);
    expect(await status(handle)).toMatchObject({ state: 'PAUSED', tasks: [{ state: 'PAUSED' }, { state: 'PAUSED' }] });
    await update(handle, updates.resume);
    await eventually('it runs again', () => tasks.running.size === 2);
  });

  test('a failed scheduled task waits for a restart; an invalid schedule fails the task', async () => {
    const tasks = new FakeTasks();
    let broken = true;
    tasks.taskError = () => (broken ? ApplicationFailure.nonRetryable('broken', 'SOURCE_SETUP') : undefined);
    const scheduled = { 'connector.class': 'Example', 'tasks.max': '1', 'millrace.schedule': 'every 1s' };
    const { handle } = await start({ config: scheduled }, tasks);
    const failed = () => eventually('failed', async () => (await status(handle)).tasks[0]?.state === 'FAILED');
    await failed();
    broken = false;
    await update(handle, updates.restartTask, 0);
    await eventually('it runs', () => tasks.running.size === 1);
    tasks.nextRun = async () => {
      throw ApplicationFailure.nonRetryable('not a schedule', 'CONFIG_INVALID');
    };
    await update(handle, updates.configure, { ...scheduled, 'millrace.schedule': 'now and then' });
    await failed();
    expect((await status(handle)).tasks[0]?.trace).toContain('not a schedule');
  });

  test('restarts while the main loop starts the tasks start no task twice', async () => {
    const { tasks, handle } = await start();
    for (let round = 1; round <= 3; round++) {
      await eventually('it runs', () => tasks.running.size === 2);
      await update(handle, updates.pause);
      await update(handle, updates.resume);
      await Promise.all([
        update(handle, updates.restart, { includeTasks: true, onlyFailed: false }),
        update(handle, updates.restartTask, 0),
      ]);
    }
    await eventually('it runs', () => tasks.running.size === 2);
    expect((await status(handle)).tasks.map(task => task.state)).toEqual(['RUNNING', 'RUNNING']);
  });

  test('a restart of a paused connector starts no task', async () => {
    const { tasks, handle } = await start();
    await eventually('it runs', () => tasks.running.size === 2);
    await update(handle, updates.pause);
    await eventually('nothing runs', () => tasks.running.size === 0);
    await update(handle, updates.restart, { includeTasks: true, onlyFailed: false });
    await update(handle, updates.restartTask, 1);
    expect((await status(handle)).state).toBe('PAUSED');
    expect(tasks.started).toBe(2);
  });

  test('continues as new with 100 tasks, their overrides, long traces and 1,000 topics', async () => {
    const tasks = new FakeTasks();
    const long = 'x'.repeat(248);
    const overridesOf = (task: number) => ({ tables: `\${secret:${String(task).padStart(36, '0')}}` });
    tasks.plan = () => Array.from({ length: 100 }, (_, task) => overridesOf(task));
    // Each heartbeat rewrites the mutable state of the run, here with a hundred tasks and megabytes of traces.
    tasks.heartbeatMs = 2000;
    tasks.configReference = `\${secret:${'d0c'.padStart(36, '0')}}`;
    // Ten tasks fail; the others run until the test ends.
    tasks.taskError = ({ task }) =>
      task % 10 === 1
        ? ApplicationFailure.nonRetryable(`${task}: ${'\u0001'.repeat(7000)}`, 'SOURCE_SETUP')
        : undefined;
    const config = { 'connector.class': 'Example', text: 'y'.repeat(40 * 1024) };
    const { handle } = await start({ config, maxHistoryEvents: 600 }, tasks);
    await eventually('one runs', () => tasks.running.get(0));
    expect(tasks.running.get(0)).toMatchObject({ config: overridesOf(0), kept: tasks.configReference });
    const failed = async () => (await status(handle)).tasks.filter(task => task.state === 'FAILED').length;
    await eventually('ten failed', async () => (await failed()) === 10, { within: 30_000, every: 200 });
    const topics = Array.from({ length: 1000 }, (_, i) => long.slice(4) + String(i).padStart(4, '0'));
    for (let at = 0; at < topics.length; at += 100) await handle.signal(signals.usedTopics, topics.slice(at, at + 100));
    const first = (await handle.describe()).runId;
    await update(handle, updates.pause);
    await eventually(
      'a new run',
      async () => {
        for (let i = 0; i < 200; i++) await handle.signal(signals.usedTopics, []);
        return (await handle.describe()).runId !== first;
      },
      { within: 90_000 },
    );
    const now = await status(handle);
    expect(now.tasks).toHaveLength(100);
    expect(now.tasks[91]).toMatchObject({ state: 'FAILED', config: overridesOf(91) });
    expect(now.tasks[98]).toMatchObject({ state: 'PAUSED', config: overridesOf(98) });
    expect(now.tasks[1]?.trace).toContain('SOURCE_SETUP: 1: ');
    expect(now.topics).toHaveLength(1000);
    await update(handle, updates.delete);
    await handle.result();
    expect(tasks.receivedReferences.at(-1)).toHaveLength(101);
  }, 240_000);
});
