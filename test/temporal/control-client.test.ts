import { Context } from '@temporalio/activity';
import { Client, Connection } from '@temporalio/client';
import { expect, test } from 'vitest';
import { silent } from '../../src/observability/silent.ts';
import { temporalControl } from '../../src/temporal/control/control-client.ts';
import { ensureSearchAttributes } from '../../src/temporal/search-attributes.ts';
import { connectorWorkflowId } from '../../workflows/shared/messages.ts';
import { eventually } from '../support/eventually.ts';
import { servers } from '../support/servers.ts';
import { uniqueName } from '../support/topic.ts';
import { workflowWorker } from '../support/workflow-worker.ts';

test('a connector whose worker does not answer has the status of its description, in time', async () => {
  const address = servers().temporal;
  const connection = await Connection.connect({ address });
  const client = new Client({ connection });
  const cluster = uniqueName('unattended');
  const control = temporalControl({
    client,
    address,
    cluster,
    // No worker polls this queue.
    taskQueue: cluster,
    workerId: 'here:8083',
    admit: async (_name, config) => ({ type: 'sink', config }),
    deleteSecrets: async () => undefined,
    reveal: async (_name, config) => config,
  });
  try {
    await control.create('alone', { 'connector.class': 'X' });
    const start = performance.now();
    expect(await control.status('alone')).toEqual({
      name: 'alone',
      connector: { state: 'UNASSIGNED', worker_id: 'here:8083' },
      tasks: [],
      type: 'sink',
    });
    expect(performance.now() - start).toBeLessThan(7000);
    // Only the workflow has the other information.
    await expect(control.info('alone')).rejects.toMatchObject({ code: 'TEMPORAL_UNAVAILABLE' });
  } finally {
    await client.workflow.getHandle(connectorWorkflowId(cluster, 'alone')).terminate();
    await connection.close();
  }
});

test('a connector that was just paused shows PAUSED while its tasks are still ending', async () => {
  const address = servers().temporal;
  let endTask = () => {};
  const ended = new Promise<void>(resolve => {
    endTask = resolve;
  });
  await using worker = await workflowWorker(address, {
    planTasks: async () => ({ tasks: [{}] }),
    fenceTasks: async () => ({}),
    removeConnector: async () => undefined,
    alterOffsets: async () => ({ byConnector: false }),
    nextRun: async () => 0,
    async runTask() {
      const context = Context.current();
      const beat = setInterval(() => context.heartbeat(), 100);
      await Promise.race([ended, context.cancelled]).catch(() => ended);
      clearInterval(beat);
    },
  });
  await ensureSearchAttributes(worker.client.connection as Connection, 'default', silent);
  const control = temporalControl({
    client: worker.client,
    address,
    cluster: uniqueName('paused'),
    taskQueue: worker.taskQueue,
    workerId: 'here:8083',
    admit: async (_name, config) => ({ type: 'sink', config }),
    deleteSecrets: async () => undefined,
    reveal: async (_name, config) => config,
  });
  const stateNow = async () => (await control.status('slow')).connector.state;
  await control.create('slow', { 'connector.class': 'X' });
  try {
    await eventually('it runs', async () => (await control.status('slow')).tasks[0]?.state === 'RUNNING');
    await control.pause('slow');
    expect(await stateNow()).toBe('PAUSED');
  } finally {
    endTask();
    await control.delete('slow');
  }
});
