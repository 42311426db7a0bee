import { Client, Connection } from '@temporalio/client';
import { expect, test } from 'vitest';
import { temporalControl } from '../../src/temporal/control-client.ts';
import { connectorWorkflowId } from '../../workflows/messages.ts';
import { servers } from '../support/servers.ts';
import { uniqueName } from '../support/topic.ts';

test('a connector whose worker does not answer has the status that Temporal knows, in good time', async () => {
  const address = servers().temporal;
  const connection = await Connection.connect({ address });
  const client = new Client({ connection });
  const cluster = uniqueName('unattended');
  const control = temporalControl({
    client,
    address,
    cluster,
    // Nobody takes work from it.
    taskQueue: cluster,
    workerId: 'here:8083',
    prepare: async (_name, config) => ({ type: 'sink', config }),
    forget: async () => undefined,
  });
  try {
    await control.create('alone', { 'connector.class': 'X' });
    const asked = performance.now();
    expect(await control.status('alone')).toEqual({
      name: 'alone',
      connector: { state: 'UNASSIGNED', worker_id: 'here:8083' },
      tasks: [],
      type: 'sink',
    });
    expect(performance.now() - asked).toBeLessThan(7000);
    // What only the connector knows is not made up.
    await expect(control.info('alone')).rejects.toMatchObject({ code: 'TEMPORAL_UNAVAILABLE' });
  } finally {
    await client.workflow.getHandle(connectorWorkflowId(cluster, 'alone')).terminate();
    await connection.close();
  }
});
