import type { SinkRecord, Struct, Value } from '../../../src/api/index.ts';
import { memberOf } from '../../../src/api/index.ts';
import type { Row } from '../write/change-reader.ts';

/** Reads a column's values from records. */
export interface ValueAccessor {
  /** Value of one record. */
  value(record: SinkRecord, row: Row | null): Value;
  /** Copies the values of records [start, end) to `target`, from index 0: one virtual call for a column, not for a value. */
  copyRange(
    records: readonly SinkRecord[],
    rows: readonly (Row | null)[],
    start: number,
    end: number,
    target: Value[],
  ): void;
}

type GetValue = ValueAccessor['value'];

const accessorOf = (one: GetValue): ValueAccessor => ({
  value: one,
  copyRange(records, rows, start, end, target) {
    for (let i = start; i < end; i++) target[i - start] = one(records[i] as SinkRecord, rows[i] as Row | null);
  },
});

/** Field of a row with a schema. Its loop is written out, as it is the hottest one. */
export const rowField = (index: number): ValueAccessor => ({
  value: (_record, row) => (row as Struct).at(index),
  copyRange(_records, rows, start, end, target) {
    for (let i = start; i < end; i++) target[i - start] = (rows[i] as Struct).at(index);
  },
});

/** Field of a row with a schema, whose null is replaced by the schema's default. */
export const defaultedField = (index: number, value: Value): ValueAccessor =>
  accessorOf((_record, row) => (row as Struct).at(index) ?? value);

export const rowMember = (name: string): ValueAccessor =>
  accessorOf((_record, row) => memberOf(row as Readonly<Record<string, Value>>, name) ?? null);

export const keyField = (index: number): ValueAccessor => ({
  value: record => (record.key as Struct).at(index),
  copyRange(records, _rows, start, end, target) {
    for (let i = start; i < end; i++) target[i - start] = ((records[i] as SinkRecord).key as Struct).at(index);
  },
});

export const keyMember = (name: string): ValueAccessor =>
  accessorOf(record => memberOf(record.key as Readonly<Record<string, Value>>, name) ?? null);

export const wholeKey = accessorOf(record => record.key);
export const topicName = accessorOf(record => record.originalTopic);
export const partitionNumber = accessorOf(record => record.originalPartition);
export const recordOffset = accessorOf(record => record.offset);

/** The last header of a name, like Connect's `lastWithName`. */
export const header = (name: string): ValueAccessor =>
  accessorOf(record => record.headers.findLast(each => each.key === name)?.value ?? null);
