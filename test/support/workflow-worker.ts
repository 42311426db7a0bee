import { randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { NativeConnection, Worker } from '@temporalio/worker';
import type { ControlActivities, TaskActivities } from '../../activities/index.ts';
import { workflowBundle } from '../../src/temporal/workflow-bundle.ts';

/** Control and task workers like those of a Millrace process, with fake activities and their own task queues. */
export interface WorkflowWorker extends AsyncDisposable {
  readonly client: Client;
  readonly taskQueue: string;
}

export async function workflowWorker(
  address: string,
  activities: ControlActivities & TaskActivities,
): Promise<WorkflowWorker> {
  const taskQueue = `test-${randomUUID()}`;
  const connection = await NativeConnection.connect({ address });
  const client = new Client({ connection: await Connection.connect({ address }) });
  const { runTask, ...control } = activities;
  const shared = {
    connection,
    shutdownGraceTime: 1000,
    maxHeartbeatThrottleInterval: 200,
    defaultHeartbeatThrottleInterval: 200,
  };
  const workers = await Promise.all([
    Worker.create({
      ...shared,
      taskQueue,
      workflowBundle: await workflowBundle(join(tmpdir(), 'millrace-test-bundles')),
      activities: control,
    }),
    Worker.create({
      ...shared,
      taskQueue: `${taskQueue}-tasks`,
      activities: { runTask },
      maxConcurrentActivityTaskExecutions: 1000,
    }),
  ]);
  const stopped = Promise.all(workers.map(worker => worker.run()));
  return {
    client,
    taskQueue,
    async [Symbol.asyncDispose]() {
      for (const worker of workers) worker.shutdown();
      await stopped;
      await connection.close();
      await client.connection.close();
    },
  };
}
