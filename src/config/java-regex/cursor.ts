import type { CharSet } from './char-set.ts';
import { spaces } from './properties.ts';

/** Flags of `(?idmsx)`. */
export interface Flags {
  ignoreCase: boolean;
  unixLines: boolean;
  multiline: boolean;
  dotAll: boolean;
  comments: boolean;
}

const END = '';
const MAX_RANGES = 100_000;

/**
 * Reads a pattern by characters. Characters between `\Q` and `\E` are literal. In COMMENTS mode `skipComments` skips white
 * space and comments.
 */
export class Cursor {
  readonly flags: Flags;
  readonly #chars: readonly string[];
  readonly #quoted: readonly boolean[];
  #position = 0;
  #ranges = 0;

  constructor(pattern: string, flags: Flags) {
    this.flags = flags;
    const { chars, quoted } = parseQuotes(pattern);
    this.#chars = chars;
    this.#quoted = quoted;
  }

  get done(): boolean {
    return this.#position >= this.#chars.length;
  }

  /** The character at `ahead` after the cursor; empty at the end and for a quoted character, which has no special meaning. */
  peek(ahead = 0): string {
    const index = this.#position + ahead;
    return this.#quoted[index] === true ? END : (this.#chars[index] ?? END);
  }

  /** Consumes the next character, quoted or not. Throws SyntaxError at the end. */
  next(): string {
    const char = this.#chars[this.#position];
    if (char === undefined) throw new SyntaxError('Unexpected end of the pattern');
    this.#position++;
    return char;
  }

  /** Consumes `text` if it is next and not quoted. */
  take(text: string): boolean {
    let ahead = 0;
    for (const char of text) if (this.peek(ahead++) !== char) return false;
    this.#position += ahead;
    return true;
  }

  /** Consumes characters while they match, up to `maxLength`. */
  takeWhile(pattern: RegExp, maxLength = Number.POSITIVE_INFINITY): string {
    let text = '';
    while (text.length < maxLength && pattern.test(this.peek())) text += this.next();
    return text;
  }

  /** Counts the ranges of character classes. Throws SyntaxError if the pattern has too many. */
  spend(set: CharSet): CharSet {
    this.#ranges += set.length / 2;
    if (this.#ranges > MAX_RANGES) throw new SyntaxError('The character classes of the pattern make it too large');
    return set;
  }

  /** Skips white space and comments. Returns true if it skipped any. */
  skipComments(): boolean {
    if (!this.flags.comments) return false;
    const start = this.#position;
    for (;;) {
      if (isSpace(this.peek())) this.#position++;
      else if (this.peek() === '#') while (!this.done && !this.#endsLine()) this.#position++;
      else return this.#position > start;
    }
  }

  #endsLine(): boolean {
    const char = this.peek();
    return char === '\n' || (!this.flags.unixLines && /^[\r\u0085\u2028\u2029]$/.test(char));
  }
}

export const isSpace = (char: string): boolean => char !== END && spaces.includes(char.codePointAt(0) as number);

function parseQuotes(pattern: string): { readonly chars: string[]; readonly quoted: boolean[] } {
  const chars: string[] = [];
  const quoted: boolean[] = [];
  const add = (text: string, isQuoted: boolean): void => {
    for (const char of text) {
      chars.push(char);
      quoted.push(isQuoted);
    }
  };
  let index = 0;
  while (index < pattern.length) {
    const backslash = pattern.indexOf('\\', index);
    const end = backslash < 0 ? pattern.length : backslash;
    add(pattern.slice(index, end), false);
    index = end;
    if (index === pattern.length) break;
    if (pattern[index + 1] !== 'Q') {
      // Includes the escaped character: `\\Q` is a backslash and a Q.
      const escaped = String.fromCodePoint(pattern.codePointAt(index + 1) ?? 0);
      const pair = index + 1 < pattern.length ? `\\${escaped}` : '\\';
      add(pair, false);
      index += pair.length;
      continue;
    }
    const close = pattern.indexOf('\\E', index + 2);
    add(pattern.slice(index + 2, close < 0 ? pattern.length : close), true);
    index = close < 0 ? pattern.length : close + 2;
  }
  return { chars, quoted };
}
