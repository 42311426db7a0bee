import type { Log, SinkBatch, SinkProgress, SinkRecord } from '../../../src/api/index.ts';

/** Minimum interval between log entries. */
const LOG_INTERVAL_MS = 60_000;

/**
 * Counts conflicts with versions that are not offsets of the record's partition: versions at or beyond the partition's end
 * were written by another partition or topic, or by an earlier topic of the same name. The record's update is lost.
 */
export class ForeignVersions {
  /** Conflicts since the task was opened. */
  count = 0;
  readonly #log: Log;
  readonly #now: () => number;
  #unlogged = 0;
  #logAt = Number.NEGATIVE_INFINITY;

  /** now: milliseconds of a monotonic clock. */
  constructor(log: Log, now: () => number = () => performance.now()) {
    this.#log = log;
    this.#now = now;
  }

  /** conflicts: version of the document, by the index of the record in the batch. */
  add({ records, positions }: SinkBatch, conflicts: ReadonlyMap<number, number>): void {
    let example: { readonly record: SinkRecord; readonly version: number } | undefined;
    for (const [index, version] of conflicts) {
      const record = records[index] as SinkRecord;
      if (!(version >= endOf(positions, record))) continue;
      this.count++;
      this.#unlogged++;
      example ??= { record, version };
    }
    if (example !== undefined) this.#warn(example.record, example.version);
  }

  #warn({ originalTopic: topic, originalPartition: partition, offset }: SinkRecord, version: number): void {
    const now = this.#now();
    if (now < this.#logAt) return;
    this.#logAt = now + LOG_INTERVAL_MS;
    this.#log.warn(
      { topic, partition, offset, version, records: this.#unlogged, total: this.count },
      'Updates are lost: their documents have greater versions, which are not offsets of the partition. Another partition ' +
        'or topic wrote these documents, or the topic was recreated; order such records by external.version.header.',
    );
    this.#unlogged = 0;
  }
}

/** End offset of the record's partition; Infinity if it is not known. */
function endOf(positions: readonly SinkProgress[], { originalTopic, originalPartition }: SinkRecord): number {
  const progress = positions.find(({ topic, partition }) => topic === originalTopic && partition === originalPartition);
  return progress?.end ?? Number.POSITIVE_INFINITY;
}
