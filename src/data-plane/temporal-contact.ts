import { FencedError } from '../errors.ts';

/** Longest age of a contact after which Temporal may have replaced an attempt: heartbeats time out after 4 s. */
const MAX_AGE_MS = 2000;

/** Milliseconds of the machine's monotonic clock, comparable between threads and processes. */
export function monotonicMs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1000 + nanoseconds / 1e6;
}

/** What a host knows of its worker's contact with Temporal. */
export class TemporalContact {
  #at = monotonicMs();
  #interruptions = 0;

  /** at: monotonicMs() before a request that Temporal answered. interruptions: how often this worker was frozen so far. */
  update(at: number, interruptions: number): void {
    this.#at = Math.max(this.#at, at);
    this.#interruptions = interruptions;
  }

  get interruptions(): number {
    return this.#interruptions;
  }

  get at(): number {
    return this.#at;
  }
}

/** Tells whether an attempt is still the one that Temporal wants: a frozen process may have been replaced meanwhile. */
export class CurrentAttempt {
  readonly #contact: TemporalContact;
  readonly #prove: () => void;
  readonly #signal: AbortSignal;
  /** monotonicMs() before the request that last proved this attempt, and the interruptions up to then. */
  #provenAt = 0;
  #provenInterruptions: number;
  #proof: PromiseWithResolvers<void> | undefined;

  /** prove: asks the main thread, which calls `proven` or aborts the signal. */
  constructor(contact: TemporalContact, prove: () => void, signal: AbortSignal) {
    this.#contact = contact;
    this.#prove = prove;
    this.#signal = signal;
    this.#provenInterruptions = contact.interruptions;
  }

  /**
   * To be called before a write that a successor does not fence. Returns undefined while Temporal is in contact, else a
   * promise of Temporal's answer; it rejects with FencedError when the attempt is cancelled first.
   */
  confirm(): Promise<void> | undefined {
    const { at, interruptions } = this.#contact;
    const age = monotonicMs() - Math.max(at, this.#provenAt);
    if (age <= MAX_AGE_MS && this.#provenInterruptions === interruptions) return undefined;
    if (this.#signal.aborted) return Promise.reject(replaced());
    if (this.#proof === undefined) {
      const proof = Promise.withResolvers<void>();
      const abort = () => proof.reject(replaced());
      this.#signal.addEventListener('abort', abort, { once: true });
      this.#proof = proof;
      const settled = () => {
        this.#signal.removeEventListener('abort', abort);
        this.#proof = undefined;
      };
      proof.promise.then(settled, settled);
      this.#prove();
    }
    return this.#proof.promise;
  }

  /** Temporal has confirmed this attempt. at: monotonicMs() before it was asked. interruptions: up to then. */
  proven(at: number, interruptions: number): void {
    this.#provenAt = at;
    this.#provenInterruptions = interruptions;
    this.#proof?.resolve();
  }
}

const replaced = (): FencedError =>
  new FencedError('The worker had lost contact with Temporal, and this attempt of the task was ended meanwhile.');
