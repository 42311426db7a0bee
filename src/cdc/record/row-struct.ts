import type { ByteWriter, Struct, StructSchema, Value } from '../../api/index.ts';
import { DataError } from '../../errors.ts';
import type { Codec } from './codec.ts';

/** How one field of a row is read and written; compiled once for each version of a table. */
export interface RowField {
  readonly name: string;
  /** `{"id":` or `,"status":` */
  readonly prefix: Uint8Array;
  /** Index of its column in the tuple. */
  readonly column: number;
  readonly codec: Codec;
  readonly notNull: boolean;
  /** What converters write for null: `null`, or the default. */
  readonly nullText: Uint8Array;
  /** In a NOT NULL column of which nothing was sent. */
  readonly missing: Value;
  readonly missingText: Uint8Array;
  /** For an unchanged TOAST value. */
  readonly unavailable: Value;
  readonly unavailableText: Uint8Array;
}

export interface RowLayout {
  readonly schema: StructSchema;
  readonly fields: readonly RowField[];
}

/** In the place of a column's start: it is null, or an unchanged TOAST value that was not sent. */
export const IS_NULL = -1;
export const IS_UNCHANGED = -2;

const OPEN = 0x7b;
const CLOSE = 0x7d;
const PAGE_INTS = 1 << 15;

/**
 * Where the columns of many rows begin and end in their bytes: two numbers for each column, in pages that live as long
 * as a row of theirs does.
 */
export class ColumnOffsets {
  page = new Int32Array(PAGE_INTS);
  #used = 0;

  /** Index in `page` (taken anew) of room for a row. */
  take(columns: number): number {
    const n = columns * 2;
    if (this.#used + n > this.page.length) {
      this.page = new Int32Array(Math.max(PAGE_INTS, n));
      this.#used = 0;
    }
    const base = this.#used;
    this.#used += n;
    return base;
  }
}

/** One row, still as the text that the database sent: a column is decoded when it is asked for. */
export class RowStruct implements Struct {
  readonly schema: StructSchema;
  readonly bytes: Buffer;
  readonly #fields: readonly RowField[];
  readonly #page: Int32Array;
  readonly #base: number;
  /** The row before, where it has what this one leaves out as unchanged. */
  #before: RowStruct | null;

  constructor(layout: RowLayout, bytes: Buffer, page: Int32Array, base: number, before: RowStruct | null) {
    this.schema = layout.schema;
    this.#fields = layout.fields;
    this.bytes = bytes;
    this.#page = page;
    this.#base = base;
    this.#before = before;
  }

  /** Where the text of field i begins, or IS_NULL or IS_UNCHANGED. */
  start(i: number): number {
    return this.#page[this.#base + 2 * (this.#fields[i] as RowField).column] as number;
  }

  end(i: number): number {
    return this.#page[this.#base + 2 * (this.#fields[i] as RowField).column + 1] as number;
  }

  at(i: number): Value {
    const field = this.#fields[i];
    if (field === undefined) return null;
    const start = this.start(i);
    if (start >= 0) return field.codec.value(this.bytes, start, this.end(i)) ?? noValue(field);
    if (start === IS_UNCHANGED) return this.#before?.has(i) ? this.#before.at(i) : field.unavailable;
    return field.notNull ? field.missing : null;
  }

  /** Whether the text of field i is here, or known to be null. */
  has(i: number): boolean {
    return this.start(i) !== IS_UNCHANGED;
  }

  /** The row that has the text of field i: the one before, where this one leaves it out as unchanged. */
  holder(i: number): RowStruct {
    return this.start(i) === IS_UNCHANGED && this.#before?.has(i) ? this.#before : this;
  }

  /** True if values were left out as unchanged and the old row lacks them too. */
  isIncomplete(): boolean {
    return this.#fields.some((_, i) => !this.holder(i).has(i));
  }

  /** Takes what was left out as unchanged from another version of the row, which has all values. */
  complete(row: RowStruct): void {
    this.#before = row;
  }

  json(out: ByteWriter): void {
    const fields = this.#fields;
    const n = fields.length;
    for (let i = 0; i < n; i++) {
      const field = fields[i] as RowField;
      out.raw(field.prefix);
      this.#fieldJson(field, out);
    }
    if (n === 0) {
      out.reserve(1);
      out.buffer[out.length++] = OPEN;
    }
    out.reserve(1);
    out.buffer[out.length++] = CLOSE;
  }

  /** The value of field i as JSON. */
  fieldJson(i: number, out: ByteWriter): void {
    this.#fieldJson(this.#fields[i] as RowField, out);
  }

  #fieldJson(field: RowField, out: ByteWriter): void {
    const place = this.#base + 2 * field.column;
    const start = this.#page[place] as number;
    if (start >= 0) {
      if (!field.codec.json(this.bytes, start, this.#page[place + 1] as number, out)) {
        noValue(field);
        out.raw(field.nullText);
      }
    } else if (start === IS_UNCHANGED) this.#unchangedJson(field, out);
    else out.raw(field.notNull ? field.missingText : field.nullText);
  }

  #unchangedJson(field: RowField, out: ByteWriter): void {
    const before = this.#before;
    const index = this.#fields.indexOf(field);
    if (before?.has(index)) before.fieldJson(index, out);
    else out.raw(field.unavailableText);
  }
}

/** The column's type has no value for what the database holds. */
function noValue({ name, notNull, codec }: RowField): null {
  if (!notNull && codec.nullForNaN) return null;
  const is = notNull ? 'is NOT NULL and ' : '';
  throw new DataError(
    `column ${name} ${is}holds a value that its type cannot carry (NaN or infinity, or a time out of range): ` +
      'decimal.handling.mode=string or double, or another time.precision.mode, can.',
  );
}

/** Fields of a row under their own schema: a record's key. */
export class KeyStruct implements Struct {
  readonly schema: StructSchema;
  readonly #layout: KeyLayout;
  readonly #row: RowStruct;

  constructor(layout: KeyLayout, row: RowStruct) {
    this.schema = layout.schema;
    this.#layout = layout;
    this.#row = row;
  }

  at(i: number): Value {
    const field = this.#layout.fields[i];
    return field === undefined ? null : this.#row.at(field);
  }

  json(out: ByteWriter): void {
    const { prefixes, fields } = this.#layout;
    for (let i = 0; i < fields.length; i++) {
      out.raw(prefixes[i] as Uint8Array);
      this.#row.fieldJson(fields[i] as number, out);
    }
    out.reserve(1);
    out.buffer[out.length++] = CLOSE;
  }
}

export interface KeyLayout {
  readonly schema: StructSchema;
  readonly prefixes: readonly Uint8Array[];
  /** Indexes of fields of the row. */
  readonly fields: readonly number[];
}

/** Whether the key's fields have the same text in both rows. */
export function sameKey({ fields }: KeyLayout, a: RowStruct, b: RowStruct): boolean {
  for (const field of fields) {
    const left = a.holder(field);
    const right = b.holder(field);
    const from = left.start(field);
    const other = right.start(field);
    if (from < 0 || other < 0) {
      if (from !== other) return false;
    } else if (left.bytes.compare(right.bytes, other, right.end(field), from, left.end(field)) !== 0) return false;
  }
  return true;
}
