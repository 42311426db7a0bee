import { readUint32 } from '../position/lsn.ts';

const HEADER = 5;

/**
 * Splits received bytes into messages (PostgreSQL's protocol 3.0: type, length, body), without copying messages that are
 * in one chunk. The bytes of a message are never reused.
 */
export class Frames {
  /** Type of the current message, whose body is bytes[start, end). */
  type = 0;
  bytes: Buffer = Buffer.alloc(0);
  start = 0;
  end = 0;
  #chunks: Buffer[] = [];
  #head = 0;
  #at = 0;
  #available = 0;

  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#available += chunk.length;
  }

  /** Number of bytes after the current message. */
  get available(): number {
    return this.#available;
  }

  /** Moves to the next message; false if it is not complete yet. */
  next(): boolean {
    const chunk = this.#chunks[this.#head];
    if (chunk === undefined) return false;
    const left = chunk.length - this.#at;
    if (left < HEADER) return this.#nextSplit();
    const length = readUint32(chunk, this.#at + 1) + 1;
    if (left < length) return this.#nextSplit();
    this.type = chunk[this.#at] as number;
    this.bytes = chunk;
    this.start = this.#at + HEADER;
    this.end = this.#at + length;
    this.#at = this.end;
    this.#available -= length;
    if (left === length) this.#advance();
    return true;
  }

  /** Copies a message that is in more than one chunk. */
  #nextSplit(): boolean {
    if (this.#available < HEADER) return false;
    const header = Buffer.allocUnsafe(HEADER);
    this.#peek(header);
    const length = readUint32(header, 1) + 1;
    if (this.#available < length) return false;
    const message = Buffer.allocUnsafeSlow(length);
    this.#peek(message);
    this.#skip(length);
    this.type = message[0] as number;
    this.bytes = message;
    this.start = HEADER;
    this.end = length;
    return true;
  }

  #peek(target: Buffer): void {
    let at = this.#at;
    let filled = 0;
    for (let i = this.#head; filled < target.length; i++, at = 0)
      filled += (this.#chunks[i] as Buffer).copy(target, filled, at);
  }

  #skip(length: number): void {
    this.#available -= length;
    let left = length;
    for (;;) {
      const here = (this.#chunks[this.#head] as Buffer).length - this.#at;
      if (left < here) {
        this.#at += left;
        return;
      }
      left -= here;
      this.#advance();
      if (left === 0) return;
    }
  }

  #advance(): void {
    this.#at = 0;
    this.#head++;
    if (this.#head === this.#chunks.length) {
      this.#chunks = [];
      this.#head = 0;
    } else if (this.#head > 64) {
      this.#chunks.splice(0, this.#head);
      this.#head = 0;
    }
  }
}
