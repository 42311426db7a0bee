import { DataError } from '../../errors.ts';
import { resolveTime } from './field-resolution.ts';
import { abbreviate, amPmMarkers, eras, months, weekdays } from './names.ts';
import { type FieldName, ParsedFields } from './parsed-fields.ts';
import { isMonth, isNumber, type LetterRun, parsePattern } from './pattern.ts';
import { parseIsoZone, parseZone } from './time-zones.ts';

export type DateReader = (text: string) => Date;

/**
 * Parses the beginning of a text like a lenient `java.text.SimpleDateFormat` in UTC and English. Throws SyntaxError if Java
 * rejects the pattern. The reader throws DataError if Java rejects the text, and for input that Java misinterprets: more
 * digits than milliseconds have, numbers beyond an int, ambiguous names of time zones.
 */
export function dateReader(pattern: string): DateReader {
  const parts = parsePattern(pattern);
  const century = startOfCentury();
  return text => {
    const context: ParseContext = { text, pattern, fields: new ParsedFields(), century, ambiguousYear: false };
    let position = 0;
    for (const [i, part] of parts.entries()) {
      if (typeof part === 'string') {
        if (!text.startsWith(part, position)) throw mismatchError(context, position, JSON.stringify(part));
        position += part.length;
        continue;
      }
      const next = parts[i + 1];
      // A number that is directly followed by another number has as many digits as the pattern has letters.
      position = readPart(context, position, part, typeof next === 'object' && isNumber(next));
    }
    return resolveDate(context);
  };
}

interface ParseContext {
  readonly text: string;
  readonly pattern: string;
  readonly fields: ParsedFields;
  readonly century: Date;
  ambiguousYear: boolean;
}

/** Two-digit years are interpreted within 80 years before and 20 years after now. */
function startOfCentury(): Date {
  const start = new Date();
  start.setUTCFullYear(start.getUTCFullYear() - 80);
  return start;
}

const mismatchError = ({ pattern }: ParseContext, position: number, expected: string) =>
  new DataError(
    `Could not parse timestamp: value does not match pattern (${pattern}): ${expected} expected at position ${position}`,
  );
const unsupportedError = ({ pattern }: ParseContext, position: number, reason: string) =>
  new DataError(`Could not parse timestamp with pattern (${pattern}): ${reason} at position ${position}`);

/** Returns the position after the part. */
function readPart(context: ParseContext, from: number, part: LetterRun, abutting: boolean): number {
  const { text, fields } = context;
  const { letter, count } = part;
  let position = from;
  while (text[position] === ' ' || text[position] === '\t') position++;
  const expected = letter.repeat(count);
  if (position === text.length) throw mismatchError(context, position, expected);
  if (isNumber(part)) return readNumber(context, { from, position, part, abutting });
  if (!'zZX'.includes(letter)) {
    // Java does not skip white space before names.
    const end = readName(text, from, letter, fields);
    if (end === undefined) throw mismatchError(context, from, expected);
    return end;
  }
  // After white space Java parses GMT as a name and ignores the offset that follows.
  if (letter !== 'X' && position > from && /^GMT/i.test(text.slice(position, position + 3)))
    throw unsupportedError(context, from, 'white space before GMT');
  const zone = letter === 'X' ? parseIsoZone(text, position, count) : parseZone(text, position);
  if (zone === undefined) throw mismatchError(context, position, `a time zone for ${expected}`);
  if (fields.offset !== undefined) throw unsupportedError(context, position, 'a second time zone');
  fields.offset = zone.offset;
  fields.offsetSince = zone.since;
  return zone.end;
}

const nameLists: Readonly<Record<string, { readonly field: FieldName; readonly names: readonly string[] }>> = {
  G: { field: 'era', names: eras },
  E: { field: 'weekday', names: weekdays },
  a: { field: 'half', names: amPmMarkers },
  M: { field: 'month', names: months },
  L: { field: 'month', names: months },
};

function readName(text: string, position: number, letter: string, fields: ParsedFields): number | undefined {
  const { field, names } = nameLists[letter] ?? {};
  if (field === undefined || names === undefined) return undefined;
  for (const nameForms of [names, names.map(abbreviate)]) {
    const index = nameForms.findIndex(
      name => text.slice(position, position + name.length).toLowerCase() === name.toLowerCase(),
    );
    if (index < 0) continue;
    fields.set(field, index);
    return position + (nameForms[index] ?? '').length;
  }
  return undefined;
}

interface NumberContext {
  /** End of the previous part; white space may follow it. */
  readonly from: number;
  readonly position: number;
  readonly part: LetterRun;
  readonly abutting: boolean;
}

function readNumber(context: ParseContext, { from, position, part, abutting }: NumberContext): number {
  const { text, fields } = context;
  const { letter, count } = part;
  const limit = abutting ? from + count : text.length;
  const digits = limit > text.length ? '' : digitsAt(text, position, limit);
  if (digits === '') throw mismatchError(context, position, letter.repeat(count));
  const end = position + digits.length;
  if (letter === 'S') fields.set('millisecond', toMilliseconds(context, position, digits, count));
  else setNumber(context, part, digits, position);
  if (end < limit && isMoreOfNumber(text, end))
    throw unsupportedError(context, end, 'a number with an exponent or with digits of other scripts');
  return end;
}

/** The number with its sign that ends before `limit`; empty if there is no digit. */
function digitsAt(text: string, position: number, limit: number): string {
  const first = text[position] === '-' ? position + 1 : position;
  let end = first;
  while (end < limit && isDigit(text.charCodeAt(end))) end++;
  return end === first ? '' : text.slice(position, end);
}

const isDigit = (code: number): boolean => code >= 0x30 && code <= 0x39;

/** Returns true for an exponent or a digit of another script, both of which Java parses as part of the number. */
function isMoreOfNumber(text: string, position: number): boolean {
  const code = text.charCodeAt(position);
  return (code === 0x45 || code > 0x7f) && /^(E-?\p{Nd}|\p{Nd})/u.test(text.slice(position, position + 4));
}

/** Four or more letters S are a fraction of a second, truncated to milliseconds. */
function toMilliseconds(context: ParseContext, position: number, digits: string, count: number): number {
  if (count > 3 && !digits.startsWith('-')) return Number(digits.slice(0, 3).padEnd(3, '0'));
  if (digits.length > 3)
    throw unsupportedError(
      context,
      position,
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

function setNumber(context: ParseContext, { letter, count }: LetterRun, digits: string, position: number): void {
  const field = numberFields[letter];
  const number = Number(digits);
  if (field === undefined || Math.abs(number) > ('wWF'.includes(letter) ? MAX_WEEKS : MAX_INT))
    throw unsupportedError(context, position, `a number out of range for ${letter.repeat(count)}`);
  if (letter === 'u' && (number < 1 || number > 7))
    throw unsupportedError(context, position, 'a day of the week that is not from 1 to 7');
  const isShort = (letter === 'y' || letter === 'Y') && count <= 2 && digits.length === 2 && !digits.startsWith('-');
  context.fields.set(field, isShort ? expandYear(context, number) : fieldValue(letter, number));
}

function fieldValue(letter: string, number: number): number {
  if (isMonth(letter)) return number - 1;
  if (letter === 'u') return number % 7;
  return (letter === 'k' && number === 24) || (letter === 'h' && number === 12) ? 0 : number;
}

function expandYear(context: ParseContext, number: number): number {
  const first = context.century.getUTCFullYear();
  context.ambiguousYear = number === first % 100;
  return first - (first % 100) + number + (number < first % 100 ? 100 : 0);
}

function resolveDate(context: ParseContext): Date {
  const { fields, century } = context;
  let date = new Date(resolveTime(fields));
  if (context.ambiguousYear && date < century) {
    for (const field of ['year', 'weekYear'] as const) if (fields.has(field)) fields.add(field, 100);
    date = new Date(resolveTime(fields));
  }
  if (Number.isNaN(date.getTime()))
    throw new DataError(
      `Could not parse timestamp with pattern (${context.pattern}): the date is out of range, or the pattern combines Y with y or G`,
    );
  if (fields.offsetSince !== undefined && date.getUTCFullYear() < fields.offsetSince)
    throw new DataError(
      `Could not parse timestamp with pattern (${context.pattern}): the time zone had another offset before ${fields.offsetSince}; write the offset instead of its name`,
    );
  return date;
}
