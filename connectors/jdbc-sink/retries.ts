import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '../../src/api/index.ts';
import { FencedError, kindOf, MillraceError, messageOf } from '../../src/errors.ts';

/** Retries of a transient failure, limited by the setting of that name. */
export interface RetryLimit {
  readonly setting: string;
  /** null: the engine tries again, without limit. */
  readonly retries: number | null;
  readonly backoffMs: number;
}

/**
 * Runs `attempt` until it succeeds, or a failure does not pass by itself. Rejects with SINK_SETUP when the retries are used
 * up; at once, with the failure itself, where there is no limit.
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
      const passes = kindOf(error) === 'retriable' && !(error instanceof FencedError) && !signal.aborted;
      if (retries === null || !passes) throw error;
      if (failures >= retries)
        throw new MillraceError(
          'SINK_SETUP',
          `${messageOf(error)} It was tried ${failures + 1} times, as ${setting} says; leave that out to try without end.`,
          { cause: error },
        );
      log.warn({ reason: messageOf(error), failures: failures + 1 }, 'the destination failed and is tried again');
      await sleep(backoffMs, undefined, { signal }).catch(() => {
        throw error;
      });
    }
}
