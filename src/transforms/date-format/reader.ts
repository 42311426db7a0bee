import { DataError } from '../../errors.ts';
import { resolveTime } from './field-resolution.ts';
import { eras, halves, months, shortened, weekdays } from './names.ts';
import { type FieldName, ParsedFields } from './parsed-fields.ts';
import { isMonth, isNumber, type Letters, patternParts } from './pattern.ts';
import { isoZoneAt, zoneAt } from './time-zones.ts';

export type DateReader = (text: string) => Date;

/**
 * Reads the beginning of texts as `java.text.SimpleDateFormat` does, leniently, in UTC and English. Throws SyntaxError where
 * Java refuses the pattern; the reader throws DataError where Java refuses a text, and for what Java takes to mean something
 * else: more digits than milliseconds have, numbers beyond an int, names of time zones that are not certain.
 */
export function dateReader(pattern: string): DateReader {
  const parts = patternParts(pattern);
  const century = startOfCentury();
  return text => {
    const reading: Reading = { text, pattern, fields: new ParsedFields(), century, ambiguousYear: false };
    let at = 0;
    for (const [i, part] of parts.entries()) {
      if (typeof part === 'string') {
        if (!text.startsWith(part, at)) throw mismatch(reading, at, JSON.stringify(part));
        at += part.length;
        continue;
      }
      const next = parts[i + 1];
      // A number before a number has as many digits as the pattern has letters.
      at = readPart(reading, at, part, typeof next === 'object' && isNumber(next));
    }
    return resolve(reading);
  };
}

interface Reading {
  readonly text: string;
  readonly pattern: string;
  readonly fields: ParsedFields;
  readonly century: Date;
  ambiguousYear: boolean;
}

/** Years of two digits are within eighty years before and twenty years after now. */
function startOfCentury(): Date {
  const start = new Date();
  start.setUTCFullYear(start.getUTCFullYear() - 80);
  return start;
}

const mismatch = ({ pattern }: Reading, at: number, expected: string) =>
  new DataError(
    `Could not parse timestamp: value does not match pattern (${pattern}): ${expected} expected at position ${at}`,
  );
const unsupported = ({ pattern }: Reading, at: number, why: string) =>
  new DataError(`Could not parse timestamp with pattern (${pattern}): ${why} at position ${at}`);

/** Answers the position after the part. */
function readPart(reading: Reading, from: number, part: Letters, abutting: boolean): number {
  const { text, fields } = reading;
  const { letter, count } = part;
  let at = from;
  while (text[at] === ' ' || text[at] === '\t') at++;
  const expected = letter.repeat(count);
  if (at === text.length) throw mismatch(reading, at, expected);
  if (isNumber(part)) return readNumber(reading, { from, at, part, abutting });
  if (!'zZX'.includes(letter)) {
    // Java skips no white space before names.
    const end = readName(text, from, letter, fields);
    if (end === undefined) throw mismatch(reading, from, expected);
    return end;
  }
  // After white space Java reads GMT as a name, without the offset that follows.
  if (letter !== 'X' && at > from && /^GMT/i.test(text.slice(at, at + 3)))
    throw unsupported(reading, from, 'white space before GMT');
  const zone = letter === 'X' ? isoZoneAt(text, at, count) : zoneAt(text, at);
  if (zone === undefined) throw mismatch(reading, at, `a time zone for ${expected}`);
  if (fields.offset !== undefined) throw unsupported(reading, at, 'a second time zone');
  fields.offset = zone.offset;
  fields.offsetSince = zone.since;
  return zone.end;
}

const nameLists: Readonly<Record<string, { readonly field: FieldName; readonly names: readonly string[] }>> = {
  G: { field: 'era', names: eras },
  E: { field: 'weekday', names: weekdays },
  a: { field: 'half', names: halves },
  M: { field: 'month', names: months },
  L: { field: 'month', names: months },
};

function readName(text: string, at: number, letter: string, fields: ParsedFields): number | undefined {
  const { field, names } = nameLists[letter] ?? {};
  if (field === undefined || names === undefined) return undefined;
  for (const form of [names, names.map(shortened)]) {
    const index = form.findIndex(name => text.slice(at, at + name.length).toLowerCase() === name.toLowerCase());
    if (index < 0) continue;
    fields.set(field, index);
    return at + (form[index] ?? '').length;
  }
  return undefined;
}

interface NumberPlace {
  /** The end of the part before; white space may be between. */
  readonly from: number;
  readonly at: number;
  readonly part: Letters;
  readonly abutting: boolean;
}

function readNumber(reading: Reading, { from, at, part, abutting }: NumberPlace): number {
  const { text, fields } = reading;
  const { letter, count } = part;
  const limit = abutting ? from + count : text.length;
  const found = limit > text.length ? '' : digitsAt(text, at, limit);
  if (found === '') throw mismatch(reading, at, letter.repeat(count));
  const end = at + found.length;
  if (letter === 'S') fields.set('millisecond', milliseconds(reading, at, found, count));
  else setNumber(reading, part, found, at);
  if (end < limit && isMoreOfNumber(text, end))
    throw unsupported(reading, end, 'a number with an exponent or with digits of other scripts');
  return end;
}

/** A number with its sign, up to a limit; empty where there is no digit. */
function digitsAt(text: string, at: number, limit: number): string {
  const first = text[at] === '-' ? at + 1 : at;
  let end = first;
  while (end < limit && isDigit(text.charCodeAt(end))) end++;
  return end === first ? '' : text.slice(at, end);
}

const isDigit = (code: number): boolean => code >= 0x30 && code <= 0x39;

/** Java reads exponents, and digits of other scripts. */
function isMoreOfNumber(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return (code === 0x45 || code > 0x7f) && /^(E-?\p{Nd}|\p{Nd})/u.test(text.slice(at, at + 4));
}

/** Four or more letters S are a fraction of a second, cut off after its milliseconds. */
function milliseconds(reading: Reading, at: number, digits: string, count: number): number {
  if (count > 3 && !digits.startsWith('-')) return Number(digits.slice(0, 3).padEnd(3, '0'));
  if (digits.length > 3)
    throw unsupported(
      reading,
      at,
      `more than three digits for ${'S'.repeat(count)}, which counts milliseconds (SSSSSS reads a fraction of any length),`,
    );
  return Number(digits);
}

const MAX_INT = 2 ** 31 - 1;
/** Java multiplies numbers of weeks by seven as ints. */
const MAX_WEEKS = 100_000_000;

const numberFields: Readonly<Record<string, FieldName>> = {
  y: 'year',
  Y: 'weekYear',
  M: 'month',
  L: 'month',
  w: 'weekOfYear',
  W: 'weekOfMonth',
  D: 'dayOfYear',
  d: 'day',
  F: 'weekdayInMonth',
  u: 'weekday',
  H: 'hourOfDay',
  k: 'hourOfDay',
  K: 'hour',
  h: 'hour',
  m: 'minute',
  s: 'second',
};

function setNumber(reading: Reading, { letter, count }: Letters, digits: string, at: number): void {
  const field = numberFields[letter];
  const number = Number(digits);
  if (field === undefined || Math.abs(number) > ('wWF'.includes(letter) ? MAX_WEEKS : MAX_INT))
    throw unsupported(reading, at, `a number out of range for ${letter.repeat(count)}`);
  if (letter === 'u' && (number < 1 || number > 7))
    throw unsupported(reading, at, 'a day of the week that is not from 1 to 7');
  const isShort = (letter === 'y' || letter === 'Y') && count <= 2 && digits.length === 2 && !digits.startsWith('-');
  reading.fields.set(field, isShort ? fullYear(reading, number) : fieldValue(letter, number));
}

function fieldValue(letter: string, number: number): number {
  if (isMonth(letter)) return number - 1;
  if (letter === 'u') return number % 7;
  return (letter === 'k' && number === 24) || (letter === 'h' && number === 12) ? 0 : number;
}

function fullYear(reading: Reading, number: number): number {
  const first = reading.century.getUTCFullYear();
  reading.ambiguousYear = number === first % 100;
  return first - (first % 100) + number + (number < first % 100 ? 100 : 0);
}

function resolve(reading: Reading): Date {
  const { fields, century } = reading;
  let date = new Date(resolveTime(fields));
  if (reading.ambiguousYear && date < century) {
    for (const field of ['year', 'weekYear'] as const) if (fields.has(field)) fields.add(field, 100);
    date = new Date(resolveTime(fields));
  }
  if (Number.isNaN(date.getTime()))
    throw new DataError(
      `Could not parse timestamp with pattern (${reading.pattern}): the date is out of range, or Y stands beside y or G`,
    );
  if (fields.offsetSince !== undefined && date.getUTCFullYear() < fields.offsetSince)
    throw new DataError(
      `Could not parse timestamp with pattern (${reading.pattern}): the time zone had another offset before ${fields.offsetSince}; write the offset instead of its name`,
    );
  return date;
}
