import { isAscii } from 'node:buffer';
import { MillraceError } from '../../src/errors.ts';

const [LF, CR] = [0x0a, 0x0d] as const;
const characters = { [LF]: '\n', [CR]: '\r' } as const;
/** Bytes per read. */
const BLOCK_BYTES = 512 * 1024;
/** Far more than Kafka's limit for a record; a file without line ends must not fill the memory. */
const MAX_LINE_BYTES = 128 * 1024 * 1024;

/**
 * Splits bytes into lines that end in \n, \r or \r\n, independent of the sizes in which bytes arrive. A line without an end
 * waits for more bytes; so does a final \r, which may be half of a line end. Bytes that are not UTF-8 become U+FFFD.
 *
 * A block of ASCII becomes one string, and its lines are slices of it; otherwise each line is decoded separately.
 */
export class LineBuffer {
  #bytes = Buffer.allocUnsafeSlow(BLOCK_BYTES);
  /** Start of the next line, whose end is not before `#scanned`. */
  #start = 0;
  #scanned = 0;
  #end = 0;
  /** The bytes as text when all are ASCII. */
  #text: string | null = null;
  /** Index of the first \n, and \r, from `#scanned` on; `#end` without one. Searched again after it has been passed. */
  #lf = 0;
  #cr = 0;
  #final = false;
  #base: number;

  /** position: file position of the first byte. */
  constructor(position: number) {
    this.#base = position;
  }

  /** File position of the start of the next line. */
  get position(): number {
    return this.#base + this.#start;
  }

  /** File position of the next byte to read. */
  get nextPosition(): number {
    return this.#base + this.#end;
  }

  /** Returns space for the next bytes; call `commit` after writing to it. All complete lines must have been taken before. */
  freeSpace(): Buffer {
    const rest = this.#end - this.#start;
    if (rest > MAX_LINE_BYTES)
      throw new MillraceError(
        'SOURCE_SETUP',
        `The line at byte ${this.position} is longer than ${MAX_LINE_BYTES} bytes; the file has no lines.`,
      );
    // The buffer doubles for a long line, so that its bytes are not copied for each block.
    const from = this.#bytes;
    const size = Math.max(BLOCK_BYTES, rest * 2);
    if (from.length < rest + BLOCK_BYTES / 2 || from.length > size * 4) this.#bytes = Buffer.allocUnsafeSlow(size);
    const start = this.#start;
    from.copy(this.#bytes, 0, start, this.#end);
    this.#text = this.#text === null ? null : this.#text.slice(start);
    this.#base += start;
    this.#scanned -= start;
    this.#lf -= start;
    this.#cr -= start;
    this.#start = 0;
    this.#end = rest;
    return this.#bytes.subarray(rest);
  }

  /** Adds bytes that have been written to the free space. */
  commit(bytes: number): void {
    this.#end += bytes;
    const block = this.#bytes.subarray(0, this.#end);
    this.#text = isAscii(block) ? block.toString('latin1') : null;
    this.#lf = this.#indexOf(LF);
    this.#cr = this.#indexOf(CR);
  }

  /** Marks the end of the input, so that the remaining bytes are a line. */
  finish(): void {
    this.#final = true;
  }

  /** Returns the next lines, at most `max`; stops after the line that reaches `maxBytes`. */
  take(max: number, maxBytes: number): string[] {
    const lines: string[] = [];
    const stop = this.#start + maxBytes;
    while (lines.length < max && this.#start < stop) {
      const line = this.#text !== null && this.#cr === this.#end ? this.#plainLine(this.#text) : this.#line();
      if (line === null) break;
      lines.push(line);
    }
    return lines;
  }

  /** The common case: ASCII without \r. */
  #plainLine(text: string): string | null {
    const start = this.#start;
    const lf = text.indexOf('\n', this.#scanned);
    if (lf < 0) return this.#takeRemainder();
    this.#start = lf + 1;
    this.#scanned = lf + 1;
    return text.slice(start, lf);
  }

  #line(): string | null {
    const start = this.#start;
    if (this.#cr < this.#scanned) this.#cr = this.#indexOf(CR);
    if (this.#lf < this.#scanned) this.#lf = this.#indexOf(LF);
    const lf = this.#lf;
    const end = Math.min(lf, this.#cr);
    if (end === this.#end) return this.#takeRemainder();
    const pair = end < lf && end + 1 === lf && lf < this.#end;
    if (end < lf && end + 1 === this.#end && !this.#final) {
      this.#scanned = end;
      return null;
    }
    this.#start = end + (pair ? 2 : 1);
    this.#scanned = this.#start;
    return this.#decode(start, end);
  }

  #takeRemainder(): string | null {
    this.#scanned = this.#end;
    const start = this.#start;
    if (!this.#final || start === this.#end) return null;
    this.#start = this.#end;
    return this.#decode(start, this.#end);
  }

  #decode(start: number, end: number): string {
    return this.#text === null ? this.#bytes.toString('utf8', start, end) : this.#text.slice(start, end);
  }

  /** Index of a byte from `#scanned` on; `#end` without one. */
  #indexOf(byte: typeof LF | typeof CR): number {
    const from = this.#scanned;
    const index = this.#text === null ? this.#bytes.indexOf(byte, from) : this.#text.indexOf(characters[byte], from);
    // Bytes after the end are those of an earlier block.
    return index < 0 || index > this.#end ? this.#end : index;
  }
}
