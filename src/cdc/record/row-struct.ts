import type { ByteWriter, Struct, StructSchema, Value } from '../../api/index.ts';
import { DataError } from '../../errors.ts';
import type { Codec } from './codec.ts';

/** Decoding of one field of a row; compiled once for each version of a table. */
export interface RowField {
  readonly name: string;
  /** `{"id":` or `,"status":` */
  readonly prefix: Uint8Array;
  /** Index of its column in the tuple. */
  readonly column: number;
  readonly codec: Codec;
  readonly notNull: boolean;
  /** JSON of converters for null: `null`, or the default. */
  readonly nullText: Uint8Array;
  /** Value of a NOT NULL column that was not sent. */
  readonly missing: Value;
  readonly missingText: Uint8Array;
  /** Placeholder of an unchanged large value. */
  readonly unavailable: Value;
  readonly unavailableText: Uint8Array;
}

export interface RowLayout {
  readonly schema: StructSchema;
  readonly fields: readonly RowField[];
}

/** Offsets of a column without bytes: null, or an unchanged large value (TOAST) that was not sent. */
export const IS_NULL = -1;
export const IS_UNCHANGED = -2;

const OPEN = 0x7b;
const CLOSE = 0x7d;
const PAGE_INTS = 1 << 15;

/**
 * Start and end offsets of the columns of many rows in their bytes: two numbers for each column, in pages that are
 * collected with the last of their rows.
 */
export class ColumnOffsets {
  page = new Int32Array(PAGE_INTS);
  #used = 0;

  /** Reserves space for a row and returns its index in `page`, which may be a new one: read `page` after the call. */
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

/** One row as the bytes that the database sent. Columns are decoded on access. */
export class RowStruct implements Struct {
  readonly schema: StructSchema;
  readonly bytes: Buffer;
  readonly #fields: readonly RowField[];
  readonly #page: Int32Array;
  readonly #base: number;
  /** Another version of the row, which has values that this one lacks as unchanged. */
  #before: RowStruct | null;

  constructor(layout: RowLayout, bytes: Buffer, page: Int32Array, base: number, before: RowStruct | null) {
    this.schema = layout.schema;
    this.#fields = layout.fields;
    this.bytes = bytes;
    this.#page = page;
    this.#base = base;
    this.#before = before;
  }

  /** Offset of field i in `bytes`, or IS_NULL or IS_UNCHANGED. */
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

  /** True if field i was sent, or is null. */
  has(i: number): boolean {
    return this.start(i) !== IS_UNCHANGED;
  }

  /** The version of the row that has field i: this one, or the other one if this one lacks it as unchanged. */
  holder(i: number): RowStruct {
    return this.start(i) === IS_UNCHANGED && this.#before?.has(i) ? this.#before : this;
  }

  /** True if values are missing as unchanged and the other version lacks them too. */
  isIncomplete(): boolean {
    return this.#fields.some((_, i) => !this.holder(i).has(i));
  }

  /** Takes values that are missing as unchanged from another version of the row, which has all of them. */
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

  /** Appends field i as JSON. */
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

/** Returns null, or throws DataError, for a value that Connect's type cannot represent. */
function noValue({ name, notNull, codec }: RowField): null {
  if (!notNull && codec.nullForNaN) return null;
  const is = notNull ? 'is NOT NULL and ' : '';
  throw new DataError(
    `column ${name} ${is}has a value that its type cannot represent (NaN or infinity, or a time out of range): ` +
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

/** True if the key's fields have the same bytes in both rows. */
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
