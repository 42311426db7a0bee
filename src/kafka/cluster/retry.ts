import { setTimeout as delay } from 'node:timers/promises';
import { isRetriableError } from '../failures.ts';

export interface RetryOptions {
  /** `performance.now()` after which no further attempt starts. */
  readonly deadline: number;
  /** Ends the backoff; the last error is thrown then. */
  readonly signal: AbortSignal;
  /** Milliseconds before the second attempt; each later backoff is 1.5 times as long, up to `maxBackoffMs`. */
  readonly firstBackoffMs?: number;
  readonly maxBackoffMs?: number;
  /** Called before each further attempt, for example to discard metadata that the error shows to be stale. */
  readonly beforeRetry?: (error: unknown, attempt: number) => Promise<void> | void;
  /** Default: `isRetriableError`. */
  readonly isRetriable?: (error: unknown) => boolean;
}

/** Retries until the attempt succeeds, the error is not retriable, or the deadline has passed; then throws the last error. */
export async function retry<T>(attempt: () => Promise<T>, options: RetryOptions): Promise<T> {
  const {
    deadline,
    signal,
    firstBackoffMs = 5,
    maxBackoffMs = 250,
    beforeRetry,
    isRetriable = isRetriableError,
  } = options;
  let backoffMs = firstBackoffMs;
  for (let n = 1; ; n++) {
    try {
      return await attempt();
    } catch (error) {
      if (!isRetriable(error) || signal.aborted || performance.now() + backoffMs > deadline) throw error;
      await delay(backoffMs, undefined, { signal }).catch(() => {
        throw error;
      });
      backoffMs = Math.min(maxBackoffMs, backoffMs * 1.5);
      await beforeRetry?.(error, n);
    }
  }
}
