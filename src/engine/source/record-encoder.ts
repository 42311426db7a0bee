import type { Bytes } from '../../api/bytes.ts';
import type { ConnectRecord, Converter } from '../../api/index.ts';
import type { ProducerBatch, RawHeader } from '../../kafka/port.ts';
import { encodeHeaders } from '../headers.ts';

/** A record on its way from an encoder into a transaction. */
export interface EncodedRecord {
  readonly topic: string;
  readonly partition: number | null;
  readonly timestamp: number | null;
  /** The key, then the value. */
  readonly buffer: Buffer;
  readonly keyEnd: number;
  readonly hasKey: boolean;
  readonly hasValue: boolean;
  readonly headers: readonly RawHeader[];
}

/** As `ProducerBatch.append`. */
export function appendEncoded(batch: ProducerBatch, record: EncodedRecord): Promise<void> | undefined {
  const { topic, partition, timestamp, buffer, keyEnd, hasKey, hasValue, headers } = record;
  const [keyStart, valueStart] = [hasKey ? 0 : -1, hasValue ? keyEnd : -1];
  return batch.append(topic, partition, timestamp, buffer, keyStart, keyEnd, valueStart, buffer.length, headers);
}

/**
 * Transforms and converts one record at a time into a scratch buffer, which `appendTo` then copies into a transaction.
 * The two are apart because a topic met for the first time must be looked up in between.
 */
export class RecordEncoder {
  /** `errors.tolerance` is all. */
  readonly tolerant: boolean;
  private readonly transform: (record: ConnectRecord) => ConnectRecord | null;
  private readonly keys: Converter;
  private readonly values: Converter;
  private readonly headerConverter: Converter;
  private topic = '';
  private partition: number | null = null;
  private timestamp: number | null = null;
  private keyEnd = 0;
  private hasKey = false;
  private hasValue = false;
  private headers: readonly RawHeader[] = [];

  constructor(parts: {
    transform: (record: ConnectRecord) => ConnectRecord | null;
    keys: Converter;
    values: Converter;
    headers: Converter;
    tolerant: boolean;
  }) {
    this.transform = parts.transform;
    this.keys = parts.keys;
    this.values = parts.values;
    this.headerConverter = parts.headers;
    this.tolerant = parts.tolerant;
  }

  /** The topic that the record goes to, or null when a transform dropped it. Throws DataError. */
  encode(source: ConnectRecord, scratch: Bytes): string | null {
    const record = this.transform(source);
    if (record === null) return null;
    const { topic } = record;
    scratch.reset();
    this.hasKey = this.keys.fromConnect(topic, record.keySchema, record.key, scratch);
    this.keyEnd = scratch.length;
    this.hasValue = this.values.fromConnect(topic, record.valueSchema, record.value, scratch);
    this.headers = record.headers.length === 0 ? none : encodeHeaders(this.headerConverter, topic, record.headers);
    this.topic = topic;
    this.partition = record.partition;
    this.timestamp = record.timestamp;
    return topic;
  }

  /** The record encoded last, out of the scratch buffer: it can be appended later. */
  detach(scratch: Bytes): EncodedRecord {
    const { topic, partition, timestamp, keyEnd, hasKey, hasValue, headers } = this;
    const buffer = Buffer.from(scratch.buffer.subarray(0, scratch.length));
    return { topic, partition, timestamp, keyEnd, hasKey, hasValue, headers, buffer };
  }

  /** As `ProducerBatch.append`: a promise only of a record that is large. */
  appendTo(batch: ProducerBatch, scratch: Bytes): Promise<void> | undefined {
    const { keyEnd } = this;
    return batch.append(
      this.topic,
      this.partition,
      this.timestamp,
      scratch.buffer,
      this.hasKey ? 0 : -1,
      keyEnd,
      this.hasValue ? keyEnd : -1,
      scratch.length,
      this.headers,
    );
  }
}

const none: readonly RawHeader[] = [];
