/**
 * A date and time of day from PostgreSQL's ISO text, in days, seconds and microseconds: integers that are exact for all
 * years of PostgreSQL (4713 BC to 294276).
 */
export interface Civil {
  /** Days since 1970-01-01, proleptic Gregorian. */
  days: number;
  /** Seconds of the day; 86,400 is 24:00:00. */
  seconds: number;
  /** Microseconds of the second, 0 to 999,999. */
  micros: number;
  /** 1 and -1 for infinity and -infinity, whose other fields have no meaning. */
  infinite: -1 | 0 | 1;
}

const DASH = 0x2d;
const POINT = 0x2e;
const I = 0x69;

/** Result of the last `readTimestamp`, `readDate` or `readTime`; shared, so use it before the next call. */
export const civil: Civil = { days: 0, seconds: 0, micros: 0, infinite: 0 };

const two = (bytes: Buffer, at: number): number => (bytes[at] as number) * 10 + (bytes[at + 1] as number) - 528;

/** Parses `2026-03-04`; years may have more digits and end with ` BC`. Returns the index after the date. */
export function readDate(bytes: Buffer, start: number, end: number): number {
  civil.seconds = 0;
  civil.micros = 0;
  civil.infinite = bytes[start] === I ? 1 : bytes[start] === DASH ? -1 : 0;
  if (civil.infinite !== 0) return end;
  let year = 0;
  let at = start;
  for (; bytes[at] !== DASH; at++) year = year * 10 + (bytes[at] as number) - 0x30;
  if (end - start > 10 && isBc(bytes, end)) year = 1 - year;
  civil.days = daysOf(year, two(bytes, at + 1), two(bytes, at + 4));
  return at + 6;
}

/** Parses `12:34:56.789012`, without trailing zeros. Returns the index after the time. */
export function readTime(bytes: Buffer, start: number, end: number): number {
  civil.infinite = 0;
  civil.seconds = two(bytes, start) * 3600 + two(bytes, start + 3) * 60 + two(bytes, start + 6);
  civil.micros = 0;
  let at = start + 8;
  if (at >= end || bytes[at] !== POINT) return at;
  at++;
  let scale = 1_000_000;
  for (; at < end; at++) {
    const digit = (bytes[at] as number) - 0x30;
    if (digit < 0 || digit > 9) break;
    scale /= 10;
    civil.micros += digit * scale;
  }
  return at;
}

/** Parses a date, a space and a time. Returns the index after the time; a zone and ` BC` may follow. */
export function readTimestamp(bytes: Buffer, start: number, end: number): number {
  const at = readDate(bytes, start, end);
  return civil.infinite !== 0 ? end : readTime(bytes, at + 1, end);
}

const isBc = (bytes: Buffer, end: number): boolean => bytes[end - 1] === 0x43 && bytes[end - 2] === 0x42;

/** Days since 1970-01-01 in the proleptic Gregorian calendar; year 0 is 1 BC. */
export function daysOf(year: number, month: number, day: number): number {
  const shifted = month <= 2 ? year - 1 : year;
  const era = Math.floor(shifted / 400);
  const ofEra = shifted - era * 400;
  const ofYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  return era * 146_097 + ofEra * 365 + Math.floor(ofEra / 4) - Math.floor(ofEra / 100) + ofYear - 719_468;
}
