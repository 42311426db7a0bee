import type { SinkRecord } from '../../../src/api/index.ts';
import type { Row } from './change-reader.ts';
import type { KeyChange } from './key-changes.ts';
import type { Rekeying } from './sql.ts';
import type { Mask, WritePlan } from './write-plan.ts';

/** Rows that are written by the same statement. */
export interface RowSet {
  readonly plan: WritePlan;
  readonly mask: Mask;
  readonly records: readonly SinkRecord[];
  /** null for deletes, whose values come from the key. */
  readonly rows: readonly (Row | null)[];
  /** Index of each record in the batch. */
  readonly indexes: readonly number[];
}

/** Key changes of a table in which no key occurs twice. */
export interface KeyChangeSet {
  readonly plan: WritePlan;
  readonly rekeying: Rekeying;
  readonly changes: readonly KeyChange[];
}

/** Part of a batch whose changes can run in the order truncate, delete, change keys, write. */
export interface Segment {
  readonly truncatedTables: readonly string[];
  readonly deletes: readonly RowSet[];
  readonly keyChanges: readonly KeyChangeSet[];
  readonly writes: readonly RowSet[];
}
