import { type DayOf, GREGORIAN_YEAR, gregorianDay, isGregorian, julianDay, weekdayUpTo } from './calendar.ts';
import type { ParsedFields } from './parsed-fields.ts';

const DAY_MS = 86_400_000;

/** The time that fields mean, in milliseconds, leniently: the 32nd of a month is in the next. NaN where it is ambiguous. */
export function resolveTime(fields: ParsedFields): number {
  const ofDay = timeOfDay(fields);
  const carried = Math.floor(ofDay / DAY_MS);
  return dayOf(fields, carried) * DAY_MS + (ofDay - carried * DAY_MS) - (fields.offset ?? 0) * 60_000;
}

function timeOfDay(fields: ParsedFields): number {
  const get = (field: 'hour' | 'hourOfDay' | 'half' | 'minute' | 'second' | 'millisecond') => fields.get(field, 0);
  const twelve = fields.together('hour', 'half');
  const of24 = fields.stamp('hourOfDay');
  const hour = of24 > 0 && of24 >= twelve ? get('hourOfDay') : get('hour') + 12 * get('half');
  return ((hour * 60 + get('minute')) * 60 + get('second')) * 1000 + get('millisecond');
}

function dayOf(fields: ParsedFields, carried: number): number {
  if (fields.stamp('weekYear') > fields.stamp('year')) return carried + dayOfWeekYear(fields);
  const year = fields.get('era', 1) === 0 ? 1 - fields.get('year', 1970) : fields.get('year', 1970);
  const rule = dayRule(fields);
  const gregorian = carried + dayBy(rule, fields, gregorianDay, year);
  if (year > GREGORIAN_YEAR && isGregorian(gregorian)) return gregorian;
  const ofYear = rule === 'dayOfYear' || rule === 'weekOfYear';
  if (year === GREGORIAN_YEAR && !ofYear && isGregorian(gregorian)) return gregorian;
  return carried + dayBy(rule, fields, julianDay, year);
}

/** Week 1 has January 1. Java takes no other field of a date along with the year of a week. */
function dayOfWeekYear(fields: ParsedFields): number {
  const year = fields.get('weekYear', 1970);
  if (year <= GREGORIAN_YEAR || fields.has('era') || fields.has('year')) return Number.NaN;
  const first = weekdayUpTo(gregorianDay(year, 0), 0);
  return first + 7 * (fields.get('weekOfYear', 1) - 1) + fields.get('weekday', 0);
}

type DayRule = 'day' | 'dayOfYear' | 'weekOfYear' | 'weekOfMonth' | 'weekdayInMonth';

/** The fields that give the day: of the complete combinations the one that was set last, else what there is of one. */
function dayRule(fields: ParsedFields): DayRule {
  if (fields.hasNoWeeks) return fields.stamp('dayOfYear') > fields.stamp('day') ? 'dayOfYear' : 'day';
  const stamp = fields.stamp.bind(fields);
  const complete = {
    day: stamp('day'),
    weekOfMonth: fields.together('weekOfMonth', 'weekday'),
    weekdayInMonth: fields.together('weekdayInMonth', 'weekday'),
    dayOfYear: stamp('dayOfYear'),
    weekOfYear: fields.together('weekOfYear', 'weekday'),
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
  // Combinations that share the weekday are equal where it was set last: then the later of their own fields counts.
  const isLatest = (rule: 'weekOfMonth' | 'weekdayInMonth') =>
    latest === stamps[rule] && stamp(rule) >= stamp('weekOfYear');
  if (isLatest('weekOfMonth') || isLatest('weekdayInMonth')) {
    if (stamps.weekOfMonth === stamps.weekdayInMonth)
      return stamp('weekOfMonth') >= stamp('weekdayInMonth') ? 'weekOfMonth' : 'weekdayInMonth';
    return latest === stamps.weekOfMonth ? 'weekOfMonth' : 'weekdayInMonth';
  }
  return latest === stamps.dayOfYear ? 'dayOfYear' : 'weekOfYear';
}

function dayBy(rule: DayRule, fields: ParsedFields, first: DayOf, year: number): number {
  const month = fields.get('month', 0);
  const weekday = fields.get('weekday', 0);
  switch (rule) {
    case 'day':
      return first(year, month) + fields.get('day', 1) - 1;
    case 'dayOfYear':
      return first(year, 0) + fields.get('dayOfYear', 1) - 1;
    case 'weekOfYear':
      return weekdayUpTo(first(year, 0), 0) + 7 * (fields.get('weekOfYear', 1) - 1) + weekday;
    case 'weekOfMonth':
      return weekdayUpTo(first(year, month), 0) + 7 * (fields.get('weekOfMonth', 1) - 1) + weekday;
    case 'weekdayInMonth': {
      const week = fields.get('weekdayInMonth', 1);
      // Negative weeks are counted from the end of the month.
      const lastDay = week >= 0 ? first(year, month) + 7 * week - 1 : first(year, month + 1) - 1 + 7 * (week + 1);
      return weekdayUpTo(lastDay, weekday);
    }
  }
}
