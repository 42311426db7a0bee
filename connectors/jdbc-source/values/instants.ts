import type { Zone } from './time-zone.ts';

const DAY = 86_400_000;
/** Milliseconds from 1970 to the last instant that a Date holds. */
const FURTHEST = 8_640_000_000_000_000;

/** An instant to the microsecond and below: milliseconds since 1970, and nanoseconds within its second. */
export interface Instant {
  readonly ms: number;
  /** 0 to 999,999,999, as java.sql.Timestamp counts them. */
  readonly nanos: number;
}

const timestamp =
  /^(\d{4,})-(\d\d)-(\d\d)(?:[ T](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?)?(?:([+-]\d\d)(?::?(\d\d))?(?::?(\d\d))?)?( BC)?$/;

/**
 * Reads a date or a timestamp as PostgreSQL (ISO) and MySQL write it; one without an offset of its own is on the clock
 * of `zone`. Throws for what is no instant: infinities, and MySQL's dates of no calendar, such as 2024-00-10 and
 * 2024-02-31; and for years beyond 275760, as a Date has no others.
 */
export function readInstant(text: string, zone: Zone): Instant {
  const match = timestamp.exec(text);
  if (match === null) throw new Error('infinite dates and zero dates are no instants, and Connect holds no others');
  const part = (i: number) => Number(match[i] ?? 0);
  const year = match[11] === undefined ? part(1) : 1 - part(1);
  const day = new Date(utc(year, part(2), part(3)));
  const local = day.getTime() + part(4) * 3_600_000 + part(5) * 60_000 + part(6) * 1000;
  if (Number.isNaN(local)) throw new Error('the date is beyond those that can be held');
  if (day.getUTCMonth() !== part(2) - 1 || day.getUTCDate() !== part(3))
    throw new Error('the date is none of the calendar');
  let seconds: number;
  if (match[8] === undefined) seconds = zone.toInstant(local);
  else {
    const hours = part(8);
    const beside = part(9) * 60_000 + part(10) * 1000;
    const negative = match[8].startsWith('-');
    seconds = local - (hours * 3_600_000 + (negative ? -beside : beside));
  }
  if (Math.abs(seconds) > FURTHEST) throw new Error('the date is beyond those that can be held');
  const nanos = Number((match[7] ?? '').padEnd(9, '0'));
  return { ms: seconds + Math.floor(nanos / 1_000_000), nanos };
}

/** `2026-03-04 05:06:07.123456` on the clock of `zone`; microseconds are as fine as these databases are. */
export function writeLocal({ ms, nanos }: Instant, zone: Zone): string {
  const local = new Date(zone.toLocal(Math.floor(ms / 1000) * 1000));
  const micros = String(Math.floor(nanos / 1000)).padStart(6, '0');
  return `${local.toISOString().replace('T', ' ').slice(0, -5)}.${micros}`;
}

/** The fraction as six digits, so that equal times are equal texts. */
export function sameFraction(text: string): string {
  const match = /^(\d{4,}-\d\d-\d\d)(?: (\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?)?/.exec(text);
  if (match === null) return text;
  return `${match[1]} ${match[2] ?? '00:00:00'}.${(match[3] ?? '').padEnd(6, '0')}`;
}

export const instantOfMs = (ms: number): Instant => ({ ms, nanos: (((ms % 1000) + 1000) % 1000) * 1_000_000 });

/** Milliseconds of the day of `12:34:56.789`, in UTC where it has an offset. Throws beyond a day. */
export function readTimeOfDay(text: string): number {
  const match = /^(-?)(\d{2,}):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:([+-]\d\d)(?::?(\d\d))?)?/.exec(text);
  if (match === null) throw new Error('it is no time');
  const part = (i: number) => Number(match[i] ?? 0);
  const ms =
    part(2) * 3_600_000 + part(3) * 60_000 + part(4) * 1000 + Number((match[5] ?? '').padEnd(3, '0').slice(0, 3));
  if (match[1] === '-' || ms >= DAY) throw new Error("it is no time of a day, and Connect's Time holds no other");
  if (match[6] === undefined) return ms;
  const east = part(6) * 3_600_000 + (match[6].startsWith('-') ? -1 : 1) * part(7) * 60_000;
  return (ms - east + 2 * DAY) % DAY;
}

/** Milliseconds at the beginning of a day; also before the year 100. */
function utc(year: number, month: number, day: number): number {
  return year > 99 ? Date.UTC(year, month - 1, day) : new Date(0).setUTCFullYear(year, month - 1, day);
}
