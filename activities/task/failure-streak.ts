import type { Snapshot } from '../../src/connector/task/progress.ts';

/** Attempts of a task that have failed one after the other, and got nothing done. */
export interface Trouble {
  readonly failures: number;
  /** When the first of them failed, in milliseconds since 1970. */
  readonly since: number;
}

/** Backing off: 0.5 s, doubling, to half a minute, for as long as nothing gets through. */
const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 30_000;
/** From so many on it is more than a hiccup. */
const TROUBLED = 4;

export const retryMs = ({ failures }: Trouble): number => Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** (failures - 1));

/** Whether the connector has been told, unless that failed. */
export const isTold = ({ failures }: Trouble): boolean => failures >= TROUBLED;

/** Whether to tell it now: fewer and fewer times, so that an outage of days does not fill its history. */
export const isToBeTold = ({ failures }: Trouble): boolean =>
  failures >= TROUBLED && Number.isInteger(Math.log2(failures));

export const oneMore = (before: Trouble | undefined): Trouble => ({
  failures: (before?.failures ?? 0) + 1,
  since: before?.since ?? Date.now(),
});

/** As the heartbeat shows it: the one thing that goes from an attempt to the next, whichever process that is in. */
export const figuresOf = (trouble: Trouble | undefined): Snapshot =>
  trouble === undefined
    ? {}
    : { failures_in_a_row: trouble.failures, failing_since: new Date(trouble.since).toISOString() };

/** Out of the last heartbeat of the attempt before, if that is what it is. */
export function troubleOf(heartbeat: unknown): Trouble | undefined {
  if (typeof heartbeat !== 'object' || heartbeat === null) return undefined;
  const { failures_in_a_row: failures, failing_since: text } = heartbeat as Snapshot;
  const since = Date.parse(String(text));
  return typeof failures === 'number' && failures > 0 && !Number.isNaN(since) ? { failures, since } : undefined;
}
