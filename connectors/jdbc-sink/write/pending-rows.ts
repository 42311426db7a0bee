import type { SinkRecord } from '../../../src/api/index.ts';
import type { Row } from './change-reader.ts';
import type { RowSet } from './row-set.ts';
import type { Mask, WritePlan } from './write-plan.ts';

/** Rows collected for one statement. A row that a later one replaces in another statement is removed. */
export class PendingRows {
  readonly plan: WritePlan;
  readonly mask: Mask;
  readonly records: (SinkRecord | null)[] = [];
  readonly rows: (Row | null)[] = [];
  readonly indexes: number[] = [];
  #removed = 0;

  constructor(plan: WritePlan, mask: Mask) {
    this.plan = plan;
    this.mask = mask;
  }

  /** Returns the position of the row. */
  add(record: SinkRecord, row: Row | null, index: number): number {
    this.records.push(record);
    this.rows.push(row);
    return this.indexes.push(index) - 1;
  }

  replace(position: number, record: SinkRecord, row: Row, index: number): void {
    this.records[position] = record;
    this.rows[position] = row;
    this.indexes[position] = index;
  }

  removeAt(position: number): void {
    this.records[position] = null;
    this.#removed++;
  }

  finish(): RowSet {
    const { plan, mask, indexes, rows } = this;
    // Only removed records are null.
    const records = this.records as SinkRecord[];
    if (this.#removed === 0) return { plan, mask, records, rows, indexes };
    const isPresent = (_item: unknown, i: number) => this.records[i] !== null;
    return {
      plan,
      mask,
      records: records.filter(isPresent),
      rows: rows.filter(isPresent),
      indexes: indexes.filter(isPresent),
    };
  }
}
