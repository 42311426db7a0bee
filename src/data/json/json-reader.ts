import { isUtf8 } from 'node:buffer';
import type { Value } from '../../api/index.ts';
import { Float64 } from '../../api/index.ts';
import { DataError } from '../../errors.ts';
import { MAX_NUMBER_LENGTH } from '../decimal.ts';

/** Classes of bytes in a string. 0: copied unchanged. */
const PLAIN = 0;
const HIGH = 3;
const CONTROL = 4;
const classes = new Uint8Array(256);
classes.fill(CONTROL, 0, 0x20);
classes.fill(HIGH, 0x80);
classes[0x22] = 1;
classes[0x5c] = 2;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const MINUS = 0x2d;
const POINT = 0x2e;
const PAD = 0x3d;
/** Base64 characters of six bytes. */
const MAX_SEXTETS = 8;
const SEXTETS = new Int8Array(256).fill(-1);
for (const [sextet, char] of [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'].entries())
  SEXTETS[char.charCodeAt(0)] = sextet;
/** Limit of nesting, like Jackson's. */
export const MAX_DEPTH = 1000;

export type NodeType = 'ARRAY' | 'BOOLEAN' | 'NULL' | 'NUMBER' | 'OBJECT' | 'STRING';

/**
 * Reads JSON from bytes, token by token, without a tree. Methods that read a value require `at` to be the index of its first byte.
 * Strings without escapes are slices of one text of the whole input.
 */
export class JsonReader {
  bytes: Buffer = Buffer.alloc(0);
  at = 0;
  end = 0;
  #base = 0;
  /** The whole input as text, created on first use. */
  #text: string | undefined;
  #depth = 0;

  /** Sets the input to bytes[start, end). */
  open(bytes: Buffer, start: number, end: number): void {
    this.bytes = bytes;
    this.at = start;
    this.end = end;
    this.#base = start;
    this.#text = undefined;
    this.#depth = 0;
  }

  /** Text of bytes[start, end), which must be ASCII. */
  slice(start: number, end: number): string {
    this.#text ??= this.bytes.toString('latin1', this.#base, this.end);
    return this.#text.slice(start - this.#base, end - this.#base);
  }

  /** Skips white space. */
  space(): void {
    const { bytes, end } = this;
    let { at } = this;
    while (at < end) {
      const byte = bytes[at];
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) break;
      at++;
    }
    this.at = at;
  }

  /** Next byte, or -1 at the end. */
  peek(): number {
    return this.at < this.end ? (this.bytes[this.at] as number) : -1;
  }

  /** Consumes `byte` if it is next. */
  take(byte: number): boolean {
    if (this.peek() !== byte) return false;
    this.at++;
    return true;
  }

  expect(byte: number): void {
    if (!this.take(byte)) throw this.fault();
  }

  /** Consumes `text` if it is next. */
  takeBytes(text: Uint8Array): boolean {
    const { bytes, at } = this;
    const n = text.length;
    if (at + n > this.end) return false;
    for (let i = 0; i < n; i++) if (bytes[at + i] !== text[i]) return false;
    this.at = at + n;
    return true;
  }

  enter(): void {
    if (++this.#depth > MAX_DEPTH) throw new DataError(`${ERROR_PREFIX}nested deeper than ${MAX_DEPTH} levels.`);
  }

  leave(): void {
    this.#depth--;
  }

  /** Throws unless only white space follows. */
  finish(): void {
    this.space();
    if (this.at !== this.end) throw this.fault();
  }

  fault(): DataError {
    return new DataError(
      this.at >= this.end ? `${ERROR_PREFIX}the JSON ends too early.` : `${ERROR_PREFIX}unexpected byte at ${this.at}.`,
    );
  }

  nodeType(): NodeType {
    switch (this.peek()) {
      case 0x7b:
        return 'OBJECT';
      case 0x5b:
        return 'ARRAY';
      case QUOTE:
        return 'STRING';
      case 0x74:
      case 0x66:
        return 'BOOLEAN';
      case 0x6e:
        return 'NULL';
      default:
        if (!this.isNumber()) throw this.fault();
        return 'NUMBER';
    }
  }

  isNumber(): boolean {
    const byte = this.peek();
    return byte === MINUS || isDigit(byte);
  }

  string(): string {
    this.expect(QUOTE);
    const { bytes, end } = this;
    const start = this.at;
    let at = start;
    while (at < end && classes[bytes[at] as number] === PLAIN) at++;
    if (at < end && bytes[at] === QUOTE) {
      this.at = at + 1;
      return this.slice(start, at);
    }
    return this.#decodeString(start, at);
  }

  #decodeString(start: number, from: number): string {
    const { bytes, end } = this;
    let escaped = false;
    let at = from;
    for (; at < end; at++) {
      const byte = bytes[at] as number;
      if (byte === QUOTE) break;
      if (byte === BACKSLASH) {
        escaped = true;
        at++;
      } else if (classes[byte] === CONTROL) break;
    }
    this.at = at;
    if (at >= end || bytes[at] !== QUOTE) throw this.fault();
    this.at = at + 1;
    const text = bytes.toString('utf8', escaped ? start - 1 : start, escaped ? at + 1 : at);
    if (text.includes('\ufffd') && !isUtf8(bytes.subarray(start, at)))
      throw new DataError(`${ERROR_PREFIX}invalid UTF-8.`);
    if (!escaped) return text;
    try {
      return JSON.parse(text) as string;
    } catch (cause) {
      throw new DataError(`${ERROR_PREFIX}an escape in the string at ${start} is not JSON.`, { cause });
    }
  }

  /**
   * Reads a base64 string of one to six bytes as a big-endian two's complement integer. Returns undefined and consumes nothing for
   * any other string.
   */
  base64Integer(): number | undefined {
    const { bytes, end } = this;
    let at = this.at + 1;
    let value = 0;
    let sextets = 0;
    for (; at < end && sextets < MAX_SEXTETS; at++, sextets++) {
      const sextet = SEXTETS[bytes[at] as number] as number;
      if (sextet < 0) break;
      value = value * 64 + sextet;
    }
    let padding = 0;
    for (; padding < 2 && at < end && bytes[at] === PAD; at++) padding++;
    if (at >= end || bytes[at] !== QUOTE || sextets < 2 || (sextets + padding) % 4 !== 0) return undefined;
    this.at = at + 1;
    const bits = ((sextets + padding) >> 2) * 24 - padding * 8;
    // Removes the bits of the last sextet that are beyond whole bytes.
    const integer = Math.floor(value / 4 ** padding);
    return integer < 2 ** (bits - 1) ? integer : integer - 2 ** bits;
  }

  /** Reads a number and returns its text, which may have leading zeros, like Jackson. */
  number(): string {
    const start = this.at;
    this.take(MINUS);
    if (!this.#digits()) throw this.fault();
    if (this.take(POINT) && !this.#digits()) throw this.fault();
    const exponent = this.peek();
    if (exponent === 0x65 || exponent === 0x45) {
      this.at++;
      if (!this.take(0x2b)) this.take(MINUS);
      if (!this.#digits()) throw this.fault();
    }
    if (this.at - start > MAX_NUMBER_LENGTH)
      throw new DataError(`${ERROR_PREFIX}a number of more than ${MAX_NUMBER_LENGTH} characters.`);
    return this.slice(start, this.at);
  }

  #digits(): boolean {
    const start = this.at;
    while (isDigit(this.peek())) this.at++;
    return this.at > start;
  }

  /** Reads true, false or null. */
  word(): boolean | null {
    if (this.takeBytes(TRUE)) return true;
    if (this.takeBytes(FALSE)) return false;
    if (this.takeBytes(NULL)) return null;
    throw this.fault();
  }

  /** Reads an object; `member` is called at the first byte of each value and must read it. */
  object(member: (name: string) => void): void {
    this.expect(0x7b);
    this.enter();
    this.space();
    if (!this.take(0x7d)) {
      do {
        this.space();
        const name = this.string();
        this.space();
        this.expect(0x3a);
        this.space();
        member(name);
        this.space();
      } while (this.take(0x2c));
      this.expect(0x7d);
    }
    this.leave();
  }

  /** Reads an array; `item` is called at the first byte of each value and must read it. */
  array(item: () => void): void {
    this.expect(0x5b);
    this.enter();
    this.space();
    if (!this.take(0x5d)) {
      do {
        this.space();
        item();
        this.space();
      } while (this.take(0x2c));
      this.expect(0x5d);
    }
    this.leave();
  }

  /** Skips a value; throws if it is not valid JSON. */
  skip(): void {
    switch (this.peek()) {
      case 0x7b:
        this.object(() => this.skip());
        return;
      case 0x5b:
        this.array(() => this.skip());
        return;
      case QUOTE:
        this.string();
        return;
      default:
        if (this.isNumber()) this.number();
        else this.word();
    }
  }

  /** Reads any value: integers beyond 2^53 as bigint, floats as Float64, anything else like JSON.parse. */
  any(): Value {
    switch (this.peek()) {
      case 0x7b: {
        const members: Record<string, Value> = {};
        this.object(name => {
          if (name === '__proto__') Object.defineProperty(members, name, { value: this.any(), ...ownProperty });
          else members[name] = this.any();
        });
        return members;
      }
      case 0x5b: {
        const items: Value[] = [];
        this.array(() => {
          items.push(this.any());
        });
        return items;
      }
      case QUOTE:
        return this.string();
      default: {
        if (!this.isNumber()) return this.word();
        const text = this.number();
        const value = Number(text);
        if (!/^-?\d+$/.test(text)) return Float64.of(value);
        return Number.isSafeInteger(value) ? value : BigInt(text);
      }
    }
  }
}

const TRUE = Buffer.from('true');
const FALSE = Buffer.from('false');
const NULL = Buffer.from('null');
const ERROR_PREFIX = 'Converting byte[] to Kafka Connect data failed due to serialization error: ';

const ownProperty = { enumerable: true, configurable: true, writable: true };

/** True if the JSON in bytes[start, end) has more levels than `maxDepth`. Text too short for that is not scanned. */
export function isNestedDeeper(bytes: Buffer, start: number, end: number, maxDepth: number): boolean {
  if (end - start <= 2 * maxDepth) return false;
  let depth = 0;
  for (let at = start; at < end; at++) {
    const byte = bytes[at];
    if (byte === QUOTE) {
      at++;
      while (at < end && bytes[at] !== QUOTE) at += bytes[at] === BACKSLASH ? 2 : 1;
    } else if (byte === 0x7b || byte === 0x5b) {
      if (++depth > maxDepth) return true;
    } else if (byte === 0x7d || byte === 0x5d) depth--;
  }
  return false;
}

const isDigit = (byte: number): boolean => byte >= 0x30 && byte <= 0x39;
