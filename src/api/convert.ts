import type { ConfigSpec } from './component.ts';
import type { ConnectRecord, SchemaAndValue } from './record.ts';
import type { ByteWriter, Schema, Value } from './schema.ts';

/** Translates between bytes in Kafka and Connect's data. Stateless except for caches by schema. */
export interface Converter {
  /**
   * Appends the bytes of a value to `out`. Returns false, with nothing appended, for Kafka's null.
   * Throws DataError for a value that does not fit its schema.
   */
  fromConnect(topic: string, schema: Schema | null, value: Value, out: ByteWriter): boolean;
  /**
   * Parses the bytes of a record. The value may reference `bytes`, which are not changed until its batch has been written.
   * Throws DataError for bytes of another format.
   */
  toConnect(topic: string, bytes: Uint8Array | null): SchemaAndValue;
}

export interface ConverterFactory<C = unknown> {
  readonly config: ConfigSpec<C>;
  create(config: C, isKey: boolean): Converter;
}

/** A single-message transform with its configuration. */
export interface Transform {
  /** Returns the record, a new one, or null to drop it. Throws DataError. */
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
