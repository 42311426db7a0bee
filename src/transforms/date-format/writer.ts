import { DataError } from '../../errors.ts';
import { type CalendarDate, dateOf, weekdayInMonth, weekOf, weekOfMonth } from './calendar.ts';
import { eras, halves, months, shortened, weekdays } from './names.ts';
import { type Letters, patternParts } from './pattern.ts';

export type DateWriter = (date: Date) => string;

/**
 * Writes dates as `java.text.SimpleDateFormat` does in UTC and English. Throws SyntaxError where Java refuses the pattern,
 * and for more than three letters S: Java writes the milliseconds 6 as 000006 there, which everybody else reads as 6 µs. The
 * writer throws DataError for a date that the pattern cannot be sure of.
 */
export function dateWriter(pattern: string): DateWriter {
  const writers = patternParts(pattern).map(part => (typeof part === 'string' ? () => part : writerOf(part)));
  return date => {
    const ms = date.getTime();
    const day = Math.floor(ms / DAY_MS);
    const time = { ...dateOf(day), days: day, ms: ms - day * DAY_MS };
    return writers.map(write => write(time)).join('');
  };
}

const DAY_MS = 86_400_000;

/** `days` since 1970-01-01, `ms` of the day. */
interface Time extends CalendarDate {
  readonly days: number;
  readonly ms: number;
}

function writerOf({ letter, count, index }: Letters): (time: Time) => string {
  if (letter === 'S' && count > 3)
    throw new SyntaxError(
      `${count} letters S at position ${index}: S counts milliseconds and has at most three digits; write SSS`,
    );
  const text = texts[letter];
  if (text !== undefined) return time => text(time, count);
  const number = numbers[letter];
  if (number === undefined) throw new SyntaxError(`Illegal pattern character '${letter}' at position ${index}`);
  return time => digits(number(time), count);
}

const digits = (value: number, count: number): string =>
  value < 0 ? `-${digits(-value, count)}` : String(value).padStart(count, '0');

const name = (names: readonly string[], index: number, count: number): string => {
  const full = names[index] ?? '';
  return count >= 4 ? full : shortened(full);
};

const hour = ({ ms }: Time): number => Math.floor(ms / 3_600_000);
const yearOfEra = ({ year }: Time): number => (year > 0 ? year : 1 - year);
const yearDigits = (year: number, count: number): string => (count === 2 ? digits(year % 100, 2) : digits(year, count));
function weekYear(time: Time): number {
  // Java's calendar gets them wrong on some days.
  if (time.year < 1) throw new DataError('Y writes no year of a week before Christ');
  return weekOf(time.days, time).year;
}
const month = (time: Time, count: number): string =>
  count >= 3 ? name(months, time.month, count) : digits(time.month + 1, count);

const texts: Readonly<Record<string, (time: Time, count: number) => string>> = {
  G: ({ year }) => eras[year > 0 ? 1 : 0] ?? '',
  y: (time, count) => yearDigits(yearOfEra(time), count),
  Y: (time, count) => yearDigits(weekYear(time), count),
  M: month,
  L: month,
  E: ({ weekday }, count) => name(weekdays, weekday, count),
  a: time => halves[hour(time) < 12 ? 0 : 1] ?? '',
  z: (_time, count) => (count >= 4 ? 'Coordinated Universal Time' : 'UTC'),
  Z: () => '+0000',
  X: () => 'Z',
};

const numbers: Readonly<Record<string, (time: Time) => number>> = {
  w: time => weekOf(time.days, time).week,
  W: time => weekOfMonth(time.days, time),
  D: time => time.dayOfYear,
  d: time => time.day,
  F: time => weekdayInMonth(time.days, time),
  u: time => time.weekday || 7,
  H: hour,
  k: time => hour(time) || 24,
  K: time => hour(time) % 12,
  h: time => hour(time) % 12 || 12,
  m: time => Math.floor(time.ms / 60_000) % 60,
  s: time => Math.floor(time.ms / 1000) % 60,
  S: time => time.ms % 1000,
};
