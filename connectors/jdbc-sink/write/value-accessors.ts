import type { SinkRecord, Struct, Value } from '../../../src/api/index.ts';
import { memberOf } from '../../../src/api/index.ts';
import type { Row } from './change-reader.ts';

/** Where a column's value is in a record. */
export interface Origin {
  /** Of one record. */
  one(record: SinkRecord, row: Row | null): Value;
  /** Of records [start, end) into `into`, from 0 on: one loop for each column, not one decision for each value. */
  many(records: readonly SinkRecord[], rows: readonly (Row | null)[], start: number, end: number, into: Value[]): void;
}

type One = Origin['one'];

const origin = (one: One): Origin => ({
  one,
  many(records, rows, start, end, into) {
    for (let i = start; i < end; i++) into[i - start] = one(records[i] as SinkRecord, rows[i] as Row | null);
  },
});

/** Field of a row with a schema: written out, as this loop is the one that counts. */
export const rowField = (index: number): Origin => ({
  one: (_record, row) => (row as Struct).at(index),
  many(_records, rows, start, end, into) {
    for (let i = start; i < end; i++) into[i - start] = (rows[i] as Struct).at(index);
  },
});

/** As a field of a row, with the default of its schema in the place of null. */
export const defaultedField = (index: number, value: Value): Origin =>
  origin((_record, row) => (row as Struct).at(index) ?? value);

export const rowMember = (name: string): Origin =>
  origin((_record, row) => memberOf(row as Readonly<Record<string, Value>>, name) ?? null);

export const keyField = (index: number): Origin => ({
  one: record => (record.key as Struct).at(index),
  many(records, _rows, start, end, into) {
    for (let i = start; i < end; i++) into[i - start] = ((records[i] as SinkRecord).key as Struct).at(index);
  },
});

export const keyMember = (name: string): Origin =>
  origin(record => memberOf(record.key as Readonly<Record<string, Value>>, name) ?? null);

export const wholeKey = origin(record => record.key);
export const topic = origin(record => record.originalTopic);
export const partition = origin(record => record.originalPartition);
export const offset = origin(record => record.offset);

/** The last header of the name, as Connect's `lastWithName`. */
export const header = (name: string): Origin =>
  origin(record => record.headers.findLast(each => each.key === name)?.value ?? null);
