import { Cron } from 'croner';

/** `millrace.schedule`: without end, every so often, or when a cron expression says. */
export type Schedule =
  | { readonly kind: 'continuous' }
  | { readonly kind: 'every'; readonly ms: number }
  | { readonly kind: 'cron'; readonly cron: Cron };

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
/** Sooner, it would be a poll, which a continuous connector does better. */
const LEAST_MS = 1000;

/** Reads a schedule; a text that says what is wrong where it is none. timezone: of a cron expression, an IANA name. */
export function readSchedule(text: string, timezone = 'UTC'): Schedule | string {
  const words = text.trim();
  if (words.toLowerCase() === 'continuous') return { kind: 'continuous' };
  const [, count, unit] = /^every\s+(\d+)\s*(ms|s|m|h|d)$/i.exec(words) ?? [];
  if (count !== undefined && unit !== undefined) {
    const ms = Number(count) * (UNITS[unit.toLowerCase()] as number);
    return ms >= LEAST_MS ? { kind: 'every', ms } : 'must be a second or more';
  }
  try {
    const cron = new Cron(words, { timezone, paused: true });
    return cron.nextRun() === null ? 'is never due' : { kind: 'cron', cron };
  } catch (error) {
    return `must be continuous, such as "every 30s" (ms, s, m, h, d), or a cron expression such as "0 2 * * *" (${(error as Error).message})`;
  }
}

/**
 * When it is next due, in milliseconds since 1970, and not before `now`. What runs every so often runs at once, and then
 * in step with when it last began; a cron expression is waited for.
 */
export function nextRun(of: {
  readonly schedule: string;
  readonly timezone?: string;
  readonly now: number;
  readonly began?: number;
}): number {
  const { now, began } = of;
  const schedule = readSchedule(of.schedule, of.timezone);
  if (typeof schedule === 'string' || schedule.kind === 'continuous') return now;
  if (schedule.kind === 'cron') return schedule.cron.nextRun(new Date(now))?.getTime() ?? now;
  if (began === undefined) return now;
  return Math.max(now, began + schedule.ms * Math.ceil((now - began) / schedule.ms));
}
