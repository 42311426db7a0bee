import type { ByteWriter, Schema, Value } from '../../api/index.ts';
import type { Placeholder } from './unavailable-value.ts';

/**
 * How a column's text, as PostgreSQL's output function prints it, becomes Connect's value and JSON. Made once for each
 * column of each version of a table.
 *
 * The text is bytes[start, end), UTF-8, under the session settings of `connection.ts` (ISO dates, UTC, ISO 8601
 * intervals, hex bytea, exact floats).
 */
export interface Codec {
  /** Required: a column's own schema is this, made optional or given a default. */
  readonly schema: Schema;
  /** null where the type has no value for what the database holds: NaN in a precise decimal, a time out of range. */
  value(bytes: Buffer, start: number, end: number): Value;
  /**
   * Appends the same as JsonConverter does, by its default settings, for what `value` returns. False, with nothing
   * appended, where that is null.
   */
  json(bytes: Buffer, start: number, end: number, out: ByteWriter): boolean;
  /** Such a value is null in a nullable column, as in Debezium; without this, it is a data error of its record. */
  readonly nullForNaN?: true;
  /** What stands in a NOT NULL column of which the database sent no value: the non-key columns of a deleted row. */
  readonly missing: Value;
  /** Stands for an unchanged TOAST value, where that is not the usual placeholder of the schema (`unavailableOf`). */
  unavailable?(placeholder: Placeholder): Value;
  /** How literals and functions in DEFAULT clauses are read; absent: this type has no defaults in its schema. */
  readonly defaults?: DefaultText;
}

export interface DefaultText {
  /** The literal of a DEFAULT that is no literal (a function call), for NOT NULL columns: it is never seen. */
  readonly zero: string;
  /** A literal as the database would print it in a row, where that is not how it stands in the DEFAULT clause. */
  normal?(literal: string): string;
}

/** ASCII text of a value. */
export const latin1 = (bytes: Buffer, start: number, end: number): string => bytes.toString('latin1', start, end);
