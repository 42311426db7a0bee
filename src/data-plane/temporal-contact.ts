import { FencedError } from '../errors.ts';

/** Longest age of a contact after which Temporal may have replaced an attempt: heartbeats time out after 4 s. */
const MAX_AGE_MS = 2000;

/** Milliseconds of the machine's monotonic clock, comparable between threads and processes. */
export function monotonicMs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1000 + nanoseconds / 1e6;
}

/** State of the worker's contact with Temporal, as a task host knows it. */
export class TemporalContact {
  #lastContactAt = monotonicMs();
  #interruptions = 0;

  /** at: monotonicMs() before a request that Temporal answered. interruptions: number of freezes of this worker so far. */
  update(lastContactAt: number, interruptions: number): void {
    this.#lastContactAt = Math.max(this.#lastContactAt, lastContactAt);
    this.#interruptions = interruptions;
  }

  get interruptions(): number {
    return this.#interruptions;
  }

  get lastContactAt(): number {
    return this.#lastContactAt;
  }
}

/** Checks that an attempt is still the current one: Temporal may have replaced that of a frozen process. */
export class CurrentAttempt {
  readonly #contact: TemporalContact;
  readonly #requestConfirmation: () => void;
  readonly #signal: AbortSignal;
  /** monotonicMs() before the request that last confirmed this attempt. */
  #confirmedAt = 0;
  #confirmedInterruptions: number;
  #confirmation: PromiseWithResolvers<void> | undefined;

  /** requestConfirmation: sends a request to the main thread, which calls `onConfirmed` or aborts the signal. */
  constructor(contact: TemporalContact, requestConfirmation: () => void, signal: AbortSignal) {
    this.#contact = contact;
    this.#requestConfirmation = requestConfirmation;
    this.#signal = signal;
    this.#confirmedInterruptions = contact.interruptions;
  }

  /**
   * Call it before a write that a successor does not fence. Returns undefined while the contact is recent; otherwise a promise
   * that resolves when Temporal confirms the attempt and rejects with FencedError when the attempt is cancelled.
   */
  confirm(): Promise<void> | undefined {
    const { lastContactAt, interruptions } = this.#contact;
    const age = monotonicMs() - Math.max(lastContactAt, this.#confirmedAt);
    if (age <= MAX_AGE_MS && this.#confirmedInterruptions === interruptions) return undefined;
    if (this.#signal.aborted) return Promise.reject(attemptReplaced());
    if (this.#confirmation === undefined) {
      const confirmation = Promise.withResolvers<void>();
      const abort = () => confirmation.reject(attemptReplaced());
      this.#signal.addEventListener('abort', abort, { once: true });
      this.#confirmation = confirmation;
      const settled = () => {
        this.#signal.removeEventListener('abort', abort);
        this.#confirmation = undefined;
      };
      confirmation.promise.then(settled, settled);
      this.#requestConfirmation();
    }
    return this.#confirmation.promise;
  }

  /** Temporal has confirmed this attempt. at: monotonicMs() before the request. interruptions: their number at that time. */
  onConfirmed(at: number, interruptions: number): void {
    this.#confirmedAt = at;
    this.#confirmedInterruptions = interruptions;
    this.#confirmation?.resolve();
  }
}

const attemptReplaced = (): FencedError =>
  new FencedError('The worker lost contact with Temporal, and this attempt of the task ended meanwhile.');
