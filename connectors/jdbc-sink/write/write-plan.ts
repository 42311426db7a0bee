import {
  Decimal,
  Float64,
  isStruct,
  type Schema,
  type SinkRecord,
  type Struct,
  type Value,
  ValueStruct,
} from '../../../src/api/index.ts';
import type { InsertMode } from '../config/settings.ts';
import type { ValueAccessor } from '../fields/value-accessors.ts';
import type { Messages, Statement } from '../protocol/messages.ts';
import type { Column, Table } from '../table/catalogue.ts';
import { columnKeyNormalizer } from '../values/column-key-normalizer.ts';
import { arrayParameter, type Encoder, InvalidValueError } from '../values/encoder.ts';
import { jsonText } from '../values/json-text.ts';
import { exactKey, type KeyNormalizer } from '../values/key-normalizer.ts';
import type { Row } from './change-reader.ts';
import type { RowSet } from './row-set.ts';
import { deleteSql, insertSql, type Rekeying, rekeySql, type SqlColumn, updateSql, upsertSql } from './sql.ts';
import { mayBeUnavailable, type UnavailableCheck, unavailableCheck } from './unavailable-values.ts';

/** A column, with the accessor and the encoder of its values. */
export interface PlanColumn extends SqlColumn {
  readonly column: Column;
  readonly accessor: ValueAccessor;
  readonly encoder: Encoder;
  readonly schema: Schema | null;
  /** Name of the field. */
  readonly name: string;
  /** Index of the field in a row with a schema; -1 for values from elsewhere. */
  readonly fieldIndex: number;
}

/** A key as a Map key: equal values are the same key. */
export type Key = string | number | bigint | boolean;

/** A column that may hold Debezium's placeholder. */
interface MaskableColumn {
  readonly index: number;
  readonly accessor: ValueAccessor;
  readonly check: UnavailableCheck;
}

/** Indexes of the columns of a row that hold Debezium's placeholder, separated by commas; usually ''. */
export type Mask = string;

/** A value that its column cannot hold. index: of its row in those passed to `bind`. */
export class InvalidRowError extends Error {
  readonly index: number;
  constructor(index: number, message: string) {
    super(message);
    this.index = index;
  }
}

/** A key with a null part. The message is the name of the column. */
export class MissingKeyError extends Error {}

/** Approximate number of bytes of the rows in one statement. */
const STATEMENT_BYTES = 1024 * 1024;
/** Rows of the first statement, before their size is known. */
const FIRST_ROWS = 256;

/** Values of one column while it is bound; reused, as binding is synchronous. */
const scratch: Value[] = [];

/**
 * Statements, column order and encoders for writing records of one schema to one table, compiled once. A plan that has only
 * key columns deletes.
 */
export class WritePlan {
  readonly table: Table;
  readonly columns: readonly PlanColumn[];
  readonly keys: readonly PlanColumn[];
  readonly #mode: InsertMode | 'delete';
  readonly #prepare: (sql: string, parameters: readonly number[]) => Statement;
  readonly #statements = new Map<Mask, Statement | null>();
  readonly #rekeyStatements = new Map<Rekeying, Statement>();
  readonly #maskable: readonly MaskableColumn[];
  readonly #columnNames: ReadonlySet<string>;
  readonly #normalizeKey: KeyNormalizer | undefined;
  /** Approximate. Always a small integer: a fraction would change the object's hidden class in V8 and deoptimize its code. */
  #rowBytes = 0;

  constructor(
    table: Table,
    columns: readonly PlanColumn[],
    mode: InsertMode | 'delete',
    prepare: (sql: string, parameters: readonly number[]) => Statement,
  ) {
    this.table = table;
    this.columns = columns;
    this.keys = columns.filter(({ key }) => key);
    this.#mode = mode;
    this.#prepare = prepare;
    this.#normalizeKey = keyNormalizer(this.keys);
    this.#columnNames = new Set(columns.map(({ column }) => column.name));
    this.#maskable = columns.flatMap(({ key, accessor: origin, schema }, index): MaskableColumn[] => {
      const check = key ? undefined : unavailableCheck(schema);
      return check === undefined ? [] : [{ index: index, accessor: origin, check }];
    });
  }

  /** True if this plan writes every column that the other one writes. */
  covers(other: WritePlan): boolean {
    return [...other.#columnNames].every(name => this.#columnNames.has(name));
  }

  /** The row's key. Throws MissingKeyError if a part of it is null. */
  keyOf(record: SinkRecord, row: Row | null): Key {
    const { keys } = this;
    const [only] = keys;
    if (keys.length === 1 && only !== undefined) return keyPart(only, record, row);
    return keys.map(key => String(keyPart(key, record, row))).join('\0');
  }

  /**
   * Text that is the same for all keys that the database may treat as equal; undefined if only identical keys are equal. Equal
   * keys of different bytes must not occur in one statement, nor change their order.
   */
  normalizedKey(key: Key): string | undefined {
    return this.#normalizeKey?.(String(key));
  }

  maskOf(record: SinkRecord, row: Row | null): Mask {
    let mask = '';
    for (const { index, accessor: origin, check } of this.#maskable) {
      const value = origin.value(record, row);
      if (mayBeUnavailable(value) && check(value)) mask += mask === '' ? index : `,${index}`;
    }
    return mask;
  }

  /** The later row, with the values that it lacks from the earlier one. mask: of the later row. */
  merge(later: Row, mask: Mask, earlier: Row): Row {
    const columns = maskedIndexes(mask).map(index => this.columns[index] as PlanColumn);
    if (!isStruct(later)) {
      const earlierValues = new Map(Object.entries(earlier));
      const missing = new Set(columns.map(({ name }) => name));
      return Object.fromEntries(
        Object.entries(later).map(([name, value]) => [
          name,
          missing.has(name) ? (earlierValues.get(name) ?? null) : value,
        ]),
      );
    }
    const values = later.schema.fields.map(field => (later as Struct).at(field.index));
    for (const { fieldIndex: field } of columns) values[field] = (earlier as Struct).at(field);
    return new ValueStruct(later.schema, values);
  }

  /** Statement for rows with a mask; null if there is nothing to update, as the rows have only a key. */
  statement(mask: Mask): Statement | null {
    let statement = this.#statements.get(mask);
    if (statement === undefined) {
      statement = this.#compile(mask);
      this.#statements.set(mask, statement);
    }
    return statement;
  }

  /** Statement that gives rows new keys. */
  rekeyStatement(rekeying: Rekeying): Statement {
    let statement = this.#rekeyStatements.get(rekeying);
    if (statement === undefined) {
      const columns = this.table.columns.filter(({ generated }) => !generated);
      const types = this.keys.map(({ encoder }) => encoder.wire.array);
      const sql = rekeySql(this.table.sql, this.keys, columns, rekeying);
      statement = this.#prepare(sql, [...types, ...types]);
      this.#rekeyStatements.set(rekeying, statement);
    }
    return statement;
  }

  /** Appends the arrays of old and new keys. Throws InvalidRowError. */
  bindKeys(keys: readonly (readonly (readonly Value[])[])[], out: Messages): void {
    for (const side of keys)
      for (const [i, { column, encoder }] of this.keys.entries())
        try {
          const values = side.map(key => key[i] as Value);
          arrayParameter(encoder, values, values.length, out);
        } catch (error) {
          throw this.#invalidRow(error, 0, column);
        }
  }

  #compile(mask: Mask): Statement | null {
    const masked = new Set(maskedIndexes(mask).map(index => this.columns[index]));
    const present = this.columns.filter(column => !masked.has(column));
    const absent = this.columns.filter(column => masked.has(column));
    const sql = this.#sql(present, absent);
    return sql === null
      ? null
      : this.#prepare(
          sql,
          present.map(({ encoder }) => encoder.wire.array),
        );
  }

  #sql(present: readonly PlanColumn[], absent: readonly PlanColumn[]): string | null {
    switch (this.#mode) {
      case 'insert':
        return insertSql(this.table.sql, present);
      case 'upsert':
        return upsertSql(this.table.sql, present, absent);
      case 'update':
        return updateSql(this.table.sql, present);
      case 'delete':
        return deleteSql(this.table.sql, present);
    }
  }

  /** Number of rows for the next statement. limit: the maximum. */
  nextStatementRows(limit: number): number {
    if (this.#rowBytes === 0) return Math.min(limit, FIRST_ROWS);
    return Math.max(1, Math.min(limit, Math.floor(STATEMENT_BYTES / this.#rowBytes)));
  }

  /** Appends an array for each column of the rows [start, end). Throws InvalidRowError. */
  bind({ mask, records, rows }: RowSet, start: number, end: number, out: Messages): void {
    const before = out.length;
    const count = end - start;
    const masked = maskedIndexes(mask);
    for (const [index, { column, accessor: origin, encoder }] of this.columns.entries()) {
      if (masked.includes(index)) continue;
      try {
        origin.copyRange(records, rows, start, end, scratch);
        arrayParameter(encoder, scratch, count, out);
      } catch (error) {
        throw this.#invalidRow(error, start, column);
      } finally {
        scratch.length = 0;
      }
    }
    this.#rowBytes = Math.ceil((out.length - before) / count);
  }

  #invalidRow(error: unknown, start: number, column: Column): unknown {
    if (!(error instanceof InvalidValueError)) return error;
    return new InvalidRowError(
      start + error.row,
      `The column ${column.name} of ${this.table.sql} received ${error.message}`,
    );
  }
}

export const maskedIndexes = (mask: Mask): number[] => (mask === '' ? [] : mask.split(',').map(Number));

/** Columns that are in both masks. */
export function intersectMasks(a: Mask, b: Mask): Mask {
  const other = new Set(maskedIndexes(b));
  return maskedIndexes(a)
    .filter(index => other.has(index))
    .join();
}

/** Normalizer of whole keys; undefined if different keys are different rows. */
function keyNormalizer(keys: readonly PlanColumn[]): KeyNormalizer | undefined {
  const normalizers = keys.map(({ column, schema, encoder }) => columnKeyNormalizer(column, schema, encoder));
  if (normalizers.every(normalize => normalize === exactKey)) return undefined;
  const [only] = normalizers;
  if (normalizers.length === 1) return only;
  return key => {
    const parts = key.split('\0');
    // Keys of bytes may contain the separator.
    return parts.length === normalizers.length
      ? parts.map((part, i) => (normalizers[i] ?? exactKey)(part)).join('\0')
      : '';
  };
}

const keyPart = (column: PlanColumn, record: SinkRecord, row: Row | null): Key =>
  keyOfValue(column.accessor.value(record, row), column);

/** A value of a key column as a key. Throws MissingKeyError. */
export function keyOfValue(value: Value | undefined, { column }: PlanColumn): Key {
  switch (typeof value) {
    case 'string':
      // Trailing spaces are insignificant in char(n).
      return column.type === 'bpchar' ? value.replace(/ +$/, '') : value;
    case 'number':
    case 'bigint':
    case 'boolean':
      return value;
    case 'undefined':
      throw new MissingKeyError(column.name);
    default:
      break;
  }
  if (value === null) throw new MissingKeyError(column.name);
  if (value instanceof Uint8Array) return Buffer.from(value).toString('latin1');
  if (value instanceof Date) return value.getTime();
  if (value instanceof Float64) return value.value;
  // Trailing zeros do not change the number.
  if (value instanceof Decimal)
    return value.scale > 0 ? value.toString().replace(/(?:\.|(?<!0))0+$/, '') : value.toString();
  return jsonText(value);
}
