import { setTimeout as delay } from 'node:timers/promises';
import type { Connection } from '@temporalio/client';
import { NativeConnection, type NativeConnectionOptions, Worker } from '@temporalio/worker';
import type { ControlActivities, TaskActivities } from '../../activities/index.ts';
import type { Log } from '../api/index.ts';
import { messageOf } from '../errors.ts';
import { ensureSearchAttributes } from './search-attributes.ts';

export interface WorkersOptions {
  readonly connection: NativeConnectionOptions;
  /** For what the native connection does not do. */
  readonly client: Connection;
  readonly namespace: string;
  /** Workflows and short activities; long tasks run on the same name with `-tasks` behind it. */
  readonly taskQueue: string;
  /** `host:port`, as Kafka Connect names workers. */
  readonly identity: string;
  readonly workflowBundle: { readonly codePath: string };
  readonly control: ControlActivities;
  readonly tasks: TaskActivities;
  /** Tasks that this process may hold. */
  readonly maxTasks: number;
  /** Called when no further task is taken: those that run shall end. */
  leave(): void;
  readonly log: Log;
}

export interface RunningWorkers {
  /** Whether tasks can be given to this process just now. */
  ready(): boolean;
  /** Hands the tasks back and ends. Idempotent. */
  stop(): Promise<void>;
}

/** How long a stopping task may take to commit what it has in hand, before it is cancelled and waited for. */
const GRACE_MS = 10_000;

/**
 * Outstanding polls while there is little to do. Temporal gives tasks to the polls of a worker that is frozen or cut off,
 * and each such task waits for its time-out: few polls make a takeover quick.
 */
const workflowPolls = { type: 'autoscaling', initial: 2, minimum: 2, maximum: 10 } as const;
const controlPolls = { type: 'autoscaling', initial: 1, minimum: 1, maximum: 5 } as const;

/**
 * Keeps both Temporal workers of this process running, whatever becomes of the server: it goes on trying until `stop`.
 */
export function runWorkers(options: WorkersOptions): RunningWorkers {
  const stopping = new AbortController();
  let workers: Worker[] = [];

  async function once(): Promise<void> {
    const connection = await NativeConnection.connect(options.connection);
    try {
      await ensureSearchAttributes(options.client, options.namespace, options.log);
      workers = await create(options, connection);
      if (stopping.signal.aborted) return;
      options.log.info({ taskQueue: options.taskQueue, identity: options.identity }, 'worker started');
      // One that fails takes the other along: half a worker serves nobody.
      const ended = Promise.allSettled(workers.map(worker => worker.run().finally(() => shutDown(workers))));
      if (stopping.signal.aborted) shutDown(workers);
      for (const result of await ended) if (result.status === 'rejected') throw result.reason;
    } finally {
      workers = [];
      await connection.close();
    }
  }

  async function keep(): Promise<void> {
    for (let wait = 250; !stopping.signal.aborted; wait = Math.min(wait * 2, 5000)) {
      try {
        await once();
        wait = 250;
      } catch (error) {
        if (stopping.signal.aborted) return;
        options.log.warn(
          { address: options.connection.address, reason: messageOf(error) },
          'Temporal cannot be reached; trying again',
        );
      }
      await delay(wait, undefined, { signal: stopping.signal }).catch(() => {});
    }
  }

  const kept = keep();
  return {
    ready: () => workers.length > 0 && workers.every(worker => worker.getState() === 'RUNNING'),
    async stop() {
      stopping.abort();
      shutDown(workers);
      options.leave();
      await kept;
    },
  };
}

async function create(options: WorkersOptions, connection: NativeConnection): Promise<Worker[]> {
  const shared = {
    connection,
    namespace: options.namespace,
    identity: options.identity,
    shutdownGraceTime: GRACE_MS,
    // A pause shall be heard within a second, not within four fifths of the heartbeat's time-out.
    maxHeartbeatThrottleInterval: 1000,
    defaultHeartbeatThrottleInterval: 1000,
  };
  const created: Worker[] = [];
  created.push(
    await Worker.create({
      ...shared,
      taskQueue: options.taskQueue,
      workflowBundle: options.workflowBundle,
      activities: options.control,
      workflowTaskPollerBehavior: workflowPolls,
      activityTaskPollerBehavior: controlPolls,
      // A worker that is gone holds up its connectors for no longer than this.
      stickyQueueScheduleToStartTimeout: 1000,
      workflowThreadPoolSize: 1,
      maxCachedWorkflows: 500,
    }),
    await Worker.create({
      ...shared,
      taskQueue: `${options.taskQueue}-tasks`,
      activities: options.tasks,
      maxConcurrentActivityTaskExecutions: options.maxTasks,
      maxConcurrentActivityTaskPolls: 1,
    }),
  );
  return created;
}

function shutDown(workers: readonly Worker[]): void {
  for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
}
