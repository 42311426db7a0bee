/**
 * Dates of `java.util.GregorianCalendar`: Julian before 1582-10-15, Gregorian from then on; weeks begin on Sunday, and the
 * first of a year is the one with January 1. Days are counted from 1970-01-01; the year before 1 is 0.
 */
export interface CalendarDate {
  readonly year: number;
  /** From 0. */
  readonly month: number;
  readonly day: number;
  readonly dayOfYear: number;
  /** From 0, Sunday. */
  readonly weekday: number;
}

export const GREGORIAN_YEAR = 1582;
const GREGORIAN_DAY = -141_427;
const DAY_MS = 86_400_000;

const daysBeforeMonths = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];

export type DayOf = (year: number, month: number) => number;

/** The first day of a month; months beyond a year's are in others. */
export const gregorianDay: DayOf = (year, month) => {
  const y = year + Math.floor(month / 12);
  const leap = y % 4 === 0 && (y % 100 !== 0 || y % 400 === 0);
  const before = y - 1;
  const centuries = Math.floor(before / 400) - Math.floor(before / 100);
  return 365 * before + Math.floor(before / 4) + centuries - 719_162 + daysBefore(month, leap);
};

export const julianDay: DayOf = (year, month) => {
  const y = year + Math.floor(month / 12);
  const before = y - 1;
  return 365 * before + Math.floor(before / 4) - 719_164 + daysBefore(month, y % 4 === 0);
};

function daysBefore(month: number, leap: boolean): number {
  const inYear = month - 12 * Math.floor(month / 12);
  return (daysBeforeMonths[inYear] ?? 0) + (leap && inYear > 1 ? 1 : 0);
}

export const isGregorian = (day: number): boolean => day >= GREGORIAN_DAY;

export function dateOf(day: number): CalendarDate {
  const date = isGregorian(day) ? gregorianDate(day) : julianDate(day);
  return { ...date, dayOfYear: day - yearStart(date.year) + 1, weekday: weekdayOf(day) };
}

function gregorianDate(day: number): Pick<CalendarDate, 'year' | 'month' | 'day'> {
  const date = new Date(day * DAY_MS);
  return { year: date.getUTCFullYear(), month: date.getUTCMonth(), day: date.getUTCDate() };
}

function julianDate(day: number): Pick<CalendarDate, 'year' | 'month' | 'day'> {
  // The year 0, a leap year, begins 719,530 days before the epoch; four years have 1,461 days.
  const year = Math.floor((4 * (day + 719_530)) / 1461);
  let month = 11;
  while (month > 0 && julianDay(year, month) > day) month--;
  return { year, month, day: day - julianDay(year, month) + 1 };
}

const yearStart = (year: number): number => (year > GREGORIAN_YEAR ? gregorianDay : julianDay)(year, 0);

function monthStart({ year, month }: CalendarDate): number {
  const gregorian = gregorianDay(year, month);
  return isGregorian(gregorian) ? gregorian : julianDay(year, month);
}

/** 1970-01-01 was a Thursday. */
export const weekdayOf = (day: number): number => (((day + 4) % 7) + 7) % 7;

/** The last such weekday that is not after a day. */
export const weekdayUpTo = (day: number, weekday: number): number => day - ((weekdayOf(day) - weekday + 7) % 7);

/** The week that a day belongs to, and the year of that week. */
export function weekOf(day: number, { year, weekday }: CalendarDate): { readonly week: number; readonly year: number } {
  const saturday = day - weekday + 6;
  if (saturday >= yearStart(year + 1)) return { week: 1, year: year + 1 };
  return { week: weeksBetween(yearStart(year), day), year };
}

export const weekOfMonth = (day: number, date: CalendarDate): number => weeksBetween(monthStart(date), day);

/** 1 for the first to the seventh day of a month. October 1582 has 21 days: the 15th follows on the 4th. */
export const weekdayInMonth = (day: number, date: CalendarDate): number => Math.floor((day - monthStart(date)) / 7) + 1;

/** Counts weeks from the one of `first`, which is 1. */
const weeksBetween = (first: number, day: number): number => Math.floor((day - weekdayUpTo(first, 0)) / 7) + 1;
