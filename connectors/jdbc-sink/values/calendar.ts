/** Days and microseconds since 1970 in the proleptic Gregorian calendar, beyond the limits of Date. */

const DAY_MICROS = 86_400_000_000n;

/**
 * Debezium's values of infinity and -infinity: days, and microseconds beyond the range of PostgreSQL's timestamps
 * (documentation of its PostgreSQL connector, "Temporal values").
 */
const SENT_DAYS = 2_146_033_979;
const SENT_MINUS_DAYS = -2_147_472_691;
const SENT_MICROS = 9_223_372_036_825_200_000n;
const SENT_MINUS_MICROS = -9_223_372_036_832_400_000n;
const MAX_INT32 = 2 ** 31 - 1;
const MAX_INT64 = 2n ** 63n - 1n;
const MIN_INT64 = -(2n ** 63n);
/** Latest Date, in milliseconds: infinity in Connect's own types. */
const DATE_LIMIT = 8_640_000_000_000_000;

/** 1 and -1 for infinity and -infinity, 0 for finite values. */
type Sign = -1 | 0 | 1;

/** Treats the limits of 32 bits as infinite too. */
export function infiniteDays(days: number): Sign {
  if (days === SENT_DAYS || days >= MAX_INT32) return 1;
  return days === SENT_MINUS_DAYS || days <= -MAX_INT32 ? -1 : 0;
}

export function infiniteMicros(micros: bigint): Sign {
  if (micros >= SENT_MICROS) return 1;
  return micros <= SENT_MINUS_MICROS ? -1 : 0;
}

/** Treats the limits of 64 bits as infinite: no timestamp in nanoseconds has them. */
export function infiniteNanos(nanos: bigint): Sign {
  if (nanos === MAX_INT64) return 1;
  return nanos === MIN_INT64 ? -1 : 0;
}

export function infiniteDate(ms: number): Sign {
  if (ms >= DATE_LIMIT) return 1;
  return ms <= -DATE_LIMIT ? -1 : 0;
}

export const infinityText = (sign: Sign): string => (sign < 0 ? '-infinity' : 'infinity');

/** Days since 1970-01-01 of a date; month from 1. Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms". */
export function daysOf(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146097 + dayOfEra - 719468;
}

/** `2026-01-31`, or `0044-03-15 BC` in PostgreSQL's format, in which the era follows the time and the zone. */
export function dateText(days: number): { date: string; era: string } {
  const z = days + 719468;
  const era = Math.floor(z / 146097);
  const dayOfEra = z - era * 146097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36524) - Math.floor(dayOfEra / 146096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const shifted = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * shifted + 2) / 5) + 1;
  const month = shifted < 10 ? shifted + 3 : shifted - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  const pad = (n: number, width = 2) => String(n).padStart(width, '0');
  return { date: `${pad(year > 0 ? year : 1 - year, 4)}-${pad(month)}-${pad(day)}`, era: year > 0 ? '' : ' BC' };
}

/** `13:37:00.123456` of microseconds since midnight. */
export function timeText(micros: bigint): string {
  const seconds = micros / 1_000_000n;
  const pad = (n: bigint, width = 2) => String(n).padStart(width, '0');
  const fraction = micros % 1_000_000n;
  const clock = `${pad(seconds / 3600n)}:${pad((seconds / 60n) % 60n)}:${pad(seconds % 60n)}`;
  return fraction === 0n ? clock : `${clock}.${pad(fraction, 6)}`;
}

/** `2026-01-31 13:37:00.123456` followed by `zone`, of microseconds since 1970. */
export function timestampText(micros: bigint, zone = ''): string {
  const days = floorDivide(micros, DAY_MICROS);
  const { date, era } = dateText(Number(days));
  return `${date} ${timeText(micros - days * DAY_MICROS)}${zone}${era}`;
}

export function floorDivide(value: bigint, by: bigint): bigint {
  const quotient = value / by;
  return value % by < 0n ? quotient - 1n : quotient;
}

const ISO_DAY = /^([+-]?\d{4,7})-(\d\d)-(\d\d)(?:Z|[+-]\d\d:?\d\d)?$/;
/** Infinities of Debezium's `time.precision.mode=isostring`. */
const ISO_INFINITE: Readonly<Record<string, Sign>> = {
  '+5877611-06-21Z': 1,
  '-5877611-06-22Z': -1,
  '+292278994-08-16T23:00:00Z': 1,
  '-292275055-05-16T23:00:00Z': -1,
};
const isoInfinite = new Map(Object.entries(ISO_INFINITE));

/** Sign of ISO 8601 text that represents infinity, else 0. */
export const infiniteIso = (text: string): Sign => isoInfinite.get(text) ?? 0;

/** Days since 1970 of a date in ISO 8601, with or without an offset; undefined for other text. */
export function parseIsoDate(text: string): number | undefined {
  const match = ISO_DAY.exec(text);
  if (match === null) return undefined;
  const [year, month, day] = match.slice(1).map(Number) as [number, number, number];
  return isValidTime(year, month, day, 0, 0, 0) ? daysOf(year, month, day) : undefined;
}

/** Microseconds since midnight of a time of day, 24:00 included; undefined for other text. */
export function parseIsoTime(text: string): number | undefined {
  const match = /^(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?Z?$/.exec(text);
  if (match === null) return undefined;
  const [, hour = '', minute = '', second = '0', fraction = '0'] = match;
  const micros =
    (Number(hour) * 3600 + Number(minute) * 60 + Number(second)) * 1e6 + Math.round(Number(`0.${fraction}`) * 1e6);
  return Number(minute) < 60 && Number(second) < 60 && micros <= 86_400_000_000 ? micros : undefined;
}

/** Result of parseInstant. */
export interface Instant {
  /** Whole seconds since 1970. */
  seconds: number;
  micros: number;
}

const ZERO = 0x30;
const DASH = 0x2d;
const DOT = 0x2e;
const COLON = 0x3a;
const T = 0x54;
const Z = 0x5a;

/** Number of two digits; NaN, which fails every range check, for other characters. */
function pairAt(text: string, index: number): number {
  const tens = text.charCodeAt(index) - ZERO;
  const ones = text.charCodeAt(index + 1) - ZERO;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : Number.NaN;
}

/**
 * Parses ISO 8601 text with an offset (`io.debezium.time.ZonedTimestamp`) into `result`; returns false for other text.
 * Rounds to microseconds.
 */
export function parseInstant(text: string, result: Instant): boolean {
  return parseUtcInstant(text, result) || parseGeneralInstant(text, result);
}

/** `YYYY-MM-DDTHH:MM:SS[.f…]Z`: four-digit year, UTC. */
function parseUtcInstant(text: string, result: Instant): boolean {
  const end = text.length - 1;
  if (end < 19 || end > 26 || text.charCodeAt(end) !== Z || text.charCodeAt(10) !== T) return false;
  const year = pairAt(text, 0) * 100 + pairAt(text, 2);
  const month = pairAt(text, 5);
  const day = pairAt(text, 8);
  const hour = pairAt(text, 11);
  const minute = pairAt(text, 14);
  const second = pairAt(text, 17);
  let micros = 0;
  if (end > 19) {
    for (let i = 20; i < 26; i++) {
      const digit = i < end ? text.charCodeAt(i) - ZERO : 0;
      if (digit < 0 || digit > 9) return false;
      micros = micros * 10 + digit;
    }
  }
  const separated =
    text.charCodeAt(4) === DASH &&
    text.charCodeAt(7) === DASH &&
    text.charCodeAt(13) === COLON &&
    text.charCodeAt(16) === COLON &&
    (end === 19 || text.charCodeAt(19) === DOT);
  if (!(separated && year >= 1 && isValidTime(year, month, day, hour, minute, second))) return false;
  result.seconds = daysOf(year, month, day) * 86400 + hour * 3600 + minute * 60 + second;
  result.micros = micros;
  return true;
}

const generalInstant =
  /^([+-]?\d{4,9})-(\d\d)-(\d\d)[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?(Z|[+-]\d\d(?::?\d\d(?::?\d\d)?)?)$/;

function parseGeneralInstant(text: string, result: Instant): boolean {
  const match = generalInstant.exec(text);
  if (match === null) return false;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(part => Number(part ?? 0)) as number[];
  if (!isValidTime(year as number, month as number, day as number, hour as number, minute as number, second as number))
    return false;
  const clock = (hour as number) * 3600 + (minute as number) * 60 + (second as number);
  result.seconds =
    daysOf(year as number, month as number, day as number) * 86400 + clock - offsetSeconds(match[8] as string);
  result.micros = Math.round(Number(`0.${match[7] ?? '0'}`) * 1e6);
  return true;
}

function offsetSeconds(zone: string): number {
  if (zone === 'Z') return 0;
  const digits = zone.slice(1).replaceAll(':', '').padEnd(6, '0');
  const seconds = pairAt(digits, 0) * 3600 + pairAt(digits, 2) * 60 + pairAt(digits, 4);
  return zone[0] === '-' ? -seconds : seconds;
}

function isValidTime(year: number, month: number, day: number, hour: number, minute: number, second: number): boolean {
  return (
    month >= 1 &&
    month <= 12 &&
    day >= 1 &&
    day <= daysIn(year, month) &&
    hour >= 0 &&
    hour < 24 &&
    minute >= 0 &&
    minute < 60 &&
    second >= 0 &&
    second < 60
  );
}

const monthLengths = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
function daysIn(year: number, month: number): number {
  if (month === 2 && (year % 400 === 0 || (year % 4 === 0 && year % 100 !== 0))) return 29;
  return monthLengths[month - 1] as number;
}
