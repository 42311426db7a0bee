import {
  type FirstDayOfMonth,
  GREGORIAN_YEAR,
  gregorianDay,
  isGregorian,
  julianDay,
  lastWeekdayUpTo,
} from './calendar.ts';
import type { ParsedFields } from './parsed-fields.ts';

const DAY_MS = 86_400_000;

/**
 * Resolves fields leniently to milliseconds since the epoch: the 32nd of a month is in the next month. NaN if the fields
 * are ambiguous.
 */
export function resolveTime(fields: ParsedFields): number {
  const timeMs = timeOfDay(fields);
  const carriedDays = Math.floor(timeMs / DAY_MS);
  return resolveDay(fields, carriedDays) * DAY_MS + (timeMs - carriedDays * DAY_MS) - (fields.offset ?? 0) * 60_000;
}

function timeOfDay(fields: ParsedFields): number {
  const get = (field: 'hour' | 'hourOfDay' | 'half' | 'minute' | 'second' | 'millisecond') => fields.get(field, 0);
  const hourStamp = fields.combinedStamp('hour', 'half');
  const hourOfDayStamp = fields.stamp('hourOfDay');
  const hour = hourOfDayStamp > 0 && hourOfDayStamp >= hourStamp ? get('hourOfDay') : get('hour') + 12 * get('half');
  return ((hour * 60 + get('minute')) * 60 + get('second')) * 1000 + get('millisecond');
}

function resolveDay(fields: ParsedFields, carriedDays: number): number {
  if (fields.stamp('weekYear') > fields.stamp('year')) return carriedDays + dayOfWeekYear(fields);
  const year = fields.get('era', 1) === 0 ? 1 - fields.get('year', 1970) : fields.get('year', 1970);
  const rule = dayRule(fields);
  const gregorian = carriedDays + dayByRule(rule, fields, gregorianDay, year);
  if (year > GREGORIAN_YEAR && isGregorian(gregorian)) return gregorian;
  const isYearBased = rule === 'dayOfYear' || rule === 'weekOfYear';
  if (year === GREGORIAN_YEAR && !isYearBased && isGregorian(gregorian)) return gregorian;
  return carriedDays + dayByRule(rule, fields, julianDay, year);
}

/** Week 1 contains January 1. Java combines the week year with no other year or era field. */
function dayOfWeekYear(fields: ParsedFields): number {
  const year = fields.get('weekYear', 1970);
  if (year <= GREGORIAN_YEAR || fields.has('era') || fields.has('year')) return Number.NaN;
  const first = lastWeekdayUpTo(gregorianDay(year, 0), 0);
  return first + 7 * (fields.get('weekOfYear', 1) - 1) + fields.get('weekday', 0);
}

type DayRule = 'day' | 'dayOfYear' | 'weekOfYear' | 'weekOfMonth' | 'weekdayInMonth';

/** Selects the fields that determine the day: the complete combination that was set last, else an incomplete one. */
function dayRule(fields: ParsedFields): DayRule {
  if (fields.hasNoWeeks) return fields.stamp('dayOfYear') > fields.stamp('day') ? 'dayOfYear' : 'day';
  const stamp = fields.stamp.bind(fields);
  const complete = {
    day: stamp('day'),
    weekOfMonth: fields.combinedStamp('weekOfMonth', 'weekday'),
    weekdayInMonth: fields.combinedStamp('weekdayInMonth', 'weekday'),
    dayOfYear: stamp('dayOfYear'),
    weekOfYear: fields.combinedStamp('weekOfYear', 'weekday'),
  };
  const partial = {
    day: 0,
    weekOfMonth: stamp('weekOfMonth'),
    weekdayInMonth: Math.max(stamp('weekdayInMonth'), stamp('weekday')),
    dayOfYear: 0,
    weekOfYear: stamp('weekOfYear'),
  };
  const stamps = Math.max(...Object.values(complete)) > 0 ? complete : partial;
  const latest = Math.max(...Object.values(stamps));
  if (latest === 0 || latest === stamps.day) return 'day';
  // Combinations that share the weekday tie if the weekday was set last; then the stamps of their other fields decide.
  const isLatest = (rule: 'weekOfMonth' | 'weekdayInMonth') =>
    latest === stamps[rule] && stamp(rule) >= stamp('weekOfYear');
  if (isLatest('weekOfMonth') || isLatest('weekdayInMonth')) {
    if (stamps.weekOfMonth === stamps.weekdayInMonth)
      return stamp('weekOfMonth') >= stamp('weekdayInMonth') ? 'weekOfMonth' : 'weekdayInMonth';
    return latest === stamps.weekOfMonth ? 'weekOfMonth' : 'weekdayInMonth';
  }
  return latest === stamps.dayOfYear ? 'dayOfYear' : 'weekOfYear';
}

function dayByRule(rule: DayRule, fields: ParsedFields, first: FirstDayOfMonth, year: number): number {
  const month = fields.get('month', 0);
  const weekday = fields.get('weekday', 0);
  switch (rule) {
    case 'day':
      return first(year, month) + fields.get('day', 1) - 1;
    case 'dayOfYear':
      return first(year, 0) + fields.get('dayOfYear', 1) - 1;
    case 'weekOfYear':
      return lastWeekdayUpTo(first(year, 0), 0) + 7 * (fields.get('weekOfYear', 1) - 1) + weekday;
    case 'weekOfMonth':
      return lastWeekdayUpTo(first(year, month), 0) + 7 * (fields.get('weekOfMonth', 1) - 1) + weekday;
    case 'weekdayInMonth': {
      const week = fields.get('weekdayInMonth', 1);
      // Negative weeks count from the end of the month.
      const lastDay = week >= 0 ? first(year, month) + 7 * week - 1 : first(year, month + 1) - 1 + 7 * (week + 1);
      return lastWeekdayUpTo(lastDay, weekday);
    }
  }
}
