import type { Figures } from '../../src/connector/task/progress.ts';

/** Consecutive attempts of a task that failed without progress. */
export interface FailureStreak {
  readonly failures: number;
  /** Time of the first failure, in milliseconds since 1970. */
  readonly since: number;
}

/** Backoff: 0.5 s, doubled up to 30 s. */
const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 30_000;
/** Failures before a streak is reported to the connector. */
const REPORT_AFTER = 4;

export const retryMs = ({ failures }: FailureStreak): number =>
  Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** (failures - 1));

/** The streak was reported, unless the signal failed. */
export const isReported = ({ failures }: FailureStreak): boolean => failures >= REPORT_AFTER;

/** Reports become rarer, so that an outage of days does not fill the history of the connector. */
export const shouldReport = ({ failures }: FailureStreak): boolean =>
  failures >= REPORT_AFTER && Number.isInteger(Math.log2(failures));

export const increment = (streak: FailureStreak | undefined): FailureStreak => ({
  failures: (streak?.failures ?? 0) + 1,
  since: streak?.since ?? Date.now(),
});

/** Figures for the heartbeat, whose details are passed to the next attempt in whichever process. */
export const streakFigures = (streak: FailureStreak | undefined): Figures =>
  streak === undefined
    ? {}
    : { failures_in_a_row: streak.failures, failing_since: new Date(streak.since).toISOString() };

/** Reads the streak from the last heartbeat of the previous attempt. */
export function streakFrom(heartbeat: unknown): FailureStreak | undefined {
  if (typeof heartbeat !== 'object' || heartbeat === null) return undefined;
  const { failures_in_a_row: failures, failing_since: text } = heartbeat as Figures;
  const since = Date.parse(String(text));
  return typeof failures === 'number' && failures > 0 && !Number.isNaN(since) ? { failures, since } : undefined;
}
