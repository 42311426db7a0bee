import { crc32c } from '@node-rs/crc32';
import { SetupFailure } from '../failures.ts';
import type { RawHeader, RawRecord } from '../port.ts';
import { type Allocate, decompress } from './compression.ts';
import { readInt64 } from './fields.ts';
import { attributes, layout } from './record-batch.ts';
import { VarintReader } from './varint.ts';

/** A record batch within fetched bytes, its fields read but not its records. */
export interface FetchedBatch {
  readonly bytes: Buffer;
  readonly baseOffset: number;
  readonly lastOffset: number;
  readonly attributes: number;
  readonly producerId: number;
  readonly count: number;
}

export const isControl = (batch: FetchedBatch): boolean => (batch.attributes & attributes.control) !== 0;
export const isTransactional = (batch: FetchedBatch): boolean => (batch.attributes & attributes.transactional) !== 0;

/** Where the length field ends: what stands before it is not part of the length. */
const LENGTH_END = layout.leaderEpoch;

/** The whole batches of fetched bytes; a last one that is cut off, as Kafka sends it, is left out. */
export function batchesOf(bytes: Buffer): FetchedBatch[] {
  const batches: FetchedBatch[] = [];
  let at = 0;
  while (at + layout.records <= bytes.length) {
    const end = at + LENGTH_END + bytes.readInt32BE(at + layout.length);
    if (end > bytes.length) break;
    const batch = bytes.subarray(at, end);
    const magic = batch[layout.magic];
    if (magic !== 2)
      throw new SetupFailure(
        `it holds messages in format ${magic}, of Kafka 0.10 and before: copy them to a new topic`,
      );
    if (batch.length < layout.records) throw new RangeError('a record batch is shorter than its header');
    const baseOffset = readInt64(batch, layout.baseOffset);
    batches.push({
      bytes: batch,
      baseOffset,
      lastOffset: baseOffset + batch.readInt32BE(layout.lastOffsetDelta),
      attributes: batch.readInt16BE(layout.attributes),
      producerId: readInt64(batch, layout.producerId),
      count: batch.readInt32BE(layout.count),
    });
    at = end;
  }
  return batches;
}

/** Whether a control batch ends an aborted transaction: its one record's key is version and type, 0 for an abort. */
export function isAbortMarker({ bytes }: FetchedBatch): boolean {
  const reader = new VarintReader(bytes, layout.records, bytes.length);
  reader.varint();
  reader.at++;
  reader.varlong();
  reader.varint();
  return reader.varint() >= 4 && bytes.readInt16BE(reader.at + 2) === 0;
}

const noHeaders: readonly RawHeader[] = [];

/** Key and value are views, made when they are asked for: most sinks want one of them. */
class DecodedRecord implements RawRecord {
  readonly offset: number;
  readonly timestamp: number;
  readonly headers: readonly RawHeader[];
  readonly #bytes: Buffer;
  readonly #keyStart: number;
  readonly #keyLength: number;
  readonly #valueStart: number;
  readonly #valueLength: number;

  constructor(
    offset: number,
    timestamp: number,
    bytes: Buffer,
    keyStart: number,
    keyLength: number,
    valueStart: number,
    valueLength: number,
    headers: readonly RawHeader[],
  ) {
    this.offset = offset;
    this.timestamp = timestamp;
    this.headers = headers;
    this.#bytes = bytes;
    this.#keyStart = keyStart;
    this.#keyLength = keyLength;
    this.#valueStart = valueStart;
    this.#valueLength = valueLength;
  }

  get size(): number {
    return Math.max(this.#keyLength, 0) + Math.max(this.#valueLength, 0);
  }

  get key(): Buffer | null {
    return this.#keyLength < 0 ? null : this.#bytes.subarray(this.#keyStart, this.#keyStart + this.#keyLength);
  }

  get value(): Buffer | null {
    return this.#valueLength < 0 ? null : this.#bytes.subarray(this.#valueStart, this.#valueStart + this.#valueLength);
  }
}

/**
 * A batch's records from an offset on, decoded bit by bit. They are views into the batch, or into memory of `allocate`.
 * Throws RangeError for a batch that is damaged.
 */
export class BatchDecoder {
  readonly #from: number;
  readonly #baseOffset: number;
  readonly #baseTimestamp: number;
  readonly #appended: boolean;
  readonly #reader: VarintReader;
  #left: number;

  constructor(batch: FetchedBatch, from: number, allocate: Allocate) {
    const { bytes, baseOffset, count } = batch;
    if (crc32c(bytes.subarray(layout.attributes)) !== bytes.readUInt32BE(layout.crc))
      throw new RangeError('a record batch fails its checksum');
    const codec = batch.attributes & attributes.codec;
    const records =
      codec === 0 ? bytes.subarray(layout.records) : decompress(codec, bytes.subarray(layout.records), allocate);
    this.#from = from;
    this.#baseOffset = baseOffset;
    this.#appended = (batch.attributes & attributes.logAppendTime) !== 0;
    this.#baseTimestamp = readInt64(bytes, this.#appended ? layout.maxTimestamp : layout.baseTimestamp);
    this.#reader = new VarintReader(records, 0, records.length);
    this.#left = count;
  }

  /** Appends records to `out`, taking them off what may still be taken, which is at least one; true: the batch is at its end. */
  decode(out: RawRecord[], left: Left): boolean {
    const reader = this.#reader;
    const { buffer: records, at: start } = reader;
    const until = out.length + left.records;
    const before = out.length;
    for (; this.#left > 0 && out.length < until && reader.at - start < left.bytes; this.#left--) {
      const size = reader.varint();
      const end = reader.at + size;
      reader.at++;
      const delta = reader.varlong();
      const offset = this.#baseOffset + reader.varint();
      const keyLength = reader.varint();
      const keyStart = reader.at;
      if (keyLength > 0) reader.at += keyLength;
      const valueLength = reader.varint();
      const valueStart = reader.at;
      if (valueLength > 0) reader.at += valueLength;
      const headers = reader.varint();
      if (offset >= this.#from) {
        const timestamp = this.#appended ? this.#baseTimestamp : this.#baseTimestamp + delta;
        out.push(
          new DecodedRecord(
            offset,
            timestamp,
            records,
            keyStart,
            keyLength,
            valueStart,
            valueLength,
            headers > 0 ? decodeHeaders(reader, headers, end) : noHeaders,
          ),
        );
      }
      reader.at = end;
      if (end > records.length || size < 0) throw new RangeError('a record is cut off');
    }
    left.records -= out.length - before;
    left.bytes -= reader.at - start;
    return this.#left === 0;
  }
}

/** What may still be taken at once: so many records, and so many bytes of them. */
export interface Left {
  records: number;
  bytes: number;
}

/** Each takes two bytes at least, before `end`. */
function decodeHeaders(reader: VarintReader, count: number, end: number): RawHeader[] {
  if (count * 2 > end - reader.at) throw new RangeError('a record has more headers than bytes');
  const headers: RawHeader[] = [];
  for (let i = 0; i < count; i++) {
    const key = view(reader, reader.varint()).toString('utf8');
    const length = reader.varint();
    headers.push({ key, value: length < 0 ? null : view(reader, length) });
  }
  return headers;
}

function view(reader: VarintReader, length: number): Buffer {
  const start = reader.at;
  reader.at += length;
  return reader.buffer.subarray(start, reader.at);
}
