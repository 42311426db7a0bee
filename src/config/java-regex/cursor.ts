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
const MOST_RANGES = 100_000;

/**
 * A pattern, character by character. What stands between `\Q` and `\E` is there as characters that mean themselves. In
 * COMMENTS mode `skipComments` passes over white space and comments.
 */
export class Cursor {
  readonly flags: Flags;
  readonly #chars: readonly string[];
  readonly #quoted: readonly boolean[];
  #at = 0;
  #ranges = 0;

  constructor(pattern: string, flags: Flags) {
    this.flags = flags;
    const { chars, quoted } = unquoted(pattern);
    this.#chars = chars;
    this.#quoted = quoted;
  }

  get done(): boolean {
    return this.#at >= this.#chars.length;
  }

  /** The character `ahead` of the cursor; the empty text past the end and for a quoted one, which has no meaning. */
  peek(ahead = 0): string {
    const at = this.#at + ahead;
    return this.#quoted[at] === true ? END : (this.#chars[at] ?? END);
  }

  /** Takes the next character, quoted or not. Throws SyntaxError at the end. */
  next(): string {
    const char = this.#chars[this.#at];
    if (char === undefined) throw new SyntaxError('Unexpected end of the pattern');
    this.#at++;
    return char;
  }

  /** Takes `text` if it comes next, unquoted. */
  take(text: string): boolean {
    let ahead = 0;
    for (const char of text) if (this.peek(ahead++) !== char) return false;
    this.#at += ahead;
    return true;
  }

  /** Takes characters for as long as they match, `most` at the most. */
  takeWhile(pattern: RegExp, most = Number.POSITIVE_INFINITY): string {
    let taken = '';
    while (taken.length < most && pattern.test(this.peek())) taken += this.next();
    return taken;
  }

  /** Counts ranges of character classes. Throws SyntaxError where there are too many of them to work with. */
  spend(set: CharSet): CharSet {
    this.#ranges += set.length / 2;
    if (this.#ranges > MOST_RANGES) throw new SyntaxError('The character classes of the pattern make it too large');
    return set;
  }

  /** Whether anything was passed over. */
  skipComments(): boolean {
    if (!this.flags.comments) return false;
    const from = this.#at;
    for (;;) {
      if (isSpace(this.peek())) this.#at++;
      else if (this.peek() === '#') while (!this.done && !this.#endsLine()) this.#at++;
      else return this.#at > from;
    }
  }

  #endsLine(): boolean {
    const char = this.peek();
    return char === '\n' || (!this.flags.unixLines && /^[\r\u0085\u2028\u2029]$/.test(char));
  }
}

export const isSpace = (char: string): boolean => char !== END && spaces.includes(char.codePointAt(0) as number);

function unquoted(pattern: string): { readonly chars: string[]; readonly quoted: boolean[] } {
  const chars: string[] = [];
  const quoted: boolean[] = [];
  const add = (text: string, isQuoted: boolean): void => {
    for (const char of text) {
      chars.push(char);
      quoted.push(isQuoted);
    }
  };
  let at = 0;
  while (at < pattern.length) {
    const backslash = pattern.indexOf('\\', at);
    const end = backslash < 0 ? pattern.length : backslash;
    add(pattern.slice(at, end), false);
    at = end;
    if (at === pattern.length) break;
    if (pattern[at + 1] !== 'Q') {
      // The escaped character is taken along: `\\Q` is a backslash and a Q.
      const escaped = String.fromCodePoint(pattern.codePointAt(at + 1) ?? 0);
      const pair = at + 1 < pattern.length ? `\\${escaped}` : '\\';
      add(pair, false);
      at += pair.length;
      continue;
    }
    const close = pattern.indexOf('\\E', at + 2);
    add(pattern.slice(at + 2, close < 0 ? pattern.length : close), true);
    at = close < 0 ? pattern.length : close + 2;
  }
  return { chars, quoted };
}
