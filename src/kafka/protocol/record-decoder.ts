import { crc32c } from '@node-rs/crc32';
import { SetupError } from '../failures.ts';
import type { RawHeader, RawRecord } from '../port.ts';
import { type Allocate, decompress } from './compression.ts';
import { readInt64 } from './fields.ts';
import { attributes, layout } from './record-batch.ts';
import { VarintReader } from './varint.ts';

/** A record batch in fetched bytes: its header is parsed, its records are not. */
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

/** End of the length field; the length does not include the bytes before it. */
const LENGTH_END = layout.leaderEpoch;

/** Parses the complete batches in fetched bytes; Kafka may truncate the last one, which is left out. */
export function parseBatches(bytes: Buffer): FetchedBatch[] {
  const batches: FetchedBatch[] = [];
  let at = 0;
  while (at + layout.records <= bytes.length) {
    const end = at + LENGTH_END + bytes.readInt32BE(at + layout.length);
    if (end > bytes.length) break;
    const batch = bytes.subarray(at, end);
    const magic = batch[layout.magic];
    if (magic !== 2)
      throw new SetupError(
        `it contains messages of format ${magic} (Kafka 0.10 and earlier): copy them to a new topic`,
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

/** True for a control batch that aborts a transaction: the key of its only record is version and type, 0 for an abort. */
export function isAbortMarker({ bytes }: FetchedBatch): boolean {
  const reader = new VarintReader(bytes, layout.records, bytes.length);
  reader.varint();
  reader.at++;
  reader.varlong();
  reader.varint();
  return reader.varint() >= 4 && bytes.readInt16BE(reader.at + 2) === 0;
}

const noHeaders: readonly RawHeader[] = [];

/** Creates the views of key and value on access, as most sinks read one of them only. */
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
 * Decodes a batch's records from an offset on, in steps. Records are views into the batch, or into memory from `allocate`.
 * Throws RangeError for a corrupt batch.
 */
export class BatchDecoder {
  readonly #from: number;
  readonly #baseOffset: number;
  readonly #baseTimestamp: number;
  readonly #isLogAppendTime: boolean;
  readonly #reader: VarintReader;
  #remaining: number;

  constructor(batch: FetchedBatch, from: number, allocate: Allocate) {
    const { bytes, baseOffset, count } = batch;
    if (crc32c(bytes.subarray(layout.attributes)) !== bytes.readUInt32BE(layout.crc))
      throw new RangeError('a record batch fails its checksum');
    const codec = batch.attributes & attributes.codec;
    const records =
      codec === 0 ? bytes.subarray(layout.records) : decompress(codec, bytes.subarray(layout.records), allocate);
    this.#from = from;
    this.#baseOffset = baseOffset;
    this.#isLogAppendTime = (batch.attributes & attributes.logAppendTime) !== 0;
    this.#baseTimestamp = readInt64(bytes, this.#isLogAppendTime ? layout.maxTimestamp : layout.baseTimestamp);
    this.#reader = new VarintReader(records, 0, records.length);
    this.#remaining = count;
  }

  /** Appends records to `out` and subtracts them from the budget, which must be at least 1. Returns true at the end of the batch. */
  decode(out: RawRecord[], budget: DecodeBudget): boolean {
    const reader = this.#reader;
    const { buffer: records, at: start } = reader;
    const until = out.length + budget.records;
    const before = out.length;
    for (; this.#remaining > 0 && out.length < until && reader.at - start < budget.bytes; this.#remaining--) {
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
        const timestamp = this.#isLogAppendTime ? this.#baseTimestamp : this.#baseTimestamp + delta;
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
      if (end > records.length || size < 0) throw new RangeError('a record is truncated');
    }
    budget.records -= out.length - before;
    budget.bytes -= reader.at - start;
    return this.#remaining === 0;
  }
}

/** Records and bytes that may still be decoded in this step. */
export interface DecodeBudget {
  records: number;
  bytes: number;
}

/** Decodes headers; each has at least two bytes before `end`. */
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
