import type { Figures } from '../../src/connector/task/progress.ts';

/** Consecutive unresponsive attempts before a task is quarantined. */
const QUARANTINE_AFTER = 3;
/** Attempts that ended without an answer before the next one is isolated. A killed worker accounts for one of them. */
const ISOLATE_AFTER = 2;

/**
 * Unusual ends of the previous attempts. Heartbeat details pass it from one attempt to the next, whichever worker runs
 * them.
 */
export class AttemptHistory {
  /** Consecutive attempts whose worker disappeared: killed, frozen or cut off. Other tasks may be the reason. */
  readonly #unanswered: number;
  /** Consecutive attempts that were ended because they blocked their thread, or may have. */
  readonly #unresponsive: number;
  /** Functions that blocked the thread, as last observed. */
  readonly #blockedIn: string | undefined;

  private constructor(unanswered: number, unresponsive: number, blockedIn: string | undefined) {
    this.#unanswered = unanswered;
    this.#unresponsive = unresponsive;
    this.#blockedIn = blockedIn;
  }

  /** Reads the last heartbeat of the previous attempt; undefined: this is the first attempt. */
  static from(heartbeat: unknown): AttemptHistory {
    if (typeof heartbeat !== 'object' || heartbeat === null) return new AttemptHistory(0, 0, undefined);
    const { unanswered_attempts, unresponsive_attempts, blocked_in, attempt_ended } = heartbeat as Figures;
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

  /** Returns the history after an attempt that blocked its thread, or may have. */
  afterUnresponsive(stack: readonly string[]): AttemptHistory {
    const blockedIn = stack.length === 0 ? this.#blockedIn : stack.join(' < ');
    return new AttemptHistory(this.#unanswered, this.#unresponsive + 1, blockedIn);
  }

  /** Figures for the heartbeats of a running attempt. */
  get figures(): Figures {
    return {
      ...(this.#unanswered > 0 ? { unanswered_attempts: this.#unanswered } : {}),
      ...(this.#unresponsive > 0 ? { unresponsive_attempts: this.#unresponsive } : {}),
      ...(this.#blockedIn === undefined ? {} : { blocked_in: this.#blockedIn }),
    };
  }

  /** Figures for the last heartbeat of an attempt that ends with an answer. */
  get lastFigures(): Figures {
    return { ...this.figures, attempt_ended: 1 };
  }
}

const countOf = (value: unknown): number => (typeof value === 'number' && value > 0 ? value : 0);
