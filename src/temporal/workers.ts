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
  /** Takes no tasks until `resumeTasks`; workflows and short activities go on. Those that run have to end by themselves. */
  suspendTasks(): void;
  resumeTasks(): void;
  /** Hands the tasks back and ends. Idempotent. */
  stop(): Promise<void>;
}

/** How long a stopping task may take to commit what it has in hand, before it is cancelled and waited for. */
const GRACE_MS = 10_000;

/**
 * Outstanding polls. Temporal gives tasks to the polls of a worker that is frozen or cut off, and each of them waits for
 * its time-out: a takeover is quick where there are few. One of the two for workflows is for those in this worker's cache.
 */
const workflowPolls = { type: 'simple-maximum', maximum: 2 } as const;
const activityPolls = { type: 'simple-maximum', maximum: 1 } as const;
/** Workflow tasks wait for the one thread that runs them, and the time-out of each counts from when it was given out. */
const MAX_WORKFLOW_TASKS = 10;

/**
 * Keeps both Temporal workers of this process running, whatever becomes of the server: it goes on trying until `stop`.
 */
export function runWorkers(options: WorkersOptions): RunningWorkers {
  const control = new KeptWorker(options, controlWorker);
  const tasks = new KeptWorker(options, taskWorker);
  return {
    ready: () => control.isRunning() && tasks.isRunning(),
    suspendTasks: () => tasks.suspend(),
    resumeTasks: () => tasks.resume(),
    async stop() {
      const stopped = [control.stop(), tasks.stop()];
      options.leave();
      await Promise.all(stopped);
    },
  };
}

type CreateWorker = (options: WorkersOptions, connection: NativeConnection) => Promise<Worker>;

/** A Temporal worker that is created again whenever it has ended, until it is stopped. */
class KeptWorker {
  readonly #options: WorkersOptions;
  readonly #create: CreateWorker;
  readonly #stopping = new AbortController();
  readonly #ended: Promise<void>;
  #worker: Worker | undefined;
  /** Settles when it may run again; undefined while it may. */
  #suspended: PromiseWithResolvers<void> | undefined;

  constructor(options: WorkersOptions, create: CreateWorker) {
    this.#options = options;
    this.#create = create;
    this.#ended = this.#keep();
  }

  isRunning(): boolean {
    return this.#worker?.getState() === 'RUNNING';
  }

  suspend(): void {
    this.#suspended ??= Promise.withResolvers();
    this.#shutDown();
  }

  resume(): void {
    this.#suspended?.resolve();
    this.#suspended = undefined;
  }

  stop(): Promise<void> {
    this.#stopping.abort();
    this.resume();
    this.#shutDown();
    return this.#ended;
  }

  async #keep(): Promise<void> {
    const { connection, log } = this.#options;
    const { signal } = this.#stopping;
    for (let wait = 250; !signal.aborted; wait = Math.min(wait * 2, 5000)) {
      try {
        await this.#suspended?.promise;
        await this.#run();
        wait = 250;
      } catch (error) {
        if (signal.aborted) return;
        log.warn({ address: connection.address, reason: messageOf(error) }, 'Temporal cannot be reached; trying again');
      }
      await delay(wait, undefined, { signal }).catch(() => {});
    }
  }

  async #run(): Promise<void> {
    const { connection: address, client, namespace, log } = this.#options;
    const connection = await NativeConnection.connect(address);
    try {
      await ensureSearchAttributes(client, namespace, log);
      this.#worker = await this.#create(this.#options, connection);
      if (this.#stopping.signal.aborted) return;
      const { taskQueue, identity } = this.#worker.options;
      log.info({ taskQueue, identity }, 'worker started');
      const ended = this.#worker.run();
      if (this.#stopping.signal.aborted || this.#suspended !== undefined) this.#shutDown();
      await ended;
    } finally {
      this.#worker = undefined;
      await connection.close();
    }
  }

  #shutDown(): void {
    if (this.isRunning()) this.#worker?.shutdown();
  }
}

const controlWorker: CreateWorker = (options, connection) =>
  Worker.create({
    ...shared(options, connection),
    taskQueue: options.taskQueue,
    workflowBundle: options.workflowBundle,
    activities: options.control,
    workflowTaskPollerBehavior: workflowPolls,
    activityTaskPollerBehavior: activityPolls,
    // A worker that is gone holds up its connectors for no longer than this.
    stickyQueueScheduleToStartTimeout: 1000,
    workflowThreadPoolSize: 1,
    maxConcurrentWorkflowTaskExecutions: MAX_WORKFLOW_TASKS,
    maxCachedWorkflows: 500,
  });

const taskWorker: CreateWorker = (options, connection) =>
  Worker.create({
    ...shared(options, connection),
    taskQueue: `${options.taskQueue}-tasks`,
    activities: options.tasks,
    activityTaskPollerBehavior: activityPolls,
    maxConcurrentActivityTaskExecutions: options.maxTasks,
  });

const shared = ({ namespace, identity }: WorkersOptions, connection: NativeConnection) => ({
  connection,
  namespace,
  identity,
  shutdownGraceTime: GRACE_MS,
  // A pause shall be heard within a second, not within four fifths of the heartbeat's time-out.
  maxHeartbeatThrottleInterval: 1000,
  defaultHeartbeatThrottleInterval: 1000,
});
