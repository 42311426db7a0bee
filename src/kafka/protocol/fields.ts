/** Reads consecutive fields of Kafka's protocol (big endian). Throws RangeError past the end. */
export class FieldReader {
  readonly buffer: Buffer;
  at = 0;
  constructor(buffer: Buffer) {
    this.buffer = buffer;
  }
  int16(): number {
    this.at += 2;
    return this.buffer.readInt16BE(this.at - 2);
  }
  int32(): number {
    this.at += 4;
    return this.buffer.readInt32BE(this.at - 4);
  }
  int64(): number {
    this.at += 8;
    return readInt64(this.buffer, this.at - 8);
  }
  /** STRING or NULLABLE_STRING. */
  string(): string | null {
    const length = this.int16();
    if (length < 0) return null;
    return this.slice(length).toString('utf8');
  }
  /** The next `length` bytes, as a view. */
  slice(length: number): Buffer {
    const end = this.at + length;
    if (end > this.buffer.length) throw new RangeError('the response is truncated');
    const slice = this.buffer.subarray(this.at, end);
    this.at = end;
    return slice;
  }
  /** UNSIGNED_VARINT. */
  unsignedVarint(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const [byte = 0] = this.slice(1);
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value >>> 0;
    }
    throw new RangeError('a varint is too long');
  }
  /** COMPACT_STRING or COMPACT_NULLABLE_STRING. */
  compactString(): string | null {
    const length = this.unsignedVarint();
    return length === 0 ? null : this.slice(length - 1).toString('utf8');
  }
  /** COMPACT_ARRAY of structures; skips their tagged fields. null is read as []. */
  compactArray<T>(item: () => T): T[] {
    const items: T[] = [];
    for (let left = this.unsignedVarint() - 1; left > 0; left--) {
      items.push(item());
      this.tags();
    }
    return items;
  }
  /** Skips a TAG_BUFFER. */
  tags(): void {
    for (let left = this.unsignedVarint(); left > 0; left--) {
      this.unsignedVarint();
      this.slice(this.unsignedVarint());
    }
  }
  /** ARRAY; null is read as []. */
  array<T>(item: () => T): T[] {
    const length = this.int32();
    const items: T[] = [];
    for (let i = 0; i < length; i++) items.push(item());
    return items;
  }
}

/** Reads an int64 as a number, exact below 2^53. */
export const readInt64 = (buffer: Buffer, at: number): number =>
  buffer.readInt32BE(at) * 0x1_0000_0000 + buffer.readUInt32BE(at + 4);

export function writeInt64(buffer: Buffer, at: number, value: number): void {
  buffer.writeInt32BE(Math.floor(value / 0x1_0000_0000), at);
  buffer.writeUInt32BE(value - Math.floor(value / 0x1_0000_0000) * 0x1_0000_0000, at + 4);
}

/** Writes consecutive fields of Kafka's protocol (big endian). */
export class FieldWriter {
  #buffer: Buffer;
  #length = 0;
  constructor(capacity = 256) {
    this.#buffer = Buffer.allocUnsafe(capacity);
  }
  #reserve(n: number): number {
    const at = this.#length;
    if (at + n > this.#buffer.length) {
      const grown = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, at + n));
      this.#buffer.copy(grown, 0, 0, at);
      this.#buffer = grown;
    }
    this.#length = at + n;
    return at;
  }
  int8(value: number): this {
    const at = this.#reserve(1);
    this.#buffer.writeInt8(value, at);
    return this;
  }
  int16(value: number): this {
    const at = this.#reserve(2);
    this.#buffer.writeInt16BE(value, at);
    return this;
  }
  int32(value: number): this {
    const at = this.#reserve(4);
    this.#buffer.writeInt32BE(value, at);
    return this;
  }
  int64(value: number): this {
    const at = this.#reserve(8);
    writeInt64(this.#buffer, at, value);
    return this;
  }
  /** Bytes without a length prefix. */
  bytes(value: Uint8Array): this {
    const at = this.#reserve(value.length);
    this.#buffer.set(value, at);
    return this;
  }
  string(value: string): this {
    const length = Buffer.byteLength(value);
    this.int16(length);
    const at = this.#reserve(length);
    this.#buffer.write(value, at);
    return this;
  }
  /** UNSIGNED_VARINT. */
  unsignedVarint(value: number): this {
    let rest = value;
    for (; rest >= 0x80; rest >>>= 7) this.#buffer.writeUInt8((rest & 0x7f) | 0x80, this.#reserve(1));
    return this.int8(rest);
  }
  compactString(value: string): this {
    const length = Buffer.byteLength(value);
    this.unsignedVarint(length + 1);
    const at = this.#reserve(length);
    this.#buffer.write(value, at);
    return this;
  }
  compactArray<T>(items: readonly T[], write: (item: T) => void): this {
    this.unsignedVarint(items.length + 1);
    for (const item of items) write(item);
    return this;
  }
  /** Empty TAG_BUFFER. */
  tags(): this {
    return this.int8(0);
  }
  array<T>(items: readonly T[], write: (item: T) => void): this {
    this.int32(items.length);
    for (const item of items) write(item);
    return this;
  }
  /** Returns the bytes written since the last `take`; later writes do not change them. */
  take(): Buffer {
    const bytes = this.#buffer.subarray(0, this.#length);
    this.#buffer = this.#buffer.subarray(this.#length);
    this.#length = 0;
    return bytes;
  }
}
