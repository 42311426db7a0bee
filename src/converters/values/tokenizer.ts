import { isBlank } from '../../data/java-trim.ts';

const DELIMITERS = new Set([...':,{}[]"'].map(character => character.charCodeAt(0)));
const BACKSLASH = '\\'.charCodeAt(0);

/**
 * Text as the tokens of Connect's `Values`: each delimiter by itself, and the text between two of them. A delimiter after a
 * backslash is text.
 */
export class Tokens {
  readonly #text: string;
  /** Start and end of the next token; the same at the end of the text. */
  #start = 0;
  #end = 0;

  constructor(text: string) {
    this.#text = text;
    this.#advance(0);
  }

  /** Nothing is left but blanks. */
  get ended(): boolean {
    this.#skipBlanks();
    return this.#start === this.#text.length;
  }

  /** Index of the next token's first character. */
  get position(): number {
    return this.#start;
  }

  rewind(position: number): void {
    this.#advance(position);
  }

  /** The next token, which is consumed; empty at the end. */
  next(): string {
    const token = this.#text.slice(this.#start, this.#end);
    this.#advance(this.#end);
    return token;
  }

  /** The next token after blanks is this delimiter. */
  at(delimiter: string): boolean {
    this.#skipBlanks();
    return this.#end - this.#start === 1 && this.#text[this.#start] === delimiter;
  }

  /** Consumes this delimiter and the blanks before it, if it is next. */
  take(delimiter: string): boolean {
    if (!this.at(delimiter)) return false;
    this.#advance(this.#end);
    return true;
  }

  #skipBlanks(): void {
    while (this.#start < this.#end && isBlank(this.#text, this.#start, this.#end)) this.#advance(this.#end);
  }

  #advance(start: number): void {
    const text = this.#text;
    let end = start;
    let escaped = false;
    for (; end < text.length; end++) {
      const character = text.charCodeAt(end);
      if (!escaped && DELIMITERS.has(character)) break;
      escaped = character === BACKSLASH && !escaped;
    }
    this.#start = start;
    this.#end = end === start && end < text.length ? end + 1 : end;
  }
}
