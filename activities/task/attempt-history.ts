import type { Snapshot } from '../../src/connector/task/progress.ts';

/** Attempts of this kind in a row before a task is not tried again by itself. */
const QUARANTINE_AFTER = 3;
/** Attempts that ended without any answer before the next one is isolated: a worker that is killed ends one of them. */
const ISOLATE_AFTER = 2;

/**
 * How the attempts before this one ended, as far as their ends were unusual. It passes from one attempt to the next in
 * the heartbeat, whichever worker runs them.
 */
export class AttemptHistory {
  /** Attempts in a row whose worker disappeared: killed, frozen or cut off. Other tasks may be the reason. */
  readonly #unanswered: number;
  /** Attempts in a row that were ended because they blocked their thread, or may have. */
  readonly #unresponsive: number;
  /** The functions that blocked the thread, when they were last known. */
  readonly #blockedIn: string | undefined;

  private constructor(unanswered: number, unresponsive: number, blockedIn: string | undefined) {
    this.#unanswered = unanswered;
    this.#unresponsive = unresponsive;
    this.#blockedIn = blockedIn;
  }

  /** Reads the last heartbeat of the previous attempt; undefined: this is the first attempt. */
  static from(heartbeat: unknown): AttemptHistory {
    if (typeof heartbeat !== 'object' || heartbeat === null) return new AttemptHistory(0, 0, undefined);
    const { unanswered_attempts, unresponsive_attempts, blocked_in, attempt_ended } = heartbeat as Snapshot;
    const blockedIn = typeof blocked_in === 'string' ? blocked_in : undefined;
    const unanswered = attempt_ended === 1 ? 0 : countOf(unanswered_attempts) + 1;
    return new AttemptHistory(unanswered, countOf(unresponsive_attempts), blockedIn);
  }

  /** The attempt must not share a process with other tasks. */
  get isIsolated(): boolean {
    return this.#unresponsive > 0 || this.#unanswered >= ISOLATE_AFTER;
  }

  get isQuarantined(): boolean {
    return this.#unresponsive >= QUARANTINE_AFTER;
  }

  get unresponsive(): number {
    return this.#unresponsive;
  }

  get blockedIn(): string | undefined {
    return this.#blockedIn;
  }

  /** This attempt blocked its thread, or may have. */
  afterUnresponsive(stack: readonly string[]): AttemptHistory {
    const blockedIn = stack.length === 0 ? this.#blockedIn : stack.join(' < ');
    return new AttemptHistory(this.#unanswered, this.#unresponsive + 1, blockedIn);
  }

  /** For the heartbeats of a running attempt. */
  get figures(): Snapshot {
    return {
      ...(this.#unanswered > 0 ? { unanswered_attempts: this.#unanswered } : {}),
      ...(this.#unresponsive > 0 ? { unresponsive_attempts: this.#unresponsive } : {}),
      ...(this.#blockedIn === undefined ? {} : { blocked_in: this.#blockedIn }),
    };
  }

  /** For the last heartbeat of an attempt that ends with an answer. */
  get lastFigures(): Snapshot {
    return { ...this.figures, attempt_ended: 1 };
  }
}

const countOf = (value: unknown): number => (typeof value === 'number' && value > 0 ? value : 0);
