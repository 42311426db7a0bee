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
import { threadTimes } from './thread-times.ts';

export interface RequestOptions {
  /** Cancels the request: the host's answer is awaited all the same. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: TaskProgress) => void;
  /** Resolves when Temporal confirms the attempt that the request belongs to; rejects when it has been replaced. */
  readonly prove?: () => Promise<ContactState>;
}

interface Pending {
  /** It runs a connector's code. */
  readonly isWork: boolean;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly onProgress: RequestOptions['onProgress'] | undefined;
  readonly prove: RequestOptions['prove'] | undefined;
}

/** Milliseconds that a host may take to load its code, on a busy machine. */
const START_MS = 60_000;
/** Milliseconds after which a host is ended that has no CPU. */
const STARVED_MS = 60_000;

/** A thread or process that runs data planes, as the main thread sees it. */
export class TaskHost {
  readonly #channel: HostChannel;
  readonly #pending = new Map<number, Pending>();
  readonly #unresponsiveTicks: number;
  readonly #watch: NodeJS.Timeout;
  readonly #exited = Promise.withResolvers<void>();
  #lastId = 0;
  #startTicks = START_MS / TICK_MS;
  #missedTicks = 0;
  /** Milliseconds of the missed ticks in which the host did not wait for a CPU. */
  #blockedMs = 0;
  #thread: string | undefined;
  #cpuMs = 0;
  #alive = true;
  /** What the host said before it crashed, or what it was doing when it was ended. */
  #end: (BlockedRequest & { readonly reason: string; readonly isStarved?: boolean }) | undefined;

  /** unresponsiveMs: a host whose event loop does not turn for so long is ended, unless it waits for a CPU. */
  constructor(channel: HostChannel, settings: HostSettings, unresponsiveMs: number) {
    this.#channel = channel;
    this.#unresponsiveTicks = Math.ceil(unresponsiveMs / TICK_MS);
    channel.onMessage(message => this.#receive(message));
    channel.onExit(reason => this.#lost(reason));
    channel.post({ type: 'start', settings });
    // Counts its own turns instead of time: after a freeze of the whole process the first turn finds only one tick missed.
    this.#watch = setInterval(() => this.#checkTicks(), TICK_MS);
  }

  /** False from the moment on that it is ended or has ended: it takes no further requests. */
  get alive(): boolean {
    return this.#alive;
  }

  /** Its code has been loaded. */
  get isStarted(): boolean {
    return this.#alive && this.#startTicks === 0;
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

  kafkaLost(): void {
    this.#channel.post({ type: 'kafka lost' });
  }

  setContact(state: ContactState): void {
    this.#channel.post({ type: 'contact', ...state });
  }

  terminate(): void {
    this.#alive = false;
    this.#channel.terminate();
  }

  #request<T>(message: (id: number) => ToHost, { signal, onProgress, prove }: RequestOptions = {}): Promise<T> {
    const id = ++this.#lastId;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const sent = message(id);
    this.#pending.set(id, { isWork: sent.type !== 'metrics', resolve, reject, onProgress, prove });
    this.#channel.post(sent);
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
      this.#end = { id: message.id, stack: [], reason: `an uncaught error: ${message.failure.message}` };
    if (message.type === 'progress') this.#pending.get(message.id)?.onProgress?.(message);
    if (message.type === 'prove') void this.#prove(message.id);
    if (message.type === 'answer') this.#take(message.id)?.resolve(message.value);
    if (message.type === 'failure') this.#take(message.id)?.reject(new RemoteError(message.failure));
  }

  async #prove(id: number): Promise<void> {
    try {
      const state = await this.#pending.get(id)?.prove?.();
      if (state !== undefined) this.#channel.post({ type: 'proven', id, ...state });
    } catch (error) {
      this.#channel.post({ type: 'cancel', id, reason: messageOf(error) });
    }
  }

  #take(id: number): Pending | undefined {
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
    if (this.#missedTicks < this.#unresponsiveTicks || !this.#alive) return;
    const missedMs = this.#missedTicks * TICK_MS;
    // On a busy machine a blocked thread does not get a whole CPU: half of the limit is enough.
    const isBlocked = this.#blockedMs >= (this.#unresponsiveTicks * TICK_MS) / 2;
    if (isBlocked) void this.#endUnresponsive(`its event loop was blocked for ${missedMs / 1000} s`);
    else if (missedMs >= STARVED_MS) this.#endStarved(`it got no CPU for ${missedMs / 1000} s`);
  }

  /** Milliseconds. A host that could run, but does not get a CPU, is not blocked. */
  #blockedSinceLastTick(): number {
    const times = this.#thread === undefined ? undefined : threadTimes(this.#thread);
    if (times === undefined) return TICK_MS;
    const usedMs = times.cpuMs - this.#cpuMs;
    this.#cpuMs = times.cpuMs;
    return times.isRunnable ? Math.min(usedMs, TICK_MS) : TICK_MS;
  }

  async #endUnresponsive(reason: string): Promise<void> {
    this.#alive = false;
    const blocked = await this.#channel.blockedRequest().catch(() => undefined);
    this.#end = { id: blocked?.id, stack: blocked?.stack ?? [], reason };
    this.#channel.terminate();
    // Native code can delay the exit, but nothing of the host's own code runs after it.
    this.#lost(reason);
  }

  #endStarved(reason: string): void {
    this.#end = { id: undefined, stack: [], reason, isStarved: true };
    this.#channel.terminate();
    this.#lost(reason);
  }

  #lost(exitReason: string): void {
    this.#alive = false;
    const { id: culprit, stack, reason, isStarved } = this.#end ?? { id: undefined, stack: [], reason: exitReason };
    const alone = [...this.#pending.values()].filter(({ isWork }) => isWork).length === 1;
    for (const [id, { reject }] of this.#pending) {
      const cause = culprit === id || alone ? 'blocked' : culprit === undefined ? 'possible' : 'none';
      const kind = isStarved ? 'starved' : cause;
      reject(new HostLostError(reason, { kind, alone, stack: kind === 'blocked' ? stack : [] }));
    }
    this.#pending.clear();
    this.#close();
  }

  #close(): void {
    clearInterval(this.#watch);
    this.#exited.resolve();
  }
}
