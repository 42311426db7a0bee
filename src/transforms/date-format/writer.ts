import { DataError } from '../../errors.ts';
import { type CalendarDate, toCalendarDate, weekdayInMonth, weekOfMonth, weekOfYear } from './calendar.ts';
import { abbreviate, amPmMarkers, eras, months, weekdays } from './names.ts';
import { type LetterRun, parsePattern } from './pattern.ts';

export type DateWriter = (date: Date) => string;

/**
 * Formats dates like `java.text.SimpleDateFormat` in UTC and English. Throws SyntaxError if Java rejects the pattern, and
 * for more than three letters S: Java writes 6 milliseconds as 000006, which other programs read as 6 µs. The writer throws
 * DataError for dates that Java formats wrongly with this pattern.
 */
export function dateWriter(pattern: string): DateWriter {
  const writers = parsePattern(pattern).map(part => (typeof part === 'string' ? () => part : createPartWriter(part)));
  return date => {
    const ms = date.getTime();
    const day = Math.floor(ms / DAY_MS);
    const time = { ...toCalendarDate(day), days: day, ms: ms - day * DAY_MS };
    return writers.map(write => write(time)).join('');
  };
}

const DAY_MS = 86_400_000;

/** A date with its `days` since 1970-01-01 and the `ms` of the day. */
interface Time extends CalendarDate {
  readonly days: number;
  readonly ms: number;
}

function createPartWriter({ letter, count, index }: LetterRun): (time: Time) => string {
  if (letter === 'S' && count > 3)
    throw new SyntaxError(
      `${count} letters S at position ${index}: S counts milliseconds and has at most three digits; write SSS`,
    );
  const text = textFields[letter];
  if (text !== undefined) return time => text(time, count);
  const number = numberFields[letter];
  if (number === undefined) throw new SyntaxError(`Illegal pattern character '${letter}' at position ${index}`);
  return time => padDigits(number(time), count);
}

const padDigits = (value: number, count: number): string =>
  value < 0 ? `-${padDigits(-value, count)}` : String(value).padStart(count, '0');

const nameText = (names: readonly string[], index: number, count: number): string => {
  const full = names[index] ?? '';
  return count >= 4 ? full : abbreviate(full);
};

const hourOfDay = ({ ms }: Time): number => Math.floor(ms / 3_600_000);
const yearOfEra = ({ year }: Time): number => (year > 0 ? year : 1 - year);
const yearDigits = (year: number, count: number): string =>
  count === 2 ? padDigits(year % 100, 2) : padDigits(year, count);
function weekYear(time: Time): number {
  // Java's calendar computes them wrongly on some days.
  if (time.year < 1) throw new DataError('The pattern letter Y does not support years before Christ');
  return weekOfYear(time.days, time).year;
}
const monthText = (time: Time, count: number): string =>
  count >= 3 ? nameText(months, time.month, count) : padDigits(time.month + 1, count);

const textFields: Readonly<Record<string, (time: Time, count: number) => string>> = {
  G: ({ year }) => eras[year > 0 ? 1 : 0] ?? '',
  y: (time, count) => yearDigits(yearOfEra(time), count),
  Y: (time, count) => yearDigits(weekYear(time), count),
  M: monthText,
  L: monthText,
  E: ({ weekday }, count) => nameText(weekdays, weekday, count),
  a: time => amPmMarkers[hourOfDay(time) < 12 ? 0 : 1] ?? '',
  z: (_time, count) => (count >= 4 ? 'Coordinated Universal Time' : 'UTC'),
  Z: () => '+0000',
  X: () => 'Z',
};

const numberFields: Readonly<Record<string, (time: Time) => number>> = {
  w: time => weekOfYear(time.days, time).week,
  W: time => weekOfMonth(time.days, time),
  D: time => time.dayOfYear,
  d: time => time.day,
  F: time => weekdayInMonth(time.days, time),
  u: time => time.weekday || 7,
  H: hourOfDay,
  k: time => hourOfDay(time) || 24,
  K: time => hourOfDay(time) % 12,
  h: time => hourOfDay(time) % 12 || 12,
  m: time => Math.floor(time.ms / 60_000) % 60,
  s: time => Math.floor(time.ms / 1000) % 60,
  S: time => time.ms % 1000,
};
