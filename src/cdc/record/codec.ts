import type { ByteWriter, Schema, Value } from '../../api/index.ts';
import type { Placeholder } from './unavailable-value.ts';

/**
 * Decodes a column from the bytes of its database to Connect's value and to JSON. Compiled once for each column of each
 * version of a table. A value is bytes[start, end); PostgreSQL sends the UTF-8 text of the type's output function, under
 * the settings of the connector's sessions (ISO dates, UTC, ISO 8601 intervals, hex bytea, exact floats).
 */
export interface Codec {
  /** Schema of the type, not optional. A column's schema adds `optional` or a default. */
  readonly schema: Schema;
  /** null if Connect's type cannot represent the value: NaN in a precise decimal, a time out of range. */
  value(bytes: Buffer, start: number, end: number): Value;
  /**
   * Appends the JSON that JsonConverter, with default settings, writes for the result of `value`. Returns false, with
   * nothing appended, if that is null.
   */
  json(bytes: Buffer, start: number, end: number, out: ByteWriter): boolean;
  /** A value that cannot be represented is null in a nullable column, as in Debezium; by default it is a data error. */
  readonly nullForNaN?: true;
  /** Value of a NOT NULL column that the database did not send: non-key columns of a deleted row. */
  readonly missing: Value;
  /** Placeholder of an unchanged large value; by default that of the schema (`unavailableOf`). */
  unavailable?(placeholder: Placeholder): Value;
  /** Conversion of DEFAULT clauses; absent: schemas of this type have no default. */
  readonly defaults?: DefaultText;
}

export interface DefaultText {
  /** Literal in place of a function call in the DEFAULT of a NOT NULL column; no record contains it. */
  readonly zero: string;
  /** Converts a literal of a DEFAULT clause to the text of the type's output function, if these differ. */
  normal?(literal: string): string;
}

/** ASCII text of a value. */
export const latin1 = (bytes: Buffer, start: number, end: number): string => bytes.toString('latin1', start, end);
