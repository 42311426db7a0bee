import type { ConnectRecord, Converter, SinkRecord, TopicPartition } from '../../api/index.ts';
import { DataError } from '../../errors.ts';
import type { RawRecord } from '../../kafka/port.ts';
import { decodeHeaders } from '../headers.ts';

/** Where in a record's way an error happened, in Connect's words. */
export type Stage = 'KEY_CONVERTER' | 'VALUE_CONVERTER' | 'HEADER_CONVERTER' | 'TRANSFORMATION' | 'TASK_PUT';

/** Java classes. */
export interface ConverterNames {
  readonly keys: string;
  readonly values: string;
  readonly headers: string;
}

/** Turns what Kafka holds into what a sink takes: converters, then transforms. */
export class RecordDecoder {
  /** Stage of the record under way: where an error that `decode` throws happened. */
  stage: Stage = 'KEY_CONVERTER';
  private readonly transform: (record: ConnectRecord) => ConnectRecord | null;
  private readonly keys: Converter;
  private readonly values: Converter;
  private readonly headers: Converter;
  private readonly names: ConverterNames | undefined;

  constructor(parts: {
    transform: (record: ConnectRecord) => ConnectRecord | null;
    keys: Converter;
    values: Converter;
    headers: Converter;
    names?: ConverterNames;
  }) {
    this.transform = parts.transform;
    this.keys = parts.keys;
    this.values = parts.values;
    this.headers = parts.headers;
    this.names = parts.names;
  }

  /** Java class of the component that the record under way was with when `decode` threw this error. */
  component(error: unknown): string | undefined {
    if (this.stage === 'KEY_CONVERTER') return this.names?.keys;
    if (this.stage === 'VALUE_CONVERTER') return this.names?.values;
    if (this.stage === 'HEADER_CONVERTER') return this.names?.headers;
    return error instanceof DataError ? error.component : undefined;
  }

  /** null when a transform dropped it. Throws DataError. */
  decode(at: TopicPartition, raw: RawRecord): SinkRecord | null {
    try {
      return this.#decode(at, raw);
    } catch (error) {
      if (!isStackOverflow(error)) throw error;
      throw new DataError('The record is nested deeper than its converters and transforms can follow.', {
        cause: error,
      });
    }
  }

  #decode(at: TopicPartition, raw: RawRecord): SinkRecord | null {
    this.stage = 'KEY_CONVERTER';
    const key = this.keys.toConnect(at.topic, raw.key);
    this.stage = 'VALUE_CONVERTER';
    const value = this.values.toConnect(at.topic, raw.value);
    this.stage = 'HEADER_CONVERTER';
    const headers = raw.headers.length === 0 ? none : decodeHeaders(this.headers, at.topic, raw.headers);
    const record: SinkRecord = {
      topic: at.topic,
      partition: at.partition,
      keySchema: key.schema,
      key: key.value,
      valueSchema: value.schema,
      value: value.value,
      timestamp: raw.timestamp,
      headers,
      offset: raw.offset,
      originalTopic: at.topic,
      originalPartition: at.partition,
    };
    this.stage = 'TRANSFORMATION';
    // A transform keeps what it does not know of: offset and original place are still there.
    return this.transform(record) as SinkRecord | null;
  }
}

const isStackOverflow = (error: unknown): boolean =>
  error instanceof RangeError && error.message === 'Maximum call stack size exceeded';

const none: SinkRecord['headers'] = [];
