import type { ConnectRecord, Converter, SinkRecord, TopicPartition } from '../../api/index.ts';
import { DataError } from '../../errors.ts';
import type { RawRecord } from '../../kafka/port.ts';
import { decodeHeaders } from '../headers.ts';

/** Stage of processing in which an error occurred, as in Kafka Connect's `__connect.errors.stage`. */
export type Stage = 'KEY_CONVERTER' | 'VALUE_CONVERTER' | 'HEADER_CONVERTER' | 'TRANSFORMATION' | 'TASK_PUT';

/** Java class names of the converters. */
export interface ConverterNames {
  readonly keys: string;
  readonly values: string;
  readonly headers: string;
}

/** Decodes fetched records into sink records: converters first, then transforms. */
export class RecordDecoder {
  /** Stage of the current record, and of an error that `decode` throws. */
  stage: Stage = 'KEY_CONVERTER';
  readonly #transform: (record: ConnectRecord) => ConnectRecord | null;
  readonly #keys: Converter;
  readonly #values: Converter;
  readonly #headers: Converter;
  readonly #names: ConverterNames | undefined;

  constructor(pipeline: {
    transform: (record: ConnectRecord) => ConnectRecord | null;
    keys: Converter;
    values: Converter;
    headers: Converter;
    names?: ConverterNames;
  }) {
    this.#transform = pipeline.transform;
    this.#keys = pipeline.keys;
    this.#values = pipeline.values;
    this.#headers = pipeline.headers;
    this.#names = pipeline.names;
  }

  /** Java class of the component that failed when `decode` threw this error. */
  componentClass(error: unknown): string | undefined {
    if (this.stage === 'KEY_CONVERTER') return this.#names?.keys;
    if (this.stage === 'VALUE_CONVERTER') return this.#names?.values;
    if (this.stage === 'HEADER_CONVERTER') return this.#names?.headers;
    return error instanceof DataError ? error.component : undefined;
  }

  /** Returns null for a record that a transform dropped. Throws DataError. */
  decode(topicPartition: TopicPartition, raw: RawRecord): SinkRecord | null {
    try {
      return this.#decode(topicPartition, raw);
    } catch (error) {
      if (!isStackOverflow(error)) throw error;
      throw new DataError('The record is nested too deeply for its converters and transforms.', {
        cause: error,
      });
    }
  }

  #decode({ topic, partition }: TopicPartition, raw: RawRecord): SinkRecord | null {
    this.stage = 'KEY_CONVERTER';
    const key = this.#keys.toConnect(topic, raw.key);
    this.stage = 'VALUE_CONVERTER';
    const value = this.#values.toConnect(topic, raw.value);
    this.stage = 'HEADER_CONVERTER';
    const headers = raw.headers.length === 0 ? noHeaders : decodeHeaders(this.#headers, topic, raw.headers);
    const record: SinkRecord = {
      topic,
      partition,
      keySchema: key.schema,
      key: key.value,
      valueSchema: value.schema,
      value: value.value,
      timestamp: raw.timestamp,
      headers,
      offset: raw.offset,
      originalTopic: topic,
      originalPartition: partition,
    };
    this.stage = 'TRANSFORMATION';
    // Transforms copy fields that they do not know, so the result still has the offset and the original partition.
    return this.#transform(record) as SinkRecord | null;
  }
}

const isStackOverflow = (error: unknown): boolean =>
  error instanceof RangeError && error.message === 'Maximum call stack size exceeded';

const noHeaders: SinkRecord['headers'] = [];
