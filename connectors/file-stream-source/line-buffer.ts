import { isAscii } from 'node:buffer';
import { MillraceError } from '../../src/errors.ts';

const [LF, CR] = [0x0a, 0x0d] as const;
const characters = { [LF]: '\n', [CR]: '\r' } as const;
/** Bytes read at once. */
const BLOCK = 512 * 1024;
/** Kafka takes no record near this size, and a file without line ends must not fill the memory. */
const LONGEST_LINE = 128 * 1024 * 1024;

/**
 * Cuts bytes into lines that end in \n, \r or \r\n, whatever the bytes are fed in. What has no end yet waits for it; so
 * does a \r with nothing behind it, which may be half of a line end. Bytes that are not UTF-8 become U+FFFD.
 *
 * A block of ASCII becomes one string, and its lines are slices of that; else each line is decoded by itself.
 */
export class LineBuffer {
  #bytes = Buffer.allocUnsafeSlow(BLOCK);
  /** The line under way begins here, and none ends before `#scanned`. */
  #at = 0;
  #scanned = 0;
  #end = 0;
  /** The bytes as characters, where each is one. */
  #text: string | null = null;
  /** The first \n, and \r, from `#scanned` on; `#end` where there is none. Looked for again when it has been passed. */
  #lf = 0;
  #cr = 0;
  #final = false;
  #base: number;

  /** position: of the first byte that will be fed. */
  constructor(position: number) {
    this.#base = position;
  }

  /** Where in the file the line under way begins. */
  get position(): number {
    return this.#base + this.#at;
  }

  /** Where in the file the next byte is that is wanted. */
  get wanted(): number {
    return this.#base + this.#end;
  }

  /** Room for the next bytes; `filled` says how many have been put there. Every line of before must have been taken. */
  room(): Buffer {
    const rest = this.#end - this.#at;
    if (rest > LONGEST_LINE)
      throw new MillraceError(
        'SOURCE_SETUP',
        `The line at byte ${this.position} is longer than ${LONGEST_LINE} bytes: this is not a file of lines.`,
      );
    // A long line doubles it, so that it is not moved again and again.
    const from = this.#bytes;
    const size = Math.max(BLOCK, rest * 2);
    if (from.length < rest + BLOCK / 2 || from.length > size * 4) this.#bytes = Buffer.allocUnsafeSlow(size);
    const at = this.#at;
    from.copy(this.#bytes, 0, at, this.#end);
    this.#text = this.#text === null ? null : this.#text.slice(at);
    this.#base += at;
    this.#scanned -= at;
    this.#lf -= at;
    this.#cr -= at;
    this.#at = 0;
    this.#end = rest;
    return this.#bytes.subarray(rest);
  }

  filled(bytes: number): void {
    this.#end += bytes;
    const block = this.#bytes.subarray(0, this.#end);
    this.#text = isAscii(block) ? block.toString('latin1') : null;
    this.#lf = this.#next(LF);
    this.#cr = this.#next(CR);
  }

  /** Nothing more will come: what is left is a line, too. */
  finish(): void {
    this.#final = true;
  }

  /** The next lines: `max` at the most, and no more once they have `maxBytes`. */
  take(max: number, maxBytes: number): string[] {
    const lines: string[] = [];
    const stop = this.#at + maxBytes;
    while (lines.length < max && this.#at < stop) {
      const line = this.#text !== null && this.#cr === this.#end ? this.#plainLine(this.#text) : this.#line();
      if (line === null) break;
      lines.push(line);
    }
    return lines;
  }

  /** The common case: ASCII, and no \r. */
  #plainLine(text: string): string | null {
    const at = this.#at;
    const lf = text.indexOf('\n', this.#scanned);
    if (lf < 0) return this.#unended();
    this.#at = lf + 1;
    this.#scanned = lf + 1;
    return text.slice(at, lf);
  }

  #line(): string | null {
    const at = this.#at;
    if (this.#cr < this.#scanned) this.#cr = this.#next(CR);
    if (this.#lf < this.#scanned) this.#lf = this.#next(LF);
    const lf = this.#lf;
    const end = Math.min(lf, this.#cr);
    if (end === this.#end) return this.#unended();
    const pair = end < lf && end + 1 === lf && lf < this.#end;
    if (end < lf && end + 1 === this.#end && !this.#final) {
      this.#scanned = end;
      return null;
    }
    this.#at = end + (pair ? 2 : 1);
    this.#scanned = this.#at;
    return this.#decoded(at, end);
  }

  #unended(): string | null {
    this.#scanned = this.#end;
    const at = this.#at;
    if (!this.#final || at === this.#end) return null;
    this.#at = this.#end;
    return this.#decoded(at, this.#end);
  }

  #decoded(start: number, end: number): string {
    return this.#text === null ? this.#bytes.toString('utf8', start, end) : this.#text.slice(start, end);
  }

  /** Place of a byte from `#scanned` on; `#end` where there is none. */
  #next(byte: typeof LF | typeof CR): number {
    const from = this.#scanned;
    const found = this.#text === null ? this.#bytes.indexOf(byte, from) : this.#text.indexOf(characters[byte], from);
    // Behind the end are bytes of before.
    return found < 0 || found > this.#end ? this.#end : found;
  }
}
