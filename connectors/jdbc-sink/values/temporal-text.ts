import {
  dateText,
  floorDivide,
  type Instant,
  infiniteDate,
  infiniteDays,
  infiniteIso,
  infiniteMicros,
  infiniteNanos,
  infinityText,
  parseInstant,
  parseIsoDate,
  timestampText,
  timeText,
} from './calendar.ts';
import type { Kind } from './kinds.ts';
import { checked, isDate, isNumber, isString, isWhole, type Literal } from './literal.ts';

const DAY_MS = 86_400_000;
const MAX_INT64 = 2n ** 63n - 1n;
const MIN_INT64 = -(2n ** 63n);

const toMicros = (value: number | bigint, factor: bigint): bigint => BigInt(value) * factor;
const nanosToMicros = (value: number | bigint): bigint => floorDivide(BigInt(value), 1000n);
/** Date of days since 1970. */
export const daysText = (count: number): string => {
  const infinite = infiniteDays(count);
  if (infinite !== 0) return infinityText(infinite);
  const { date, era } = dateText(count);
  return date + era;
};

/** Timestamp of microseconds since 1970. */
export const microsText = (count: bigint, zone = ''): string => {
  const infinite = infiniteMicros(count);
  return infinite === 0 ? timestampText(count, zone) : infinityText(infinite);
};

/** Prints the time of a Date; the limits of Date are PostgreSQL's infinities. */
const finiteTime =
  (print: (ms: number) => string) =>
  (value: Date): string => {
    const infinite = infiniteDate(value.getTime());
    return infinite === 0 ? print(value.getTime()) : infinityText(infinite);
  };

/** Dates and timestamps in ISO 8601, in PostgreSQL's format, which has no signed years. */
export const isoDateText: Literal = checked(isString, 'a date of ISO 8601', text => {
  const infinite = infiniteIso(text);
  const count = parseIsoDate(text);
  return infinite === 0 ? (count === undefined ? text : daysText(count)) : infinityText(infinite);
});

const instant: Instant = { seconds: 0, micros: 0 };
export const isoTimestampText: Literal = checked(isString, 'a timestamp of ISO 8601', text => {
  const infinite = infiniteIso(text);
  if (infinite !== 0) return infinityText(infinite);
  if (!parseInstant(text, instant)) return text;
  return timestampText(BigInt(instant.seconds) * 1_000_000n + BigInt(instant.micros), '+00');
});

/** Error for the limits of 64 bits, which represent all values beyond them. */
export const BEYOND_DURATION =
  'a duration beyond 64 bits of microseconds, which the record does not contain: ' +
  'set interval.handling.mode=string in the source';

/** Interval in hours, minutes and seconds. */
function durationText(value: bigint): string {
  if (value === MAX_INT64 || value === MIN_INT64) throw new Error(BEYOND_DURATION);
  return value < 0n ? `-${timeText(-value)}` : timeText(value);
}

/** Literals of dates, times and durations that records have as numbers or Dates; undefined for other kinds. */
export function temporalLiteral(kind: Kind): Literal | undefined {
  switch (kind) {
    case 'connect-date':
      return checked(
        isDate,
        'a date',
        finiteTime(ms => daysText(Math.floor(ms / DAY_MS))),
      );
    case 'connect-time':
      return checked(isDate, 'a time', value => timeText(toMicros(value.getTime(), 1000n)));
    case 'connect-timestamp':
      return checked(
        isDate,
        'a timestamp',
        finiteTime(ms => timestampText(toMicros(ms, 1000n), '+00')),
      );
    case 'date':
      return checked(isNumber, 'days since 1970', daysText);
    case 'time':
      return checked(isWhole, 'milliseconds', value => timeText(toMicros(value, 1000n)));
    case 'micro-time':
      return checked(isWhole, 'microseconds', value => timeText(BigInt(value)));
    case 'nano-time':
      return checked(isWhole, 'nanoseconds', value => timeText(nanosToMicros(value)));
    case 'timestamp':
      return checked(isWhole, 'milliseconds since 1970', value => microsText(toMicros(value, 1000n)));
    case 'micro-timestamp':
      return checked(isWhole, 'microseconds since 1970', value => microsText(BigInt(value)));
    case 'nano-timestamp':
      return checked(isWhole, 'nanoseconds since 1970', value =>
        microsText(infiniteNanos(BigInt(value)) === 0 ? nanosToMicros(value) : BigInt(value)),
      );
    case 'micro-duration':
      return checked(isWhole, 'microseconds', value => durationText(BigInt(value)));
    case 'nano-duration':
      return checked(isWhole, 'nanoseconds', value => durationText(nanosToMicros(value)));
    default:
      return undefined;
  }
}
