import type { Bytes } from '../../api/bytes.ts';
import type { ConnectRecord, Converter } from '../../api/index.ts';
import type { ProducerBatch, RawHeader } from '../../kafka/port.ts';
import { encodeHeaders } from '../headers.ts';

/** An encoded record, detached from the scratch buffer. */
export interface EncodedRecord {
  readonly topic: string;
  readonly partition: number | null;
  readonly timestamp: number | null;
  /** Key followed by value. */
  readonly buffer: Buffer;
  readonly keyEnd: number;
  readonly hasKey: boolean;
  readonly hasValue: boolean;
  readonly headers: readonly RawHeader[];
}

/** Appends to the batch; see `ProducerBatch.append`. */
export function appendEncoded(batch: ProducerBatch, record: EncodedRecord): Promise<void> | undefined {
  const { topic, partition, timestamp, buffer, keyEnd, hasKey, hasValue, headers } = record;
  const [keyStart, valueStart] = [hasKey ? 0 : -1, hasValue ? keyEnd : -1];
  return batch.append(topic, partition, timestamp, buffer, keyStart, keyEnd, valueStart, buffer.length, headers);
}

/**
 * Transforms and converts one record at a time into a scratch buffer, which `appendTo` then copies into a transaction.
 * Two steps, because a new topic is looked up or created between them.
 */
export class RecordEncoder {
  /** True if `errors.tolerance` is `all`. */
  readonly tolerant: boolean;
  readonly #transform: (record: ConnectRecord) => ConnectRecord | null;
  readonly #keys: Converter;
  readonly #values: Converter;
  readonly #headerConverter: Converter;
  #topic = '';
  #partition: number | null = null;
  #timestamp: number | null = null;
  #keyEnd = 0;
  #hasKey = false;
  #hasValue = false;
  #headers: readonly RawHeader[] = [];

  constructor(pipeline: {
    transform: (record: ConnectRecord) => ConnectRecord | null;
    keys: Converter;
    values: Converter;
    headers: Converter;
    tolerant: boolean;
  }) {
    this.#transform = pipeline.transform;
    this.#keys = pipeline.keys;
    this.#values = pipeline.values;
    this.#headerConverter = pipeline.headers;
    this.tolerant = pipeline.tolerant;
  }

  /** Returns the destination topic, or null for a record that a transform dropped. Throws DataError. */
  encode(source: ConnectRecord, scratch: Bytes): string | null {
    const record = this.#transform(source);
    if (record === null) return null;
    const { topic } = record;
    scratch.reset();
    this.#hasKey = this.#keys.fromConnect(topic, record.keySchema, record.key, scratch);
    this.#keyEnd = scratch.length;
    this.#hasValue = this.#values.fromConnect(topic, record.valueSchema, record.value, scratch);
    this.#headers =
      record.headers.length === 0 ? noHeaders : encodeHeaders(this.#headerConverter, topic, record.headers);
    this.#topic = topic;
    this.#partition = record.partition;
    this.#timestamp = record.timestamp;
    return topic;
  }

  /** Copies the last encoded record out of the scratch buffer, to be appended later. */
  detach(scratch: Bytes): EncodedRecord {
    return {
      topic: this.#topic,
      partition: this.#partition,
      timestamp: this.#timestamp,
      buffer: Buffer.from(scratch.buffer.subarray(0, scratch.length)),
      keyEnd: this.#keyEnd,
      hasKey: this.#hasKey,
      hasValue: this.#hasValue,
      headers: this.#headers,
    };
  }

  /** Appends the last encoded record; see `ProducerBatch.append`. Returns a promise only for a large record. */
  appendTo(batch: ProducerBatch, scratch: Bytes): Promise<void> | undefined {
    return batch.append(
      this.#topic,
      this.#partition,
      this.#timestamp,
      scratch.buffer,
      this.#hasKey ? 0 : -1,
      this.#keyEnd,
      this.#hasValue ? this.#keyEnd : -1,
      scratch.length,
      this.#headers,
    );
  }
}

const noHeaders: readonly RawHeader[] = [];
