import { type CharSet, negate } from './char-set.ts';
import type { Cursor } from './cursor.ts';
import { digits, horizontalSpaces, property, spaces, verticalSpaces, word } from './properties.ts';

const classes: Readonly<Record<string, CharSet>> = {
  d: digits,
  D: negate(digits),
  h: horizontalSpaces,
  H: negate(horizontalSpaces),
  s: spaces,
  S: negate(spaces),
  v: verticalSpaces,
  V: negate(verticalSpaces),
  w: word,
  W: negate(word),
};
const controls: Readonly<Record<string, string>> = { t: '\t', n: '\n', r: '\r', f: '\f', a: '\x07', e: '\x1b' };

/** Consumes the class after a backslash, such as `d` or `p{Lu}`; undefined, without consuming anything, for no class. */
export function takeClass(cursor: Cursor): CharSet | undefined {
  const letter = cursor.peek();
  if (Object.hasOwn(classes, letter)) return classes[cursor.next()];
  if (letter !== 'p' && letter !== 'P') return undefined;
  cursor.next();
  const name = cursor.take('{') ? takeName(cursor) : cursor.next();
  const set = property(name, cursor.flags.ignoreCase);
  if (set === undefined) throw new SyntaxError(`The property \\p{${name}} is not supported`);
  return cursor.spend(letter === 'P' ? negate(set) : set);
}

function takeName(cursor: Cursor): string {
  const name = cursor.takeWhile(/^[\w=]$/, 100);
  if (!cursor.take('}')) throw new SyntaxError('A property \\p{…} is not closed');
  return name;
}

/** Consumes a character escape after its backslash and returns its code point. Throws SyntaxError for other escapes. */
export function takeEscapedChar(cursor: Cursor): number {
  const char = cursor.next();
  switch (char) {
    case '0':
      return takeOctal(cursor);
    case 'x':
      return cursor.take('{') ? takeBracedHex(cursor) : takeHex(cursor, 2);
    case 'u':
      return takeUnicode(cursor);
    case 'c':
      // Java uses the backslash that it inserts before a quoted character as the operand.
      if (cursor.peek() === '') throw new SyntaxError('A control escape \\c is not followed by an unquoted character');
      return (cursor.next().codePointAt(0) as number) ^ 64;
    default:
      if (Object.hasOwn(controls, char)) return (controls[char] as string).charCodeAt(0);
      if (/^[A-Za-z1-9]$/.test(char)) throw new SyntaxError(`The escape \\${char} is not supported`);
      return char.codePointAt(0) as number;
  }
}

/** Consumes one to three digits, up to 0377. */
function takeOctal(cursor: Cursor): number {
  const first = cursor.takeWhile(/^[0-7]$/, 2);
  if (first === '') throw new SyntaxError('An octal escape \\0 has no digits');
  const rest = first.length === 2 && first < '40' ? cursor.takeWhile(/^[0-7]$/, 1) : '';
  return Number.parseInt(first + rest, 8);
}

function takeHex(cursor: Cursor, length: number): number {
  const text = cursor.takeWhile(/^[0-9A-Fa-f]$/, length);
  if (text.length !== length) throw new SyntaxError('A hexadecimal escape has too few digits');
  return Number.parseInt(text, 16);
}

function takeBracedHex(cursor: Cursor): number {
  const code = Number.parseInt(cursor.takeWhile(/^[0-9A-Fa-f]$/, 8), 16);
  if (!cursor.take('}') || !(code <= 0x10ffff)) throw new SyntaxError('An escape \\x{…} is not a code point');
  return code;
}

/** Consumes four digits. `\uD83D\uDE00` is one character. */
function takeUnicode(cursor: Cursor): number {
  const high = takeHex(cursor, 4);
  if (high >= 0xd800 && high < 0xdc00 && cursor.peek() === '\\' && cursor.peek(1) === 'u') {
    cursor.take('\\u');
    const low = takeHex(cursor, 4);
    if (low >= 0xdc00 && low < 0xe000) return String.fromCharCode(high, low).codePointAt(0) as number;
  } else if (high < 0xd800 || high >= 0xe000) return high;
  throw new SyntaxError('An escape \\u is a lone surrogate');
}
