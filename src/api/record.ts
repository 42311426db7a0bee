import type { Schema, Value } from './schema.ts';

export interface SchemaAndValue {
  readonly schema: Schema | null;
  readonly value: Value;
  /** The text that an array or map was read from, which may hold more than the value: all digits of a float. */
  readonly text?: string;
}

/** A header: `schema` null means that the value has none. */
export interface Header extends SchemaAndValue {
  readonly key: string;
}

/** One record between a connector and Kafka, as Connect's `ConnectRecord`. Immutable: a transform returns another. */
export interface ConnectRecord {
  readonly topic: string;
  /** null: chosen from the key, as Kafka's default partitioner does. */
  readonly partition: number | null;
  readonly keySchema: Schema | null;
  readonly key: Value;
  readonly valueSchema: Schema | null;
  readonly value: Value;
  /** Milliseconds since 1970, or null for the time of writing. */
  readonly timestamp: number | null;
  readonly headers: readonly Header[];
}

/** A record read from a source. Its position is its batch's: see `SourceBatch`. */
export type SourceRecord = ConnectRecord;

/** A record read from Kafka for a sink. */
export interface SinkRecord extends ConnectRecord {
  readonly partition: number;
  /** Kafka offset; below 2^53. */
  readonly offset: number;
  /** Where it was read, whatever the transforms made of `topic` and `partition`. */
  readonly originalTopic: string;
  readonly originalPartition: number;
}

/** A source's place, as Connect's `sourcePartition`: JSON, the same names in the same order each time. */
export type SourcePartition = Readonly<Record<string, JsonScalar>>;
/** How far it has been read, as Connect's `sourceOffset`: plain JSON. null forgets the partition. */
export type SourceOffset = Readonly<Record<string, Json>> | null;

export type JsonScalar = string | number | boolean | null;
export type Json = JsonScalar | readonly Json[] | { readonly [key: string]: Json };

export interface SourcePosition {
  readonly partition: SourcePartition;
  readonly offset: SourceOffset;
}
