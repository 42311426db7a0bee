import { Cron } from 'croner';

/** `millrace.schedule`: continuous, at an interval, or by a cron expression. */
export type Schedule =
  | { readonly kind: 'continuous' }
  | { readonly kind: 'every'; readonly ms: number }
  | { readonly kind: 'cron'; readonly cron: Cron };

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
/** A shorter interval would be polling, for which a continuous connector is more efficient. */
const MIN_INTERVAL_MS = 1000;

/** Parses a schedule. Returns an error text for an invalid one. `timezone` is the IANA time zone of a cron expression. */
export function parseSchedule(text: string, timezone = 'UTC'): Schedule | string {
  const words = text.trim();
  if (words.toLowerCase() === 'continuous') return { kind: 'continuous' };
  const [, count, unit] = /^every\s+(\d+)\s*(ms|s|m|h|d)$/i.exec(words) ?? [];
  if (count !== undefined && unit !== undefined) {
    const ms = Number(count) * (UNITS[unit.toLowerCase()] as number);
    return ms >= MIN_INTERVAL_MS ? { kind: 'every', ms } : 'must be a second or more';
  }
  try {
    const cron = new Cron(words, { timezone, paused: true });
    return cron.nextRun() === null ? 'has no next run' : { kind: 'cron', cron };
  } catch (error) {
    return `must be continuous, such as "every 30s" (ms, s, m, h, d), or a cron expression such as "0 2 * * *" (${(error as Error).message})`;
  }
}

/**
 * Time of the next run in milliseconds since the epoch, not before `now`. The first run of an interval starts at once and
 * later ones at multiples of the interval after the last start; a cron expression determines each run.
 */
export function nextRun(options: {
  readonly schedule: string;
  readonly timezone?: string;
  readonly now: number;
  readonly began?: number;
}): number {
  const { now, began } = options;
  const schedule = parseSchedule(options.schedule, options.timezone);
  if (typeof schedule === 'string' || schedule.kind === 'continuous') return now;
  if (schedule.kind === 'cron') return schedule.cron.nextRun(new Date(now))?.getTime() ?? now;
  if (began === undefined) return now;
  return Math.max(now, began + schedule.ms * Math.ceil((now - began) / schedule.ms));
}
