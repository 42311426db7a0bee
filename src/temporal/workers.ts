import { setTimeout as delay } from 'node:timers/promises';
import type { Connection } from '@temporalio/client';
import { NativeConnection, type NativeConnectionOptions, Worker } from '@temporalio/worker';
import type { ControlActivities, TaskActivities } from '../../activities/index.ts';
import type { Log } from '../api/index.ts';
import { messageOf } from '../errors.ts';
import { ensureSearchAttributes } from './search-attributes.ts';

export interface WorkersOptions {
  readonly connection: NativeConnectionOptions;
  /** Connection for requests that NativeConnection does not support. */
  readonly client: Connection;
  readonly namespace: string;
  /** Queue of workflows and short activities; that of tasks has the same name followed by `-tasks`. */
  readonly taskQueue: string;
  /** `host:port`, Kafka Connect's format of worker ids. */
  readonly identity: string;
  readonly workflowBundle: { readonly codePath: string };
  readonly control: ControlActivities;
  readonly tasks: TaskActivities;
  /** Maximum number of tasks in this process. */
  readonly maxTasks: number;
  /** Called when the workers stop: running tasks have to end. */
  leave(): void;
  readonly log: Log;
}

export interface RunningWorkers {
  /** True while this process can run tasks. */
  isReady(): boolean;
  /** Stops polling for tasks until `resumeTasks`. The caller ends running tasks; workflows and short activities continue. */
  suspendTasks(): void;
  resumeTasks(): void;
  /** Returns the tasks to Temporal and shuts down. Idempotent. */
  stop(): Promise<void>;
}

/** Milliseconds in which a stopping task can commit its current records before it is cancelled. */
const GRACE_MS = 10_000;

/**
 * Outstanding polls. Temporal dispatches work to polls of a worker that is frozen or cut off, where it stays until its
 * timeout: few polls make a takeover fast. One of the two workflow polls is for this worker's sticky queue.
 */
const workflowPolls = { type: 'simple-maximum', maximum: 2 } as const;
const activityPolls = { type: 'simple-maximum', maximum: 1 } as const;
/** One thread runs all workflow tasks; the timeout of each starts when it is dispatched. */
const MAX_WORKFLOW_TASKS = 10;

/**
 * Runs both Temporal workers of this process and restarts them after errors until `stop`.
 */
export function runWorkers(options: WorkersOptions): RunningWorkers {
  const control = new SupervisedWorker(options, controlWorker);
  const tasks = new SupervisedWorker(options, taskWorker);
  return {
    isReady: () => control.isRunning() && tasks.isRunning(),
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

/** A Temporal worker that is created again after it has ended, until it is stopped. */
class SupervisedWorker {
  readonly #options: WorkersOptions;
  readonly #create: CreateWorker;
  readonly #stopping = new AbortController();
  readonly #ended: Promise<void>;
  #worker: Worker | undefined;
  /** Settles when the worker is resumed; undefined unless it is suspended. */
  #suspended: PromiseWithResolvers<void> | undefined;

  constructor(options: WorkersOptions, create: CreateWorker) {
    this.#options = options;
    this.#create = create;
    this.#ended = this.#runUntilStopped();
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

  async #runUntilStopped(): Promise<void> {
    const { connection, log } = this.#options;
    const { signal } = this.#stopping;
    for (let wait = 250; !signal.aborted; wait = Math.min(wait * 2, 5000)) {
      try {
        await this.#suspended?.promise;
        await this.#run();
        wait = 250;
      } catch (error) {
        if (signal.aborted) return;
        log.warn({ address: connection.address, reason: messageOf(error) }, 'Temporal cannot be reached; retrying');
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
    ...sharedOptions(options, connection),
    taskQueue: options.taskQueue,
    workflowBundle: options.workflowBundle,
    activities: options.control,
    workflowTaskPollerBehavior: workflowPolls,
    activityTaskPollerBehavior: activityPolls,
    // Limits the delay of connectors whose worker is gone.
    stickyQueueScheduleToStartTimeout: 1000,
    workflowThreadPoolSize: 1,
    maxConcurrentWorkflowTaskExecutions: MAX_WORKFLOW_TASKS,
    maxCachedWorkflows: 500,
  });

const taskWorker: CreateWorker = (options, connection) =>
  Worker.create({
    ...sharedOptions(options, connection),
    taskQueue: `${options.taskQueue}-tasks`,
    activities: options.tasks,
    activityTaskPollerBehavior: activityPolls,
    maxConcurrentActivityTaskExecutions: options.maxTasks,
  });

const sharedOptions = ({ namespace, identity }: WorkersOptions, connection: NativeConnection) => ({
  connection,
  namespace,
  identity,
  shutdownGraceTime: GRACE_MS,
  // Cancellations arrive within a second instead of four fifths of the heartbeat timeout.
  maxHeartbeatThrottleInterval: 1000,
  defaultHeartbeatThrottleInterval: 1000,
});
