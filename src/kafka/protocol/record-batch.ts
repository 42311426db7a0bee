import { crc32c } from '@node-rs/crc32';
import type { Compression, RawHeader } from '../port.ts';
import { codecIds, compress } from './compression.ts';
import { sizeOfVarint, sizeOfVarlong, writeVarint, writeVarlong } from './varint.ts';

/**
 * Byte offsets of the fields of Kafka's record batch, format 2 (https://kafka.apache.org/documentation/#recordbatch). All are
 * big endian; the checksum covers everything after it.
 */
export const layout = {
  baseOffset: 0,
  /** Length of everything after this field. */
  length: 8,
  leaderEpoch: 12,
  magic: 16,
  crc: 17,
  attributes: 21,
  lastOffsetDelta: 23,
  baseTimestamp: 27,
  maxTimestamp: 35,
  producerId: 43,
  producerEpoch: 51,
  baseSequence: 53,
  count: 57,
  records: 61,
} as const;

export const attributes = { codec: 7, logAppendTime: 8, transactional: 16, control: 32 } as const;

/** Pool of the memory of batches. */
export interface BufferPool {
  /** Returns a buffer of at least `atLeast` bytes. */
  acquire(atLeast: number): Buffer;
  release(buffer: Buffer): void;
  /** Frees all buffers; buffers released later are not kept. */
  close(): void;
}

/** Copies below this size are cheaper with a loop than with a call into the runtime. */
const LOOP_BYTES = 32;
const noHeaders: readonly RawHeader[] = [];
/** Timestamp deltas up to this are encoded with int32 arithmetic. */
const MAX_INT32_DELTA = 0x3fffffff;

/** Writes one record batch. Each record is encoded when it is appended; its key and value are copied once. */
export class RecordBatchWriter {
  readonly #pool: BufferPool;
  #buffer: Buffer;
  #length: number = layout.records;
  #count = 0;
  #baseTimestamp = 0;
  #maxTimestamp = 0;
  #headers: readonly RawHeader[] = noHeaders;
  #headerBytes: Buffer = encodeHeaders(noHeaders);
  #body: readonly Buffer[] | undefined;

  constructor(pool: BufferPool) {
    this.#pool = pool;
    this.#buffer = pool.acquire(16 * 1024);
  }

  get count(): number {
    return this.#count;
  }

  /** Bytes including the batch header, before compression. */
  get length(): number {
    return this.#length;
  }

  /**
   * Appends a record. A start of -1 means null. timestamp: an integer, in milliseconds. headers: the encoding is reused while the
   * same array is passed, so its content must not change.
   */
  append(
    timestamp: number,
    source: Uint8Array,
    keyStart: number,
    keyEnd: number,
    valueStart: number,
    valueEnd: number,
    headers: readonly RawHeader[],
  ): void {
    const count = this.#count;
    if (count === 0) {
      this.#baseTimestamp = timestamp;
      this.#maxTimestamp = timestamp;
    } else if (timestamp > this.#maxTimestamp) this.#maxTimestamp = timestamp;
    if (headers !== this.#headers) {
      this.#headerBytes = encodeHeaders(headers);
      this.#headers = headers;
    }
    const headerBytes = this.#headerBytes;
    const keyLength = keyStart < 0 ? -1 : keyEnd - keyStart;
    const valueLength = valueStart < 0 ? -1 : valueEnd - valueStart;
    const delta = timestamp - this.#baseTimestamp;
    const near = delta >= -MAX_INT32_DELTA && delta <= MAX_INT32_DELTA;
    const wide = near ? 0n : BigInt(timestamp) - BigInt(this.#baseTimestamp);
    const size =
      1 +
      (near ? sizeOfVarint(delta) : sizeOfVarlong(wide)) +
      sizeOfVarint(count) +
      sizeOfVarint(keyLength) +
      Math.max(keyLength, 0) +
      sizeOfVarint(valueLength) +
      Math.max(valueLength, 0) +
      headerBytes.length;
    let at = this.#length;
    if (at + size + 5 > this.#buffer.length) this.#grow(at + size + 5);
    const buffer = this.#buffer;
    at = writeVarint(buffer, at, size);
    buffer[at++] = 0;
    at = near ? writeVarint(buffer, at, delta) : writeVarlong(buffer, at, wide);
    at = writeVarint(buffer, at, count);
    at = writeVarint(buffer, at, keyLength);
    if (keyLength > 0) at = copy(source, keyStart, keyEnd, buffer, at);
    at = writeVarint(buffer, at, valueLength);
    if (valueLength > 0) at = copy(source, valueStart, valueEnd, buffer, at);
    if (headerBytes.length === 1) buffer[at++] = 0;
    else at = copy(headerBytes, 0, headerBytes.length, buffer, at);
    this.#length = at;
    this.#count = count + 1;
  }

  /** Bytes to send, including the batch header. No record may be appended afterwards. */
  async compressedLength(codec: Compression): Promise<number> {
    this.#body ??= await this.#compress(codec);
    let length: number = layout.records;
    for (const piece of this.#body) length += piece.length;
    return length;
  }

  #compress(codec: Compression): Promise<readonly Buffer[]> {
    return compress(codec, this.#buffer.subarray(layout.records, this.#length));
  }

  /**
   * Returns the finished batch as consecutive pieces to send, valid until `release`. No record may be appended afterwards.
   */
  async finish(codec: Compression, identity: BatchIdentity, baseSequence: number): Promise<readonly Buffer[]> {
    const body = this.#body ?? (await this.#compress(codec));
    const header = this.#buffer.subarray(0, layout.records);
    let length = layout.records;
    for (const piece of body) length += piece.length;
    header.fill(0, layout.baseOffset, layout.length);
    header.writeInt32BE(length - layout.leaderEpoch, layout.length);
    header.writeInt32BE(-1, layout.leaderEpoch);
    header[layout.magic] = 2;
    header.writeInt16BE(codecIds[codec] | attributes.transactional, layout.attributes);
    header.writeInt32BE(this.#count - 1, layout.lastOffsetDelta);
    header.writeBigInt64BE(BigInt(this.#baseTimestamp), layout.baseTimestamp);
    header.writeBigInt64BE(BigInt(this.#maxTimestamp), layout.maxTimestamp);
    header.writeBigInt64BE(identity.producerId, layout.producerId);
    header.writeInt16BE(identity.producerEpoch, layout.producerEpoch);
    header.writeInt32BE(baseSequence, layout.baseSequence);
    header.writeInt32BE(this.#count, layout.count);
    let crc = crc32c(header.subarray(layout.attributes));
    for (const piece of body) crc = crc32c(piece, crc);
    header.writeUInt32BE(crc, layout.crc);
    return [header, ...body];
  }

  /** Returns the memory to the pool. */
  release(): void {
    this.#pool.release(this.#buffer);
  }

  #grow(atLeast: number): void {
    const grown = this.#pool.acquire(Math.max(this.#buffer.length * 2, atLeast));
    this.#buffer.copy(grown, 0, 0, this.#length);
    this.#pool.release(this.#buffer);
    this.#buffer = grown;
  }
}

export interface BatchIdentity {
  readonly producerId: bigint;
  readonly producerEpoch: number;
}

function copy(source: Uint8Array, start: number, end: number, target: Buffer, at: number): number {
  const length = end - start;
  if (length < LOOP_BYTES) {
    for (let i = 0; i < length; i++) target[at + i] = source[start + i] as number;
  } else target.set(start === 0 && end === source.length ? source : source.subarray(start, end), at);
  return at + length;
}

/** Encoded bytes of a record's headers. */
export function sizeOfHeaders(headers: readonly RawHeader[]): number {
  let size = sizeOfVarint(headers.length);
  for (const { key, value } of headers) {
    const keyLength = Buffer.byteLength(key);
    size +=
      sizeOfVarint(keyLength) + keyLength + sizeOfVarint(value === null ? -1 : value.length) + (value?.length ?? 0);
  }
  return size;
}

function encodeHeaders(headers: readonly RawHeader[]): Buffer {
  const buffer = Buffer.allocUnsafe(sizeOfHeaders(headers));
  let at = writeVarint(buffer, 0, headers.length);
  for (const { key, value } of headers) {
    const keyLength = Buffer.byteLength(key);
    at = writeVarint(buffer, at, keyLength);
    at += buffer.write(key, at, 'utf8');
    at = writeVarint(buffer, at, value === null ? -1 : value.length);
    if (value !== null) {
      buffer.set(value, at);
      at += value.length;
    }
  }
  return buffer;
}
