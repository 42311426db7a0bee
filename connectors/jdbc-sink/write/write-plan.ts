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
import type { Messages, Statement } from '../protocol/messages.ts';
import type { Column, Table } from '../table/catalogue.ts';
import { keyForm } from '../values/column-key-normalizer.ts';
import { arrayParameter, BadValue, type Encoder } from '../values/encoder.ts';
import { exact, type KeyForm } from '../values/key-normalizer.ts';
import { jsonText } from '../values/literals.ts';
import type { Row } from './change-reader.ts';
import { deleteSql, insertSql, type Rekeying, rekeySql, type SqlColumn, updateSql, upsertSql } from './sql.ts';
import { mayBeUnavailable, type UnavailableCheck, unavailableCheck } from './unavailable-values.ts';
import type { Origin } from './value-accessors.ts';

/** A column and where its values come from. */
export interface LayoutColumn extends SqlColumn {
  readonly column: Column;
  readonly origin: Origin;
  readonly encoder: Encoder;
  readonly schema: Schema | null;
  /** Name of the field. */
  readonly name: string;
  /** Place of the field in a row with a schema; -1 for what comes from elsewhere. */
  readonly field: number;
}

/** A key's value as a JavaScript Map tells values apart. */
export type Key = string | number | bigint | boolean;

/** A column that may hold Debezium's placeholder. */
interface Maskable {
  readonly place: number;
  readonly origin: Origin;
  readonly check: UnavailableCheck;
}

/** Which columns of a row hold Debezium's placeholder: their places, or '' for none, which is the rule. */
export type Mask = string;

/** A value that its column cannot hold, of the row `index` of those given to `bind`. */
export class BadRow extends Error {
  readonly index: number;
  constructor(index: number, message: string) {
    super(message);
    this.index = index;
  }
}

export class MissingKey extends Error {}

/** Bytes of rows in one statement, about. */
const STATEMENT_BYTES = 1024 * 1024;
/** Rows of the first statement, when nothing is known of their size. */
const FIRST_ROWS = 256;

/** The values of the column at hand; reused, as binding is never interleaved. */
const scratch: Value[] = [];

/**
 * How records of one shape are written to one table, compiled once: for each column where its values are and how they
 * are encoded. A layout of keys alone deletes.
 */
export class Layout {
  readonly table: Table;
  readonly columns: readonly LayoutColumn[];
  readonly keys: readonly LayoutColumn[];
  readonly #mode: InsertMode | 'delete';
  readonly #prepare: (sql: string, parameters: readonly number[]) => Statement;
  readonly #statements = new Map<Mask, Statement | null>();
  readonly #rekeyings = new Map<Rekeying, Statement>();
  readonly #maskable: readonly Maskable[];
  readonly #names: ReadonlySet<string>;
  readonly #coarsen: KeyForm | undefined;
  /** About; always a small integer: a fraction would change the shape that V8 knows of this object, and it compiles for ever. */
  #rowBytes = 0;

  constructor(
    table: Table,
    columns: readonly LayoutColumn[],
    mode: InsertMode | 'delete',
    prepare: (sql: string, parameters: readonly number[]) => Statement,
  ) {
    this.table = table;
    this.columns = columns;
    this.keys = columns.filter(({ key }) => key);
    this.#mode = mode;
    this.#prepare = prepare;
    this.#coarsen = coarsener(this.keys);
    this.#names = new Set(columns.map(({ column }) => column.name));
    this.#maskable = columns.flatMap(({ key, origin, schema }, place): Maskable[] => {
      const check = key ? undefined : unavailableCheck(schema);
      return check === undefined ? [] : [{ place, origin, check }];
    });
  }

  /** Whether it writes every column that the other one does. */
  covers(other: Layout): boolean {
    return [...other.#names].every(name => this.#names.has(name));
  }

  /** The row's key. Throws MissingKey where a part of it is null. */
  keyOf(record: SinkRecord, row: Row | null): Key {
    const { keys } = this;
    const [only] = keys;
    if (keys.length === 1 && only !== undefined) return keyPart(only, record, row);
    return keys.map(key => String(keyPart(key, record, row))).join('\0');
  }

  /**
   * The same for all keys that the database may take for equal to this one; undefined where only the key itself is. Equal keys
   * of different bytes must not meet in one statement, nor change their order.
   */
  coarse(key: Key): string | undefined {
    return this.#coarsen?.(String(key));
  }

  maskOf(record: SinkRecord, row: Row | null): Mask {
    let mask = '';
    for (const { place, origin, check } of this.#maskable) {
      const value = origin.one(record, row);
      if (mayBeUnavailable(value) && check(value)) mask += mask === '' ? place : `,${place}`;
    }
    return mask;
  }

  /** The later row with what it lacks taken from the earlier one. */
  merged(later: Row, mask: Mask, earlier: Row): Row {
    const columns = placesOf(mask).map(place => this.columns[place] as LayoutColumn);
    if (!isStruct(later)) {
      const known = new Map(Object.entries(earlier));
      const lacking = new Set(columns.map(({ name }) => name));
      return Object.fromEntries(
        Object.entries(later).map(([name, value]) => [name, lacking.has(name) ? (known.get(name) ?? null) : value]),
      );
    }
    const values = later.schema.fields.map(field => (later as Struct).at(field.index));
    for (const { field } of columns) values[field] = (earlier as Struct).at(field);
    return new ValueStruct(later.schema, values);
  }

  /** null: nothing is to be done for such rows, as they hold nothing but a key to be updated. */
  statement(mask: Mask): Statement | null {
    let statement = this.#statements.get(mask);
    if (statement === undefined) {
      statement = this.#compile(mask);
      this.#statements.set(mask, statement);
    }
    return statement;
  }

  /** Gives rows new keys. */
  rekeyStatement(rekeying: Rekeying): Statement {
    let statement = this.#rekeyings.get(rekeying);
    if (statement === undefined) {
      const columns = this.table.columns.filter(({ generated }) => !generated);
      const types = this.keys.map(({ encoder }) => encoder.wire.array);
      const sql = rekeySql(this.table.sql, this.keys, columns, rekeying);
      statement = this.#prepare(sql, [...types, ...types]);
      this.#rekeyings.set(rekeying, statement);
    }
    return statement;
  }

  /** Appends the arrays of old and new keys. Throws BadRow. */
  bindKeys(keys: readonly (readonly (readonly Value[])[])[], out: Messages): void {
    for (const side of keys)
      for (const [i, { column, encoder }] of this.keys.entries())
        try {
          const values = side.map(key => key[i] as Value);
          arrayParameter(encoder, values, values.length, out);
        } catch (error) {
          throw this.#badRow(error, 0, column);
        }
  }

  #compile(mask: Mask): Statement | null {
    const masked = new Set(placesOf(mask).map(place => this.columns[place]));
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

  #sql(present: readonly LayoutColumn[], absent: readonly LayoutColumn[]): string | null {
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

  /** How many rows the next statement should take. */
  rows(limit: number): number {
    if (this.#rowBytes === 0) return Math.min(limit, FIRST_ROWS);
    return Math.max(1, Math.min(limit, Math.floor(STATEMENT_BYTES / this.#rowBytes)));
  }

  /** Appends an array for each column of the rows [start, end). Throws BadRow. */
  bind(
    mask: Mask,
    records: readonly SinkRecord[],
    rows: readonly (Row | null)[],
    start: number,
    end: number,
    out: Messages,
  ): void {
    const before = out.length;
    const count = end - start;
    const masked = placesOf(mask);
    for (const [place, { column, origin, encoder }] of this.columns.entries()) {
      if (masked.includes(place)) continue;
      try {
        origin.many(records, rows, start, end, scratch);
        arrayParameter(encoder, scratch, count, out);
      } catch (error) {
        throw this.#badRow(error, start, column);
      } finally {
        scratch.length = 0;
      }
    }
    this.#rowBytes = Math.ceil((out.length - before) / count);
  }

  #badRow(error: unknown, start: number, column: Column): unknown {
    if (!(error instanceof BadValue)) return error;
    return new BadRow(start + error.row, `The column ${column.name} of ${this.table.sql} was given ${error.message}`);
  }
}

export const placesOf = (mask: Mask): number[] => (mask === '' ? [] : mask.split(',').map(Number));

/** What both masks have. */
export function common(a: Mask, b: Mask): Mask {
  const other = new Set(placesOf(b));
  return placesOf(a)
    .filter(place => other.has(place))
    .join();
}

/** undefined where different keys are different rows. */
function coarsener(keys: readonly LayoutColumn[]): KeyForm | undefined {
  const forms = keys.map(({ column, schema, encoder }) => keyForm(column, schema, encoder));
  if (forms.every(form => form === exact)) return undefined;
  const [only] = forms;
  if (forms.length === 1) return only;
  return key => {
    const parts = key.split('\0');
    // Bytes may hold what stands between the parts.
    return parts.length === forms.length ? parts.map((part, i) => (forms[i] ?? exact)(part)).join('\0') : '';
  };
}

const keyPart = (column: LayoutColumn, record: SinkRecord, row: Row | null): Key =>
  keyOfValue(column.origin.one(record, row), column);

/** A value of a key column as a key. Throws MissingKey. */
export function keyOfValue(value: Value | undefined, { column }: LayoutColumn): Key {
  switch (typeof value) {
    case 'string':
      // To char(n), spaces at the end are nothing.
      return column.type === 'bpchar' ? value.replace(/ +$/, '') : value;
    case 'number':
    case 'bigint':
    case 'boolean':
      return value;
    case 'undefined':
      throw new MissingKey(column.name);
    default:
      break;
  }
  if (value === null) throw new MissingKey(column.name);
  if (value instanceof Uint8Array) return Buffer.from(value).toString('latin1');
  if (value instanceof Date) return value.getTime();
  if (value instanceof Float64) return value.value;
  // The same number to the database, however many decimals are shown.
  if (value instanceof Decimal)
    return value.scale > 0 ? value.toString().replace(/(?:\.|(?<!0))0+$/, '') : value.toString();
  return jsonText(value);
}
