import type { Log } from '../api/index.ts';
import type { CallName } from '../connector/operations.ts';
import type { TaskAttempt } from '../connector/task/task-context.ts';
import type { HostChannel } from './channel.ts';
import type { ContactState, HostSettings, LoggerLevel } from './messages.ts';
import { type RequestOptions, TaskHost } from './task-host.ts';

export interface DataPlaneOptions {
  /** Opens a host that tasks share. */
  openThread(): HostChannel;
  /** Opens a host for a single task. */
  openProcess(): HostChannel;
  readonly settings: Omit<HostSettings, 'levels'>;
  levels(): readonly LoggerLevel[];
  readonly unresponsiveMs: number;
  readonly log: Log;
}

export interface IsolationOptions extends RequestOptions {
  /** True: the request runs in a process of its own. */
  readonly isolated: boolean;
}

/** Limit of hosts for a single task, each a process. Further tasks share the thread. */
const MAX_ISOLATED = 8;
/** Milliseconds in which a host must report its metrics. */
const METRICS_MS = 1000;

/** Shared threads. Calls have one of their own, so that they do not wait for tasks, and a blocked call interrupts no task. */
type HostKind = 'tasks' | 'calls';

/**
 * Runs connectors' code outside the thread that serves REST requests and sends heartbeats. Tasks share a worker thread, calls share
 * another one. A request that is suspected of having blocked a thread runs in a process of its own.
 */
export class DataPlane {
  readonly #options: DataPlaneOptions;
  readonly #hosts = new Set<TaskHost>();
  readonly #shared = new Map<HostKind, TaskHost>();
  #isolatedHosts = 0;

  constructor(options: DataPlaneOptions) {
    this.#options = options;
    for (const kind of ['tasks', 'calls'] as const) this.#sharedHost(kind);
  }

  /** True if tasks start without waiting for a host. */
  isReady(): boolean {
    return this.#shared.get('tasks')?.isStarted ?? false;
  }

  run(args: TaskAttempt, options: IsolationOptions): Promise<void> {
    return this.#runOnHost('tasks', options, host => host.run(args, options));
  }

  call<T>(name: CallName, args: readonly unknown[], options: IsolationOptions): Promise<T> {
    return this.#runOnHost('calls', options, host => host.call<T>(name, args, options));
  }

  /** Metrics of tasks, one text for each host that responds in time. */
  async metrics(): Promise<string[]> {
    const texts = await Promise.all([...this.#hosts].map(host => valueInTime(host.metrics())));
    return texts.filter(text => text !== undefined);
  }

  setLevel(level: LoggerLevel): void {
    for (const host of this.#hosts) host.setLevel(level);
  }

  /** No broker responds to this worker: cancelled requests no longer wait for Kafka. */
  reportKafkaLost(): void {
    for (const host of this.#hosts) host.reportKafkaLost();
  }

  /** Reports that Temporal has answered this worker. */
  setContact(state: ContactState): void {
    for (const host of this.#hosts) host.setContact(state);
  }

  /** Terminates all hosts. Requires that their tasks have ended. */
  async close(): Promise<void> {
    const hosts = [...this.#hosts];
    for (const host of hosts) host.terminate();
    await Promise.all(hosts.map(host => host.exited));
  }

  async #runOnHost<T>(
    kind: HostKind,
    { isolated }: IsolationOptions,
    request: (host: TaskHost) => Promise<T>,
  ): Promise<T> {
    if (!isolated || this.#isolatedHosts >= MAX_ISOLATED) return request(this.#sharedHost(kind));
    this.#isolatedHosts++;
    const host = this.#openHost(this.#options.openProcess());
    try {
      return await request(host);
    } finally {
      this.#isolatedHosts--;
      host.terminate();
    }
  }

  #sharedHost(kind: HostKind): TaskHost {
    const open = this.#shared.get(kind);
    if (open?.isAlive) return open;
    const host = this.#openHost(this.#options.openThread());
    this.#shared.set(kind, host);
    return host;
  }

  #openHost(channel: HostChannel): TaskHost {
    const { settings, levels, unresponsiveMs } = this.#options;
    const host = new TaskHost(channel, { ...settings, levels: levels() }, unresponsiveMs);
    this.#hosts.add(host);
    void host.exited.then(() => this.#hosts.delete(host));
    return host;
  }
}

/** undefined if the promise takes longer than METRICS_MS or rejects. */
function valueInTime<T>(promise: Promise<T>): Promise<T | undefined> {
  return Promise.race([
    promise.catch(() => undefined),
    new Promise<undefined>(resolve => setTimeout(resolve, METRICS_MS, undefined).unref()),
  ]);
}
