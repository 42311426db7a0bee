import type { SourceBatch, SourcePosition, SourceRecord } from '../../../src/api/index.ts';
import type { TransactionMetadata } from '../../../src/cdc/record/transaction-metadata.ts';
import { PendingRecords } from '../../../src/cdc/stream/pending-records.ts';
import type { Catalog } from '../catalog/catalog.ts';
import { DescribedTables, type DescribedTablesSettings } from '../catalog/described-tables.ts';
import type { Relation } from '../catalog/relation.ts';
import type { LogIdentity } from '../position/log-identity.ts';
import { type Lsn, readLsn, ZERO_LSN } from '../position/lsn.ts';
import type { StreamPosition } from '../position/offsets.ts';
import { PositionTracker } from '../position/position-tracker.ts';
import type { ResumeCheck } from '../position/resume-check.ts';
import type { Sql } from '../session/sql.ts';
import type { SeenFilter } from '../snapshot/seen-filter.ts';
import { ChangeDecoder, type DecoderSettings, type PendingChanges, type StreamTotals } from './change-decoder.ts';
import { MissingValues } from './missing-values.ts';
import { COPY_DATA, KEEPALIVE, type Replication, readKeepalive, XLOG_DATA, XLOG_HEADER } from './replication.ts';

export interface StreamSettings extends DecoderSettings, Omit<DescribedTablesSettings, 'catalog'> {
  /** topic.prefix */
  readonly server: string;
  readonly identity: LogIdentity;
  readonly sql: Sql;
  readonly maxBatchBytes: number;
  /** Interval in which the position is written while no captured table changes. */
  readonly idleMs: number;
  /** End of the server's log (LSN) when the stream was opened. */
  readonly logEndAtOpen: Lsn;
  readonly metadata: TransactionMetadata | null;
  /** See SourceTaskContext. */
  untilCommit(): Promise<void> | undefined;
  /** Heartbeat records that are due. */
  takeDueRecords(): readonly SourceRecord[];
  /** Called when the stream has passed all chunks of the snapshot: removes their positions. */
  chunksPassed(): readonly SourcePosition[];
}

/** A batch of the stream. Acknowledges its end to the server when it is committed. */
class StreamBatch implements SourceBatch {
  readonly records: readonly SourceRecord[];
  readonly positions: readonly SourcePosition[];
  readonly bytes: number;
  readonly #end: Lsn;
  readonly #replication: Replication;

  constructor({ records, positions, bytes }: SourceBatch, end: Lsn, replication: Replication) {
    this.records = records;
    this.positions = positions;
    this.bytes = bytes;
    this.#end = end;
    this.#replication = replication;
  }

  acknowledge(): void {
    this.#replication.acknowledge(this.#end);
  }
}

/** Decodes the replication stream to batches that end with transactions, unless one is larger than a batch. */
export class Stream {
  readonly tracker: PositionTracker;
  readonly #settings: StreamSettings;
  readonly #replication: Replication;
  readonly #tables: DescribedTables;
  readonly #pending: PendingChanges;
  readonly #decoder: ChangeDecoder;
  readonly #missing: MissingValues;
  /** The stored position. */
  readonly #start: Lsn;
  #idleSince = performance.now();
  /** The server requested a reply: it may wait for it to shut down. */
  #replyRequested = false;

  constructor(
    settings: StreamSettings,
    replication: Replication,
    catalog: Catalog,
    position: StreamPosition,
    filter: SeenFilter | null,
    check: ResumeCheck | null,
  ) {
    this.#settings = settings;
    this.#replication = replication;
    this.#start = position.start;
    replication.requestReply();
    this.tracker = new PositionTracker(settings.server, settings.identity, position);
    this.#pending = new PendingRecords(settings.metadata);
    this.#missing = new MissingValues(settings.sql, settings.log, position.readAgainUntil);
    this.#tables = new DescribedTables({ ...settings, catalog });
    this.#decoder = new ChangeDecoder(settings, this.#tables, this.#pending, this.tracker, {
      partial: position.partial,
      filter,
      check,
    });
  }

  /** All commits before the stream was opened have been handed out. A silent server may still be decoding. */
  get caughtUp(): boolean {
    return this.#decoder.resume === null && this.tracker.lastBatchCommit >= this.#settings.logEndAtOpen;
  }

  get totals(): StreamTotals {
    return this.#decoder.totals;
  }

  /** See SourceTask.read. deadline: performance.now(). */
  async read(deadline: number): Promise<SourceBatch | null> {
    for (;;) {
      await this.#decode();
      const full = this.#pending.bytes >= this.#settings.maxBatchBytes;
      const batch = await this.#take();
      if (batch !== null) return batch;
      if (full) continue;
      this.#replication.check();
      const left = deadline - performance.now();
      if (left <= 0) {
        // A server that has caught up sends nothing by itself.
        if (!this.caughtUp) this.#replication.requestReply();
        return null;
      }
      await this.#replication.wait(left);
      const until = this.#settings.untilCommit();
      if (until !== undefined && this.#replication.frames.available > 0) await this.#replication.collect(until);
    }
  }

  /** Decodes buffered messages, up to a batch. */
  async #decode(): Promise<void> {
    this.#decoder.refreshReadTime();
    for (let relation = this.#decodeMessages(); relation !== undefined; relation = this.#decodeMessages())
      await this.#tables.describe(relation);
    if (!this.#decoder.resume?.passed) return;
    this.#decoder.resume = null;
    this.#replication.acknowledge(this.#start);
  }

  /** Stops when no complete message is left, a batch is full, or a table must be described, which it returns. */
  #decodeMessages(): Relation | undefined {
    const { frames } = this.#replication;
    const { maxBatchBytes } = this.#settings;
    while (this.#pending.bytes < maxBatchBytes && frames.next()) {
      const { bytes, start, end } = frames;
      if (frames.type !== COPY_DATA) this.#replication.handleMessage(frames);
      else if (bytes[start] === XLOG_DATA) {
        const lsn = readLsn(bytes, start + 1);
        const relation = this.#decoder.message(bytes, start + XLOG_HEADER, end, lsn);
        if (relation !== undefined) return relation;
      } else if (bytes[start] === KEEPALIVE) this.#keepalive(bytes, start);
    }
    return undefined;
  }

  #keepalive(bytes: Buffer, start: number): void {
    const { end, asks } = readKeepalive(bytes, start);
    this.#replication.advanceReceived(end);
    // Between transactions, all commits before it have been received.
    if (this.#decoder.transaction === null) {
      this.#decoder.resume?.reached(end);
      this.tracker.advanceTo(end);
    }
    if (!asks) return;
    this.#replication.reply();
    this.#replyRequested = true;
  }

  async #take(): Promise<SourceBatch | null> {
    const due = this.#settings.takeDueRecords();
    const pending = this.#pending;
    const { transaction, filter } = this.#decoder;
    const cut = transaction !== null && pending.complete === 0 && pending.bytes >= this.#settings.maxBatchBytes;
    const moved = this.tracker.hasAdvanced && (pending.complete > 0 || this.#idleIsDue());
    if (!cut && !moved && due.length === 0) return null;
    const batch = await pending.take(cut, filter, this.#missing);
    await this.#missing.fill(batch.incomplete, filter?.end ?? ZERO_LSN);
    if (cut) {
      if (transaction.wasWritten) return null;
      this.#decoder.partial = transaction.partial;
    }
    this.#idleSince = performance.now();
    this.#replyRequested = false;
    const records = due.length === 0 ? batch.records : [...batch.records, ...due];
    this.#replication.advanceReceived(this.tracker.commit);
    const positions = [this.position(), ...this.#passedChunks()];
    return new StreamBatch({ records, positions, bytes: batch.bytes }, this.tracker.commit, this.#replication);
  }

  /** Contains the written part of a transaction, as long as there is one. */
  position(): SourcePosition {
    const { partial, transaction, totals } = this.#decoder;
    this.tracker.readAgainUntil = this.#missing.until(this.tracker.commit);
    if (partial === null) return this.tracker.commitPosition();
    return this.tracker.partialPosition(
      partial,
      transaction?.begin.micros ?? (totals.lastCommitMicros || null),
      transaction?.kind ?? 'INSERT',
    );
  }

  /** True if the position is to be written although no captured table changes, so that the server may remove WAL. */
  #idleIsDue(): boolean {
    if (this.#pending.records.length > 0) return false;
    const { logEndAtOpen: aim, idleMs } = this.#settings;
    if (this.#replyRequested || performance.now() - this.#idleSince >= idleMs) return true;
    // A scheduled task ends here; its position lets the server remove WAL up to here.
    return this.tracker.lastBatchCommit < aim && this.tracker.commit >= aim;
  }

  #passedChunks(): readonly SourcePosition[] {
    const { filter } = this.#decoder;
    if (filter === null || this.tracker.commit < filter.end) return [];
    this.#decoder.filter = null;
    return this.#settings.chunksPassed();
  }
}
