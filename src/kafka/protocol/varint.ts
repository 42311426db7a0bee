/** Kafka's variable-length integers: zigzag encoding, seven bits per byte, low bits first (like Protocol Buffers' sint). */

/** Encoded bytes of a value, by the number of its leading zero bits. */
const sizeByZeros = new Uint8Array(33);
for (let zeros = 0; zeros <= 32; zeros++) sizeByZeros[zeros] = Math.max(1, Math.ceil((32 - zeros) / 7));

/** Encoded bytes of an int32. */
export const sizeOfVarint = (n: number): number => sizeByZeros[Math.clz32((n << 1) ^ (n >> 31))] as number;

/** Writes an int32; returns the index after it. */
export function writeVarint(buffer: Uint8Array, at: number, n: number): number {
  let rest = ((n << 1) ^ (n >> 31)) >>> 0;
  let index = at;
  while (rest > 0x7f) {
    buffer[index++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  buffer[index++] = rest;
  return index;
}

const zigzag = (n: bigint): bigint => BigInt.asUintN(64, (n << 1n) ^ (n >> 63n));

/** Encoded bytes of an int64. */
export function sizeOfVarlong(n: bigint): number {
  let size = 1;
  for (let rest = zigzag(n) >> 7n; rest > 0n; rest >>= 7n) size++;
  return size;
}

/** Writes an int64; returns the index after it. */
export function writeVarlong(buffer: Uint8Array, at: number, n: bigint): number {
  let rest = zigzag(n);
  let index = at;
  while (rest > 0x7fn) {
    buffer[index++] = Number(rest & 0x7fn) | 0x80;
    rest >>= 7n;
  }
  buffer[index++] = Number(rest);
  return index;
}

/** Reads consecutive varints up to `end`. */
export class VarintReader {
  buffer: Buffer;
  at: number;
  end: number;
  constructor(buffer: Buffer, at: number, end: number) {
    this.buffer = buffer;
    this.at = at;
    this.end = end;
  }

  /** Reads an int32. Throws RangeError past the end. */
  varint(): number {
    const { buffer } = this;
    let byte = buffer[this.at++] as number;
    if (byte < 0x80) return (byte >>> 1) ^ -(byte & 1);
    let value = byte & 0x7f;
    for (let shift = 7; shift < 35; shift += 7) {
      byte = buffer[this.at++] as number;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return (value >>> 1) ^ -(value & 1);
    }
    throw new RangeError('a varint is too long or truncated');
  }

  /** Reads an int64 as a number, exact below 2^53. Throws RangeError past the end. */
  varlong(): number {
    const { buffer, at } = this;
    // Four bytes hold 28 bits, which int32 arithmetic can decode: nearly always enough.
    let value = 0;
    for (let i = 0; i < 4; i++) {
      const byte = buffer[at + i] as number;
      value |= (byte & 0x7f) << (i * 7);
      if (byte < 0x80) {
        this.at = at + i + 1;
        return (value >>> 1) ^ -(value & 1);
      }
    }
    let wide = 0n;
    for (let i = 0; i < 10; i++) {
      const byte = buffer[at + i];
      if (byte === undefined) break;
      wide |= BigInt(byte & 0x7f) << BigInt(i * 7);
      if (byte < 0x80) {
        this.at = at + i + 1;
        return Number(BigInt.asIntN(64, (wide >> 1n) ^ -(wide & 1n)));
      }
    }
    throw new RangeError('a varlong is too long or truncated');
  }
}
