import type { SourceBatch, SourcePosition, SourceRecord } from '../../api/index.ts';

/** A batch of a snapshot. bytes: of source data in a batch that has records; see SourceBatch. */
export class SnapshotBatch implements SourceBatch {
  readonly records: readonly SourceRecord[];
  readonly positions: readonly SourcePosition[];
  readonly bytes: number;
  constructor(records: readonly SourceRecord[], positions: readonly SourcePosition[], bytes: number) {
    this.records = records;
    this.positions = positions;
    this.bytes = bytes;
  }
}
