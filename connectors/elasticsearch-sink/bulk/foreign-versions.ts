import type { Log, SinkBatch, SinkProgress, SinkRecord } from '../../../src/api/index.ts';

/** Milliseconds between two lines in the log at the least. */
const LOG_INTERVAL_MS = 60_000;

/**
 * Conflicts with versions that are no offsets of the record's own partition: at or beyond the partition's end, no task has
 * read a record that could have written the document. Another partition or topic has, or an earlier topic of the same name, and
 * the record's update is lost.
 */
export class ForeignVersions {
  /** Since the task was opened. */
  count = 0;
  readonly #log: Log;
  readonly #now: () => number;
  #unlogged = 0;
  #logAt = Number.NEGATIVE_INFINITY;

  /** now: milliseconds of a clock that never goes back. */
  constructor(log: Log, now: () => number = () => performance.now()) {
    this.#log = log;
    this.#now = now;
  }

  /** conflicts: the version of the document, by the record's place in the batch. */
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

/** End of the record's partition; Infinity where it is not known. */
function endOf(positions: readonly SinkProgress[], { originalTopic, originalPartition }: SinkRecord): number {
  const at = positions.find(({ topic, partition }) => topic === originalTopic && partition === originalPartition);
  return at?.end ?? Number.POSITIVE_INFINITY;
}
