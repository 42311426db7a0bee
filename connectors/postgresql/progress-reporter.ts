import type { SourceBatch, SourceTaskContext } from '../../src/api/index.ts';
import { formatLsn, type Lsn, parseLsn } from './position/lsn.ts';
import type { Sql } from './session/sql.ts';
import type { PostgresSnapshot } from './snapshot/open.ts';
import type { Stream } from './stream/stream.ts';

/** Interval between queries of the end of the log. */
const LAG_INTERVAL_MS = 5000;

/** Reports figures under the names of Debezium's metrics. */
export class ProgressReporter {
  readonly #context: SourceTaskContext;
  readonly #timer: NodeJS.Timeout;
  #end: Lsn | undefined;
  #querying = false;
  #chunksCommitted = 0;
  #lastReport = 0;

  constructor(sql: Sql, context: SourceTaskContext) {
    this.#context = context;
    this.#timer = setInterval(() => {
      if (this.#querying) return;
      this.#querying = true;
      // After a failed query the last value stays.
      sql
        .one<{ lsn: string }>('asking for the end of the log', 'SELECT pg_current_wal_lsn()::text AS lsn')
        .then(({ lsn }) => {
          this.#end = parseLsn(lsn);
        })
        .catch(() => {})
        .finally(() => {
          this.#querying = false;
        });
    }, LAG_INTERVAL_MS);
    this.#timer.unref();
  }

  stream(stream: Stream, batch: SourceBatch | null): void {
    const now = performance.now();
    // Without records, one report in about a second is enough.
    if (batch === null && now - this.#lastReport < 900) return;
    this.#lastReport = now;
    const { totals, tracker } = stream;
    const idle = batch === null || batch.records.length === 0;
    this.#context.report({
      Connected: 1,
      SnapshotRunning: 0,
      MilliSecondsBehindSource: idle ? 0 : Math.max(0, Date.now() - Math.floor(totals.lastCommitMicros / 1000)),
      LagBytes: this.#end === undefined ? 0 : Math.max(0, this.#end - tracker.commit),
      SourceEventPosition: formatLsn(tracker.commit),
      LastTransactionId: totals.lastXid,
      NumberOfCommittedTransactions: totals.transactions,
      TotalNumberOfEventsSeen: totals.creates + totals.updates + totals.deletes + totals.others,
      TotalNumberOfCreateEventsSeen: totals.creates,
      TotalNumberOfUpdateEventsSeen: totals.updates,
      TotalNumberOfDeleteEventsSeen: totals.deletes,
    });
  }

  snapshot(snapshot: PostgresSnapshot): void {
    this.#context.report({
      Connected: 1,
      SnapshotRunning: snapshot.completed ? 0 : 1,
      SnapshotCompleted: snapshot.completed ? 1 : 0,
      RowsScanned: snapshot.rows,
      RowsExpected: snapshot.rowsExpected,
      ChunksRead: snapshot.chunksRead,
      ChunksCommitted: this.#chunksCommitted,
      RemainingTableCount: snapshot.tablesLeft,
    });
  }

  batchCommitted(): void {
    this.#chunksCommitted++;
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
