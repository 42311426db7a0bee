import { DataError } from '../errors.ts';

/** Dates as `java.text.SimpleDateFormat` writes and reads them, in UTC and English. */
export interface DateFormat {
  format(date: Date): string;
  /** Reads the beginning of a text, leniently: the 32nd of a month is in the next. Throws DataError. */
  parse(text: string): Date;
}

/** Throws SyntaxError for letters that a pattern may not have. */
export function simpleDateFormat(pattern: string): DateFormat {
  const parts = partsOf(pattern);
  return {
    format: date =>
      parts.map(part => (typeof part === 'string' ? part : formats[part.letter]?.(date, part.count))).join(''),
    parse: text => parse(text, parts, pattern),
  };
}

interface Letters {
  readonly letter: string;
  readonly count: number;
}

function partsOf(pattern: string): (string | Letters)[] {
  const parts: (string | Letters)[] = [];
  for (const [piece, quoted, letter] of pattern.matchAll(/'((?:[^']|'')*)'|([A-Za-z])\2*|[^A-Za-z']+|'/g)) {
    if (piece === "'") throw new SyntaxError('Unterminated quote');
    if (letter !== undefined) {
      if (!Object.hasOwn(formats, letter)) throw new SyntaxError(`Illegal pattern character '${letter}'`);
      parts.push({ letter, count: piece.length });
    } else parts.push(quoted === undefined ? piece : quoted === '' ? "'" : quoted.replaceAll("''", "'"));
  }
  return parts;
}

const months = 'January February March April May June July August September October November December'.split(' ');
const weekdays = 'Sunday Monday Tuesday Wednesday Thursday Friday Saturday'.split(' ');

const digits = (value: number, count: number): string =>
  value < 0 ? `-${digits(-value, count)}` : String(value).padStart(count, '0');
const dayOfYear = (date: Date): number =>
  Math.floor((date.getTime() - Date.UTC(date.getUTCFullYear(), 0, 1)) / 86_400_000) + 1;
const name = (names: readonly string[], index: number, count: number): string => {
  const full = names[index] ?? '';
  return count >= 4 ? full : full.slice(0, 3);
};

const formats: Readonly<Record<string, (date: Date, count: number) => string>> = {
  G: () => 'AD',
  y: (date, count) => (count === 2 ? digits(date.getUTCFullYear() % 100, 2) : digits(date.getUTCFullYear(), count)),
  M: (date, count) => (count >= 3 ? name(months, date.getUTCMonth(), count) : digits(date.getUTCMonth() + 1, count)),
  L: (date, count) => (count >= 3 ? name(months, date.getUTCMonth(), count) : digits(date.getUTCMonth() + 1, count)),
  d: (date, count) => digits(date.getUTCDate(), count),
  D: (date, count) => digits(dayOfYear(date), count),
  E: (date, count) => name(weekdays, date.getUTCDay(), count),
  u: (date, count) => digits(date.getUTCDay() || 7, count),
  a: date => (date.getUTCHours() < 12 ? 'AM' : 'PM'),
  H: (date, count) => digits(date.getUTCHours(), count),
  k: (date, count) => digits(date.getUTCHours() || 24, count),
  K: (date, count) => digits(date.getUTCHours() % 12, count),
  h: (date, count) => digits(date.getUTCHours() % 12 || 12, count),
  m: (date, count) => digits(date.getUTCMinutes(), count),
  s: (date, count) => digits(date.getUTCSeconds(), count),
  S: (date, count) => digits(date.getUTCMilliseconds(), count),
  z: (_date, count) => (count >= 4 ? 'Coordinated Universal Time' : 'UTC'),
  Z: () => '+0000',
  X: () => 'Z',
};

/** What a text says, by the letter of the pattern. */
type Fields = Map<string, number>;

function parse(text: string, parts: readonly (string | Letters)[], pattern: string): Date {
  const fields: Fields = new Map();
  let at = 0;
  const fail = () => new DataError(`Could not parse timestamp: value does not match pattern (${pattern})`);
  for (const [i, part] of parts.entries()) {
    if (typeof part === 'string') {
      if (!text.startsWith(part, at)) throw fail();
      at += part.length;
      continue;
    }
    // Numbers that stand next to each other have the pattern's number of digits, all but the last.
    const next = parts[i + 1];
    const abutting = typeof next === 'object' && isNumber(next);
    const end = readPart(text, at, part, abutting, fields);
    if (end === undefined) throw fail();
    at = end;
  }
  return dateOf(fields);
}

const isNumber = ({ letter, count }: Letters): boolean =>
  !'GEazZX'.includes(letter) && !((letter === 'M' || letter === 'L') && count >= 3);

/** Behind what was read; undefined where the text does not fit. */
function readPart(text: string, from: number, part: Letters, abutting: boolean, fields: Fields): number | undefined {
  const { letter, count } = part;
  let at = from;
  while (text[at] === ' ' || text[at] === '\t') at++;
  if (letter === 'z' || letter === 'Z' || letter === 'X') return readZone(text, at, fields);
  if (!isNumber(part)) return readName(text, at, letter, fields);
  const found = abutting ? digitsAt(text, at, count) : signedAt(text, at);
  if (found.length < (abutting ? count : 1)) return undefined;
  fields.set(letter, letter === 'y' && count <= 2 && found.length === 2 ? nearYear(Number(found)) : Number(found));
  return at + found.length;
}

function digitsAt(text: string, from: number, most = Number.POSITIVE_INFINITY): string {
  let at = from;
  while (at - from < most && isDigit(text.charCodeAt(at))) at++;
  return text.slice(from, at);
}

/** A number with its sign; empty where no digit stands. */
function signedAt(text: string, at: number): string {
  const sign = text[at] === '+' || text[at] === '-' ? 1 : 0;
  const digits = digitsAt(text, at + sign);
  return digits === '' ? '' : text.slice(at, at + sign + digits.length);
}

const isDigit = (code: number): boolean => code >= 0x30 && code <= 0x39;

/** Two digits of a year are within eighty years before and twenty years after today. */
function nearYear(two: number): number {
  const first = new Date().getUTCFullYear() - 80;
  const year = first - (first % 100) + two;
  return year < first ? year + 100 : year;
}

function readName(text: string, at: number, letter: string, fields: Fields): number | undefined {
  const names = letter === 'a' ? ['AM', 'PM'] : letter === 'G' ? ['BC', 'AD'] : letter === 'E' ? weekdays : months;
  for (const [index, full] of names.entries())
    for (const form of [full, full.slice(0, 3)])
      if (text.slice(at, at + form.length).toLowerCase() === form.toLowerCase()) {
        fields.set(letter === 'L' ? 'M' : letter, names === months ? index + 1 : index);
        return at + form.length;
      }
  return undefined;
}

function readZone(text: string, at: number, fields: Fields): number | undefined {
  const zone = /(?:GMT|UTC|UT|Z)?(?:([+-])(\d{1,2}):?(\d{2})?)?/iy;
  zone.lastIndex = at;
  const found = zone.exec(text);
  if (found === null || found[0] === '') return undefined;
  const [whole, sign, hours = '0', minutes = '0'] = found;
  const offset = Number(hours) * 60 + Number(minutes);
  fields.set('Z', sign === '-' ? -offset : offset);
  return at + whole.length;
}

function dateOf(fields: Fields): Date {
  const get = (letter: string, fallback: number) => fields.get(letter) ?? fallback;
  const year = fields.get('G') === 0 ? 1 - get('y', 1970) : get('y', 1970);
  const month = get('M', get('L', 1)) - 1;
  const twelve = fields.get('K') ?? (fields.has('h') ? get('h', 0) % 12 : undefined);
  const hour = fields.get('H') ?? (fields.has('k') ? get('k', 0) % 24 : undefined) ?? (twelve ?? 0) + 12 * get('a', 0);
  const day = fields.has('D') && !fields.has('M') && !fields.has('d') ? get('D', 1) : get('d', 1);
  const date = new Date(0);
  date.setUTCFullYear(year, month, day);
  date.setUTCHours(hour, get('m', 0) - get('Z', 0), get('s', 0), get('S', 0));
  return date;
}
