import type { Log } from '../api/index.ts';
import type { CallName } from '../connector/operations.ts';
import type { TaskAttempt } from '../connector/task/task-context.ts';
import type { HostChannel } from './channel.ts';
import type { ContactState, HostSettings, LoggerLevel } from './messages.ts';
import { type RequestOptions, TaskHost } from './task-host.ts';

export interface DataPlaneOptions {
  /** Opens a host that many tasks share. */
  thread(): HostChannel;
  /** Opens a host for a single task. */
  process(): HostChannel;
  readonly settings: Omit<HostSettings, 'levels'>;
  levels(): readonly LoggerLevel[];
  readonly unresponsiveMs: number;
  readonly log: Log;
}

export interface IsolationOptions extends RequestOptions {
  /** Runs in a process of its own. */
  readonly isolated: boolean;
}

/** Hosts of single tasks at the same time: each is a process of its own. Further ones share the thread. */
const MAX_ISOLATED = 8;
/** Milliseconds that a host may take to report its metrics. */
const METRICS_MS = 1000;

/** Threads that requests share: a plan does not wait for tasks, and a check that blocks its thread interrupts none. */
type SharedBy = 'tasks' | 'calls';

/**
 * Where connectors' code runs: apart from the thread that answers REST requests and sends heartbeats. Tasks share one
 * worker thread, calls another. What is suspected of having blocked one runs in a process of its own.
 */
export class DataPlane {
  readonly #options: DataPlaneOptions;
  readonly #hosts = new Set<TaskHost>();
  readonly #shared = new Map<SharedBy, TaskHost>();
  #isolated = 0;

  constructor(options: DataPlaneOptions) {
    this.#options = options;
    for (const by of ['tasks', 'calls'] as const) this.#sharedHost(by);
  }

  /** Whether tasks that are given to it start at once. */
  isReady(): boolean {
    return this.#shared.get('tasks')?.isStarted ?? false;
  }

  run(args: TaskAttempt, options: IsolationOptions): Promise<void> {
    return this.#within('tasks', options, host => host.run(args, options));
  }

  call<T>(name: CallName, args: readonly unknown[], options: IsolationOptions): Promise<T> {
    return this.#within('calls', options, host => host.call<T>(name, args, options));
  }

  /** The metrics of tasks, a text for each host that answers in time. */
  async metrics(): Promise<string[]> {
    const texts = await Promise.all([...this.#hosts].map(host => withoutDelay(host.metrics())));
    return texts.filter(text => text !== undefined);
  }

  setLevel(level: LoggerLevel): void {
    for (const host of this.#hosts) host.setLevel(level);
  }

  /** Brokers do not answer this worker: requests that have been cancelled do not wait for them any longer. */
  kafkaLost(): void {
    for (const host of this.#hosts) host.kafkaLost();
  }

  /** Temporal has answered this worker. */
  setContact(state: ContactState): void {
    for (const host of this.#hosts) host.setContact(state);
  }

  /** Ends all hosts. Their tasks have ended before. */
  async close(): Promise<void> {
    const hosts = [...this.#hosts];
    for (const host of hosts) host.terminate();
    await Promise.all(hosts.map(host => host.exited));
  }

  async #within<T>(by: SharedBy, { isolated }: IsolationOptions, request: (host: TaskHost) => Promise<T>): Promise<T> {
    if (!isolated || this.#isolated >= MAX_ISOLATED) return request(this.#sharedHost(by));
    this.#isolated++;
    const host = this.#open(this.#options.process());
    try {
      return await request(host);
    } finally {
      this.#isolated--;
      host.terminate();
    }
  }

  #sharedHost(by: SharedBy): TaskHost {
    const open = this.#shared.get(by);
    if (open?.alive) return open;
    const host = this.#open(this.#options.thread());
    this.#shared.set(by, host);
    return host;
  }

  #open(channel: HostChannel): TaskHost {
    const { settings, levels, unresponsiveMs } = this.#options;
    const host = new TaskHost(channel, { ...settings, levels: levels() }, unresponsiveMs);
    this.#hosts.add(host);
    void host.exited.then(() => this.#hosts.delete(host));
    return host;
  }
}

/** undefined where it takes longer, or fails. */
function withoutDelay<T>(answer: Promise<T>): Promise<T | undefined> {
  return Promise.race([
    answer.catch(() => undefined),
    new Promise<undefined>(resolve => setTimeout(resolve, METRICS_MS, undefined).unref()),
  ]);
}
