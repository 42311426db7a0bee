import { isBlank } from '../../data/java-trim.ts';

const DELIMITERS = new Set([...':,{}[]"'].map(character => character.charCodeAt(0)));
const BACKSLASH = '\\'.charCodeAt(0);

/**
 * Splits text into the tokens of Connect's `Values`: each delimiter is a token, and so is the text between two delimiters.
 * A delimiter after a backslash belongs to the text.
 */
export class Tokenizer {
  readonly #text: string;
  /** Start and end of the next token; equal at the end of the text. */
  #start = 0;
  #end = 0;

  constructor(text: string) {
    this.#text = text;
    this.#advance(0);
  }

  /** True if only blanks remain. */
  get isAtEnd(): boolean {
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

  /** Consumes and returns the next token; empty at the end of the text. */
  next(): string {
    const token = this.#text.slice(this.#start, this.#end);
    this.#advance(this.#end);
    return token;
  }

  /** Skips blanks and returns true if the next token is this delimiter. */
  isNext(delimiter: string): boolean {
    this.#skipBlanks();
    return this.#end - this.#start === 1 && this.#text[this.#start] === delimiter;
  }

  /** Consumes this delimiter and the blanks before it if it is next. */
  take(delimiter: string): boolean {
    if (!this.isNext(delimiter)) return false;
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
