import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '../../src/api/index.ts';
import { FencedError, kindOf, MillraceError, messageOf } from '../../src/errors.ts';

/** Retries of a transient failure, limited by a configuration key. */
export interface RetryLimit {
  readonly setting: string;
  /** null: the engine retries, without limit. */
  readonly retries: number | null;
  readonly backoffMs: number;
}

/**
 * Runs `attempt` until it succeeds or fails with an error that is not retriable. Rejects with SINK_SETUP after the last
 * retry; without a limit, with the first error.
 */
export async function withRetries<T>(
  { setting, retries, backoffMs }: RetryLimit,
  { log, signal }: { readonly log: Log; readonly signal: AbortSignal },
  attempt: (failures: number) => Promise<T>,
): Promise<T> {
  for (let failures = 0; ; failures++)
    try {
      return await attempt(failures);
    } catch (error) {
      const isRetriable = kindOf(error) === 'retriable' && !(error instanceof FencedError) && !signal.aborted;
      if (retries === null || !isRetriable) throw error;
      if (failures >= retries)
        throw new MillraceError(
          'SINK_SETUP',
          `${messageOf(error)} Gave up after ${failures + 1} attempts (${setting}); remove that key to retry without limit.`,
          { cause: error },
        );
      log.warn({ reason: messageOf(error), failures: failures + 1 }, 'the destination failed; retrying');
      await sleep(backoffMs, undefined, { signal }).catch(() => {
        throw error;
      });
    }
}
