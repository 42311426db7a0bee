import type { CallName } from '../connector/operations.ts';
import type { TaskAttempt } from '../connector/task/task-context.ts';
import { messageOf } from '../errors.ts';
import type { BlockedRequest } from './blocked-request.ts';
import type { HostChannel } from './channel.ts';
import { HostLostError } from './host-lost.ts';
import {
  type ContactState,
  type FromHost,
  type HostSettings,
  type LoggerLevel,
  type TaskProgress,
  TICK_MS,
  type ToHost,
} from './messages.ts';
import { RemoteError } from './remote-error.ts';
import { isMachineOverloaded, threadTimes } from './thread-times.ts';

export interface RequestOptions {
  /** Cancels the request; the host still answers it. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: TaskProgress) => void;
  /** Resolves when Temporal confirms the attempt of the request; rejects when it was replaced. undefined: no activity. */
  readonly confirmAttempt: (() => Promise<ContactState>) | undefined;
}

interface PendingRequest {
  /** True: it runs code of a connector. */
  readonly isWork: boolean;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly onProgress: RequestOptions['onProgress'] | undefined;
  readonly confirmAttempt: RequestOptions['confirmAttempt'] | undefined;
}

/** Milliseconds in which a host must load its code, also on a busy machine. */
const START_MS = 60_000;
/** Milliseconds without CPU after which a host is terminated. */
const STARVED_MS = 60_000;

/** A thread or process that runs data planes, as the main thread sees it. */
export class TaskHost {
  readonly #channel: HostChannel;
  readonly #pending = new Map<number, PendingRequest>();
  readonly #unresponsiveTicks: number;
  readonly #isOverloaded: () => boolean;
  readonly #watch: NodeJS.Timeout;
  readonly #exited = Promise.withResolvers<void>();
  #lastId = 0;
  #startTicks = START_MS / TICK_MS;
  #missedTicks = 0;
  /** Milliseconds of the missed ticks in which the host did not wait for a CPU. */
  #blockedMs = 0;
  #thread: string | undefined;
  #cpuMs = 0;
  #isAlive = true;
  /** Error of a crash, or the state of the host when it was terminated. */
  #endCause: (BlockedRequest & { readonly reason: string; readonly isStarved?: boolean }) | undefined;

  /** unresponsiveMs: a host whose event loop is blocked for so long is terminated, unless it waits for a CPU. */
  constructor(
    channel: HostChannel,
    settings: HostSettings,
    unresponsiveMs: number,
    isOverloaded: () => boolean = isMachineOverloaded,
  ) {
    this.#channel = channel;
    this.#isOverloaded = isOverloaded;
    this.#unresponsiveTicks = Math.ceil(unresponsiveMs / TICK_MS);
    channel.onMessage(message => this.#receive(message));
    channel.onExit(reason => this.#rejectPending(reason));
    channel.post({ type: 'start', settings });
    // Counts ticks instead of time: after a freeze of the whole process only one tick is missing.
    this.#watch = setInterval(() => this.#checkTicks(), TICK_MS);
  }

  /** False when the host has ended or is being terminated: it accepts no requests then. */
  get isAlive(): boolean {
    return this.#isAlive;
  }

  /** True when its code is loaded. */
  get isStarted(): boolean {
    return this.#isAlive && this.#startTicks === 0;
  }

  get exited(): Promise<void> {
    return this.#exited.promise;
  }

  run(args: TaskAttempt, options: RequestOptions): Promise<void> {
    return this.#request(id => ({ type: 'run', id, args }), options);
  }

  call<T>(name: CallName, args: readonly unknown[], options: RequestOptions): Promise<T> {
    return this.#request(id => ({ type: 'call', id, name, args }), options);
  }

  metrics(): Promise<string> {
    return this.#request(id => ({ type: 'metrics', id }));
  }

  setLevel(level: LoggerLevel): void {
    this.#channel.post({ type: 'level', ...level });
  }

  reportKafkaLost(): void {
    this.#channel.post({ type: 'kafka lost' });
  }

  setContact(state: ContactState): void {
    this.#channel.post({ type: 'contact', ...state });
  }

  terminate(): void {
    this.#isAlive = false;
    this.#channel.terminate();
  }

  #request<T>(
    message: (id: number) => ToHost,
    { signal, onProgress, confirmAttempt }: RequestOptions = { confirmAttempt: undefined },
  ): Promise<T> {
    const id = ++this.#lastId;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const request = message(id);
    this.#pending.set(id, { isWork: request.type !== 'metrics', resolve, reject, onProgress, confirmAttempt });
    this.#channel.post(request);
    const cancel = () =>
      this.#channel.post({ type: 'cancel', id, reason: String(signal?.reason?.message ?? 'cancelled') });
    if (signal?.aborted) cancel();
    else signal?.addEventListener('abort', cancel, { once: true });
    return promise.finally(() => signal?.removeEventListener('abort', cancel)) as Promise<T>;
  }

  #receive(message: FromHost): void {
    this.#missedTicks = 0;
    this.#blockedMs = 0;
    if (message.type === 'started') {
      this.#startTicks = 0;
      this.#thread = message.thread;
    }
    if (message.type === 'crash')
      this.#endCause = { id: message.id, stack: [], reason: `an uncaught error: ${message.failure.message}` };
    if (message.type === 'progress') this.#pending.get(message.id)?.onProgress?.(message);
    if (message.type === 'prove') void this.#confirmAttempt(message.id);
    if (message.type === 'answer') this.#takePending(message.id)?.resolve(message.value);
    if (message.type === 'failure') this.#takePending(message.id)?.reject(new RemoteError(message.failure));
  }

  async #confirmAttempt(id: number): Promise<void> {
    try {
      const state = await this.#pending.get(id)?.confirmAttempt?.();
      if (state !== undefined) this.#channel.post({ type: 'proven', id, ...state });
    } catch (error) {
      this.#channel.post({ type: 'cancel', id, reason: messageOf(error) });
    }
  }

  #takePending(id: number): PendingRequest | undefined {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    return pending;
  }

  #checkTicks(): void {
    if (this.#startTicks > 0) {
      if (--this.#startTicks === 0) void this.#endUnresponsive('it did not start within a minute');
      return;
    }
    this.#missedTicks++;
    this.#blockedMs += this.#blockedSinceLastTick();
    if (this.#missedTicks < this.#unresponsiveTicks || !this.#isAlive) return;
    const missedMs = this.#missedTicks * TICK_MS;
    // On a busy machine a blocked thread does not get a whole CPU, so half of the limit is enough.
    const isBlocked = this.#blockedMs >= (this.#unresponsiveTicks * TICK_MS) / 2;
    if (isBlocked) void this.#endUnresponsive(`its event loop was blocked for ${missedMs / 1000} s`);
    else if (missedMs >= STARVED_MS) this.#endStarved(`it got no CPU for ${missedMs / 1000} s`);
  }

  /** Milliseconds since the last tick in which the host was blocked; waiting for a CPU does not count. */
  #blockedSinceLastTick(): number {
    const times = this.#thread === undefined ? undefined : threadTimes(this.#thread);
    if (times === undefined) return TICK_MS;
    const usedMs = times.cpuMs - this.#cpuMs;
    this.#cpuMs = times.cpuMs;
    // On an overloaded machine a sleeping thread may wait for another one, such as V8's, or for a disk, that waits for a CPU.
    return times.isRunnable || this.#isOverloaded() ? Math.min(usedMs, TICK_MS) : TICK_MS;
  }

  async #endUnresponsive(reason: string): Promise<void> {
    this.#isAlive = false;
    const blocked = await this.#channel.findBlockedRequest().catch(() => undefined);
    this.#endCause = { id: blocked?.id, stack: blocked?.stack ?? [], reason };
    this.#channel.terminate();
    // Native code can delay the exit, but no code of the host runs afterwards.
    this.#rejectPending(reason);
  }

  #endStarved(reason: string): void {
    this.#endCause = { id: undefined, stack: [], reason, isStarved: true };
    this.#channel.terminate();
    this.#rejectPending(reason);
  }

  #rejectPending(exitReason: string): void {
    this.#isAlive = false;
    const {
      id: culprit,
      stack,
      reason,
      isStarved,
    } = this.#endCause ?? { id: undefined, stack: [], reason: exitReason };
    const hasOneRequest = [...this.#pending.values()].filter(({ isWork }) => isWork).length === 1;
    for (const [id, { reject }] of this.#pending) {
      const cause = culprit === id || hasOneRequest ? 'blocked' : culprit === undefined ? 'possible' : 'none';
      const kind = isStarved ? 'starved' : cause;
      reject(new HostLostError(reason, { kind, stack: kind === 'blocked' ? stack : [] }));
    }
    this.#pending.clear();
    this.#close();
  }

  #close(): void {
    clearInterval(this.#watch);
    this.#exited.resolve();
  }
}
