import type { Zone } from './time-zone.ts';

const DAY = 86_400_000;
/** Latest Date, in milliseconds since 1970. */
const MAX_DATE_MS = 8_640_000_000_000_000;

/** An instant: milliseconds since 1970, and nanoseconds within its second. */
export interface Instant {
  readonly ms: number;
  /** 0 to 999,999,999, like in java.sql.Timestamp. */
  readonly nanos: number;
}

const timestamp =
  /^(\d{4,})-(\d\d)-(\d\d)(?:[ T](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?)?(?:([+-]\d\d)(?::?(\d\d))?(?::?(\d\d))?)?( BC)?$/;

/**
 * Parses a date or a timestamp in the formats of PostgreSQL (ISO) and MySQL; without an offset, it is local to `zone`. Throws
 * for values that are not instants (infinities, and MySQL's invalid dates such as 2024-00-10), and for years beyond 275760,
 * the limit of Date.
 */
export function parseInstant(text: string, zone: Zone): Instant {
  const match = timestamp.exec(text);
  if (match === null)
    throw new Error('infinite dates and zero dates are not instants, and Connect has no other timestamps');
  const part = (i: number) => Number(match[i] ?? 0);
  const year = match[11] === undefined ? part(1) : 1 - part(1);
  const day = new Date(utc(year, part(2), part(3)));
  const local = day.getTime() + part(4) * 3_600_000 + part(5) * 60_000 + part(6) * 1000;
  if (Number.isNaN(local)) throw new Error('the date is out of range');
  if (day.getUTCMonth() !== part(2) - 1 || day.getUTCDate() !== part(3))
    throw new Error('the date does not exist in the calendar');
  let seconds: number;
  if (match[8] === undefined) seconds = zone.toInstant(local);
  else {
    const hours = part(8);
    const minutes = part(9) * 60_000 + part(10) * 1000;
    const negative = match[8].startsWith('-');
    seconds = local - (hours * 3_600_000 + (negative ? -minutes : minutes));
  }
  if (Math.abs(seconds) > MAX_DATE_MS) throw new Error('the date is out of range');
  const nanos = Number((match[7] ?? '').padEnd(9, '0'));
  return { ms: seconds + Math.floor(nanos / 1_000_000), nanos };
}

/** `2026-03-04 05:06:07.123456` local to `zone`; the databases have microseconds. */
export function formatLocal({ ms, nanos }: Instant, zone: Zone): string {
  const local = new Date(zone.toLocal(Math.floor(ms / 1000) * 1000));
  const micros = String(Math.floor(nanos / 1000)).padStart(6, '0');
  return `${local.toISOString().replace('T', ' ').slice(0, -5)}.${micros}`;
}

/** Timestamp with six fractional digits, so that equal times are equal texts. */
export function normalizeFraction(text: string): string {
  const match = /^(\d{4,}-\d\d-\d\d)(?: (\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?)?/.exec(text);
  if (match === null) return text;
  return `${match[1]} ${match[2] ?? '00:00:00'}.${(match[3] ?? '').padEnd(6, '0')}`;
}

export const instantOfMs = (ms: number): Instant => ({ ms, nanos: (((ms % 1000) + 1000) % 1000) * 1_000_000 });

/** Milliseconds since midnight of `12:34:56.789`, in UTC if it has an offset. Throws for times beyond a day. */
export function parseTimeOfDay(text: string): number {
  const match = /^(-?)(\d{2,}):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:([+-]\d\d)(?::?(\d\d))?)?/.exec(text);
  if (match === null) throw new Error('the text is not a time');
  const part = (i: number) => Number(match[i] ?? 0);
  const ms =
    part(2) * 3_600_000 + part(3) * 60_000 + part(4) * 1000 + Number((match[5] ?? '').padEnd(3, '0').slice(0, 3));
  if (match[1] === '-' || ms >= DAY) throw new Error("the time is not within a day, as Connect's Time requires");
  if (match[6] === undefined) return ms;
  const east = part(6) * 3_600_000 + (match[6].startsWith('-') ? -1 : 1) * part(7) * 60_000;
  return (ms - east + 2 * DAY) % DAY;
}

/** Milliseconds since 1970 at the start of a day, including years before 100. */
function utc(year: number, month: number, day: number): number {
  return year > 99 ? Date.UTC(year, month - 1, day) : new Date(0).setUTCFullYear(year, month - 1, day);
}
