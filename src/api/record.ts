import type { Schema, Value } from './schema.ts';

export interface SchemaAndValue {
  readonly schema: Schema | null;
  readonly value: Value;
  /** The text from which an array or map was parsed; it may be more exact than the value: all digits of a float. */
  readonly text?: string;
}

/** A record's header. schema: null for a value without a schema. */
export interface Header extends SchemaAndValue {
  readonly key: string;
}

/** One record between a connector and Kafka, like Connect's `ConnectRecord`. Immutable: a transform returns a new one. */
export interface ConnectRecord {
  readonly topic: string;
  /** null: chosen by the key, as in Kafka's default partitioner. */
  readonly partition: number | null;
  readonly keySchema: Schema | null;
  readonly key: Value;
  readonly valueSchema: Schema | null;
  readonly value: Value;
  /** Milliseconds since 1970, or null for the time of the write. */
  readonly timestamp: number | null;
  readonly headers: readonly Header[];
}

/** A record from a source. Its batch has the position: see `SourceBatch`. */
export type SourceRecord = ConnectRecord;

/** A record from Kafka for a sink. */
export interface SinkRecord extends ConnectRecord {
  readonly partition: number;
  /** Kafka offset; below 2^53. */
  readonly offset: number;
  /** Topic of the record in Kafka; transforms may change `topic` and `partition`. */
  readonly originalTopic: string;
  readonly originalPartition: number;
}

/** A part of a source, like Connect's `sourcePartition`: JSON, always with the same names in the same order. */
export type SourcePartition = Readonly<Record<string, JsonScalar>>;
/** The position in a source partition, like Connect's `sourceOffset`: JSON; null deletes the stored one. */
export type SourceOffset = Readonly<Record<string, Json>> | null;

export type JsonScalar = string | number | boolean | null;
export type Json = JsonScalar | readonly Json[] | { readonly [key: string]: Json };

export interface SourcePosition {
  readonly partition: SourcePartition;
  readonly offset: SourceOffset;
}
