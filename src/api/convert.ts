import type { ConfigSpec } from './component.ts';
import type { ConnectRecord, SchemaAndValue } from './record.ts';
import type { ByteWriter, Schema, Value } from './schema.ts';

/** Bytes in Kafka ↔ Connect's data. Stateless but for caches by schema. */
export interface Converter {
  /**
   * Appends the bytes of a value to `out`. False, with nothing appended, stands for Kafka's null.
   * Throws DataError for a value that does not fit its schema.
   */
  fromConnect(topic: string, schema: Schema | null, value: Value, out: ByteWriter): boolean;
  /**
   * The value may point into `bytes`, which stay as they are until its batch has been written. Throws DataError for
   * bytes that are not of this format.
   */
  toConnect(topic: string, bytes: Uint8Array | null): SchemaAndValue;
}

export interface ConverterFactory<C = unknown> {
  readonly config: ConfigSpec<C>;
  create(config: C, isKey: boolean): Converter;
}

/** One single-message transform with its configuration. */
export interface Transform {
  /** The record, another, or null to drop it. Throws DataError. */
  apply<R extends ConnectRecord>(record: R): R | null;
}

export interface TransformFactory<C = unknown> {
  readonly config: ConfigSpec<C>;
  create(config: C): Transform;
}

export interface Predicate {
  test(record: ConnectRecord): boolean;
}

export interface PredicateFactory<C = unknown> {
  readonly config: ConfigSpec<C>;
  create(config: C): Predicate;
}
