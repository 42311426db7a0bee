/**
 * A date of `java.util.GregorianCalendar`: Julian before 1582-10-15, Gregorian since then. Weeks start on Sunday, and week
 * 1 contains January 1. Days are counted from 1970-01-01; the year before 1 is 0.
 */
export interface CalendarDate {
  readonly year: number;
  /** 0 is January. */
  readonly month: number;
  readonly day: number;
  readonly dayOfYear: number;
  /** 0 is Sunday. */
  readonly weekday: number;
}

export const GREGORIAN_YEAR = 1582;
const GREGORIAN_DAY = -141_427;
const DAY_MS = 86_400_000;

const daysBeforeMonths = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];

export type FirstDayOfMonth = (year: number, month: number) => number;

/** First day of a month. Months outside 0 to 11 belong to an earlier or later year. */
export const gregorianDay: FirstDayOfMonth = (year, month) => {
  const calendarYear = year + Math.floor(month / 12);
  const leap = calendarYear % 4 === 0 && (calendarYear % 100 !== 0 || calendarYear % 400 === 0);
  const previousYear = calendarYear - 1;
  const centuries = Math.floor(previousYear / 400) - Math.floor(previousYear / 100);
  return 365 * previousYear + Math.floor(previousYear / 4) + centuries - 719_162 + daysBeforeMonth(month, leap);
};

export const julianDay: FirstDayOfMonth = (year, month) => {
  const calendarYear = year + Math.floor(month / 12);
  const previousYear = calendarYear - 1;
  return 365 * previousYear + Math.floor(previousYear / 4) - 719_164 + daysBeforeMonth(month, calendarYear % 4 === 0);
};

function daysBeforeMonth(month: number, leap: boolean): number {
  const monthOfYear = month - 12 * Math.floor(month / 12);
  return (daysBeforeMonths[monthOfYear] ?? 0) + (leap && monthOfYear > 1 ? 1 : 0);
}

export const isGregorian = (day: number): boolean => day >= GREGORIAN_DAY;

export function toCalendarDate(day: number): CalendarDate {
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

/** Weekday from 0, Sunday. 1970-01-01 was a Thursday. */
export const weekdayOf = (day: number): number => (((day + 4) % 7) + 7) % 7;

/** Last day with this weekday up to and including `day`. */
export const lastWeekdayUpTo = (day: number, weekday: number): number => day - ((weekdayOf(day) - weekday + 7) % 7);

/** Week of a day, and the year that this week belongs to. */
export function weekOfYear(
  day: number,
  { year, weekday }: CalendarDate,
): { readonly week: number; readonly year: number } {
  const saturday = day - weekday + 6;
  if (saturday >= yearStart(year + 1)) return { week: 1, year: year + 1 };
  return { week: weeksBetween(yearStart(year), day), year };
}

export const weekOfMonth = (day: number, date: CalendarDate): number => weeksBetween(monthStart(date), day);

/** 1 for the first seven days of a month. October 1582 has 21 days: the 15th follows the 4th. */
export const weekdayInMonth = (day: number, date: CalendarDate): number => Math.floor((day - monthStart(date)) / 7) + 1;

/** Number of the week, counted from 1 for the week of `first`. */
const weeksBetween = (first: number, day: number): number => Math.floor((day - lastWeekdayUpTo(first, 0)) / 7) + 1;
