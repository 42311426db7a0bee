import { setTimeout as after } from 'node:timers/promises';
import { isPassing } from '../failures.ts';

export interface Retry {
  /** `performance.now()` after which no further attempt begins. */
  readonly deadline: number;
  /** Ends the wait between attempts: the last error is thrown. */
  readonly signal: AbortSignal;
  /** Milliseconds before the second attempt; each later wait is half as long again, up to `most`. */
  readonly first?: number;
  readonly most?: number;
  /** Called before each further attempt: the place to forget what the error has shown to be wrong. */
  readonly again?: (error: unknown, attempt: number) => Promise<void> | void;
  /** Default: what passes by itself. */
  readonly retriable?: (error: unknown) => boolean;
}

/** Tries until it succeeds, fails for good, or the deadline has passed; then throws the last error. */
export async function persist<T>(attempt: () => Promise<T>, retry: Retry): Promise<T> {
  const { deadline, signal, first = 5, most = 250, again, retriable = isPassing } = retry;
  let wait = first;
  for (let n = 1; ; n++) {
    try {
      return await attempt();
    } catch (error) {
      if (!retriable(error) || signal.aborted || performance.now() + wait > deadline) throw error;
      await after(wait, undefined, { signal }).catch(() => {
        throw error;
      });
      wait = Math.min(most, wait * 1.5);
      await again?.(error, n);
    }
  }
}
