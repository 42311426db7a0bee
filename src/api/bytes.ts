import type { ByteWriter } from './schema.ts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const U = 0x75;
const hex = Buffer.from('0123456789ABCDEF', 'latin1');
/** By byte: 0 needs no escape, 1 is written as \u00XX, 2 starts a sequence of four in UTF-8, else the letter of the escape. */
const escapes = new Uint8Array(256);
escapes.fill(1, 0, 0x20);
escapes.fill(2, 0xf0);
for (const [byte, letter] of [
  [QUOTE, '"'],
  [BACKSLASH, '\\'],
  [8, 'b'],
  [9, 't'],
  [10, 'n'],
  [12, 'f'],
  [13, 'r'],
] as const)
  escapes[byte] = letter.charCodeAt(0);

/**
 * Text that JSON.stringify and Jackson write differently: the case of \u00XX, and characters beyond U+FFFF, which Jackson
 * writes as two escapes. `\\` is matched as a unit, so that a following `u` does not look like an escape.
 */
const differences = /\\(u[0-9a-f]{4}|.)|[\ud800-\udfff]/g;
const surrogates = /[\ud800-\udfff]/;
function toJackson(match: string, code: string | undefined): string {
  if (code === undefined) return `\\u${match.charCodeAt(0).toString(16).toUpperCase()}`;
  return code.length === 1 ? match : `\\u${code.slice(1).toUpperCase()}`;
}

/** Bytes below which a loop is faster than a call into the runtime. */
const MAX_LOOP_BYTES = 48;

/** Returns an index at most seven before the first byte of source[start, end) that needs an escape; end without one. */
function findEscape(source: Uint8Array, start: number, end: number): number {
  let i = start;
  // Eight bytes for one branch.
  for (const stop = end - 7; i < stop; i += 8)
    if (
      ((escapes[source[i] as number] as number) |
        (escapes[source[i + 1] as number] as number) |
        (escapes[source[i + 2] as number] as number) |
        (escapes[source[i + 3] as number] as number) |
        (escapes[source[i + 4] as number] as number) |
        (escapes[source[i + 5] as number] as number) |
        (escapes[source[i + 6] as number] as number) |
        (escapes[source[i + 7] as number] as number)) !==
      0
    )
      return i;
  while (i < end && escapes[source[i] as number] === 0) i++;
  return i;
}

/** Writes the character of the four bytes source[i, i + 4) as two escapes; returns the index after them. */
function escapePair(buffer: Buffer, at: number, source: Uint8Array, i: number): number {
  const bits = (k: number) => (source[i + k] as number) & 63;
  const point = (((bits(0) & 7) << 18) | (bits(1) << 12) | (bits(2) << 6) | bits(3)) - 0x10000;
  return escapeUnit(buffer, escapeUnit(buffer, at, 0xd800 + (point >> 10)), 0xdc00 + (point & 0x3ff));
}

function escapeUnit(buffer: Buffer, at: number, unit: number): number {
  buffer[at] = BACKSLASH;
  buffer[at + 1] = U;
  for (let i = 0; i < 4; i++) buffer[at + 2 + i] = hex[(unit >> (12 - 4 * i)) & 15] as number;
  return at + 6;
}

/** Buffers up to this size are not shrunk. */
const MIN_SHRINK_BYTES = 4 * 1024 * 1024;
/** Consecutive uses below a quarter of a larger buffer after which it is shrunk. */
const SMALL_USES = 64;

/**
 * A growing buffer, which is reused after `reset`. After an exceptionally large use it returns to its initial capacity.
 */
export class Bytes implements ByteWriter {
  buffer: Buffer;
  length = 0;
  readonly #capacity: number;
  #smallUses = 0;

  /** capacity: initial size in bytes. */
  constructor(capacity = 1024) {
    this.#capacity = capacity;
    this.buffer = Buffer.allocUnsafeSlow(capacity);
  }

  reserve(n: number): void {
    if (this.length + n <= this.buffer.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(this.buffer.length * 2, this.length + n));
    this.buffer.copy(grown, 0, 0, this.length);
    this.buffer = grown;
  }

  raw(bytes: Uint8Array): void {
    this.copy(bytes, 0, bytes.length);
  }

  copy(source: Uint8Array, start: number, end: number): void {
    const n = end - start;
    this.reserve(n);
    const { buffer } = this;
    let at = this.length;
    if (n < MAX_LOOP_BYTES) for (let i = start; i < end; i++) buffer[at++] = source[i] as number;
    else if (source instanceof Buffer) source.copy(buffer, at, start, end);
    else buffer.set(source.subarray(start, end), at);
    this.length += n;
  }

  ascii(text: string): void {
    const n = text.length;
    this.reserve(n);
    const { buffer } = this;
    const at = this.length;
    if (n < MAX_LOOP_BYTES) for (let i = 0; i < n; i++) buffer[at + i] = text.charCodeAt(i);
    else buffer.write(text, at, n, 'latin1');
    this.length = at + n;
  }

  utf8(text: string): void {
    this.reserve(text.length * 3);
    this.length += this.buffer.write(text, this.length);
  }

  jsonBytes(source: Uint8Array, start: number, end: number): void {
    const plain = findEscape(source, start, end);
    // Each further byte may become six.
    this.reserve(plain - start + (end - plain) * 6 + 2);
    const { buffer } = this;
    buffer[this.length++] = QUOTE;
    this.copy(source, start, plain);
    let at = this.length;
    for (let i = plain; i < end; i++) {
      const byte = source[i] as number;
      const letter = escapes[byte] as number;
      if (letter === 0) buffer[at++] = byte;
      else if (letter === 1) {
        buffer[at] = BACKSLASH;
        buffer[at + 1] = U;
        buffer[at + 2] = 0x30;
        buffer[at + 3] = 0x30;
        buffer[at + 4] = hex[byte >> 4] as number;
        buffer[at + 5] = hex[byte & 15] as number;
        at += 6;
      } else if (letter === 2) {
        at = escapePair(buffer, at, source, i);
        i += 3;
      } else {
        buffer[at] = BACKSLASH;
        buffer[at + 1] = letter;
        at += 2;
      }
    }
    buffer[at++] = QUOTE;
    this.length = at;
  }

  jsonText(text: string): void {
    const n = text.length;
    if (n < MAX_LOOP_BYTES) {
      this.reserve(n + 2);
      const { buffer } = this;
      const start = this.length;
      let at = start;
      buffer[at++] = QUOTE;
      let i = 0;
      for (; i < n; i++) {
        const code = text.charCodeAt(i);
        if (code > 0x7f || escapes[code] !== 0) break;
        buffer[at++] = code;
      }
      if (i === n) {
        buffer[at++] = QUOTE;
        this.length = at;
        return;
      }
    }
    const literal = JSON.stringify(text);
    this.utf8(literal.includes('\\u') || surrogates.test(text) ? literal.replace(differences, toJackson) : literal);
  }

  /** Returns the written bytes as a view, valid until the next write. */
  view(): Buffer {
    return this.buffer.subarray(0, this.length);
  }

  /** Returns a copy of the written bytes. */
  take(): Buffer {
    return Buffer.from(this.view());
  }

  /** Discards the written bytes for the next use. */
  reset(): void {
    if (this.buffer.length > MIN_SHRINK_BYTES) this.#shrink();
    this.length = 0;
  }

  #shrink(): void {
    this.#smallUses = this.length < this.buffer.length / 4 ? this.#smallUses + 1 : 0;
    if (this.#smallUses < SMALL_USES || this.buffer.length <= this.#capacity) return;
    this.#smallUses = 0;
    this.buffer = Buffer.allocUnsafeSlow(this.#capacity);
  }
}
