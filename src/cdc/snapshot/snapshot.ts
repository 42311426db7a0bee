import { setTimeout as delay } from 'node:timers/promises';
import type { SourceBatch, SourcePartition, SourcePosition, SourceRecord } from '../../api/index.ts';
import { MillraceError } from '../../errors.ts';
import type { SnapshotMarker } from '../record/change-source.ts';
import { Envelope } from '../record/envelope.ts';
import { type Bound, type Chunk, chunkPartition, type Range, type StoredChunk } from './chunk.ts';
import { type ChunkReader, canBeHandedOut, type ReadChunk } from './chunk-reader.ts';
import { Notifier } from './notifier.ts';
import type { SnapshotSettings } from './snapshot-settings.ts';
import type { Claim, TableProgress, TableVersion } from './table-progress.ts';

/** Chunks that wait to be handed out, and chunks in one batch. */
const MAX_CHUNKS = 500;
/** Consecutive attempts to read a table that was altered. */
const MAX_FAILURES = 8;
/** The same for a table that is withdrawn. */
const MAX_WITHDRAWALS = 4;
const FIRST_PAUSE_MS = 100;
const MAX_PAUSE_MS = 2000;

/**
 * Reads tables chunk by chunk with parallel readers and hands the chunks out, each with its own position. Chunks that have
 * been handed out and committed are not read again after an interruption; all others are.
 */
export class Snapshot<V extends TableVersion, C extends Chunk> {
  /** Rows handed out. */
  rows = 0;
  /** Chunks that count, of all runs of this snapshot. */
  #chunks: (C & StoredChunk)[];
  #chunksRead = 0;
  /** Entries to be removed with the next batch. */
  #stale: readonly SourcePartition[];
  readonly #settings: SnapshotSettings<V, C>;
  readonly #readers: readonly ChunkReader<V, C>[];
  #waiting: ReadChunk<V, C>[] = [];
  #failure: { readonly error: unknown } | undefined;
  #closed = false;
  #running: Promise<unknown> | undefined;
  #hasRecords: boolean;
  #isFirstBatch = true;
  #completed = false;
  readonly #progress = new Notifier();

  constructor(settings: SnapshotSettings<V, C>) {
    this.#settings = settings;
    this.#hasRecords = !settings.fresh;
    this.#chunks = [...settings.stored];
    this.#stale = settings.stale;
    this.#readers = Array.from({ length: settings.threads }, () => settings.createReader());
  }

  /** True after the last batch. */
  get completed(): boolean {
    return this.#completed;
  }

  get rowsExpected(): number {
    return this.#settings.tables.reduce((sum, table) => sum + table.version.expectedRows, 0);
  }

  get chunksRead(): number {
    return this.#chunksRead;
  }

  /** Chunks of all its runs. */
  get chunks(): readonly (C & StoredChunk)[] {
    return this.#chunks;
  }

  get tablesLeft(): number {
    return this.#settings.tables.filter(table => !table.finished).length;
  }

  /** The next batch; null if there is none until the deadline (performance.now()). Rejects with the error of any reader. */
  async next(deadline: number): Promise<SourceBatch | null> {
    this.#running ??= Promise.all(this.#readers.map(reader => this.#read(reader)));
    for (;;) {
      if (this.#closed) return null;
      if (this.#failure !== undefined) throw this.#failure.error;
      const batch = this.#takeBatch();
      if (batch !== undefined) {
        this.#progress.notify();
        return batch;
      }
      if (this.#settings.tables.every(table => table.finished))
        return this.#completed ? null : this.#lastBatch([], [], 0);
      if (performance.now() >= deadline) return null;
      await this.#progress.wait(deadline - performance.now());
    }
  }

  /** A batch of waiting chunks, as many as fit: small tables share one. undefined: no chunk waits. */
  #takeBatch(): SourceBatch | undefined {
    const { tables, chunkBytes, chunkPosition } = this.#settings;
    const records: SourceRecord[] = [];
    const positions: SourcePosition[] = [];
    let bytes = 0;
    while (bytes < chunkBytes && positions.length < MAX_CHUNKS) {
      const index = this.#waiting.findIndex(canBeHandedOut);
      const [read] = index < 0 ? [] : this.#waiting.splice(index, 1);
      if (read === undefined) break;
      this.#handOut(read);
      for (const record of read.records) records.push(record);
      positions.push(chunkPosition(read.chunk));
      bytes += read.bytes;
    }
    if (positions.length === 0) return undefined;
    if (tables.every(table => table.finished)) return this.#lastBatch(records, positions, bytes);
    return this.#batch(records, positions, bytes);
  }

  #handOut({ table, chunk, records }: ReadChunk<V, C>): void {
    const { server, id } = this.#settings;
    table.open--;
    this.#chunksRead++;
    this.#chunks.push({ ...chunk, id, partition: chunkPartition(server, chunk.table, chunk.number) });
    this.rows += records.length;
    if (table.finished) mark(records.at(-1), 'last_in_data_collection');
    if (records.length === 0) return;
    if (!this.#hasRecords) mark(records[0], 'first');
    else if (!table.begun && !(table.finished && records.length === 1)) mark(records[0], 'first_in_data_collection');
    this.#hasRecords = true;
    table.begun = true;
  }

  #lastBatch(records: readonly SourceRecord[], positions: readonly SourcePosition[], bytes: number): SourceBatch {
    this.#completed = true;
    mark(records.at(-1), 'last');
    return this.#batch(records, positions, bytes);
  }

  #batch(records: readonly SourceRecord[], positions: readonly SourcePosition[], bytes: number): SourceBatch {
    const { fresh, statePosition } = this.#settings;
    const isFirst = this.#isFirstBatch;
    const stale = this.#stale;
    this.#isFirstBatch = false;
    this.#stale = [];
    return {
      records,
      positions: [
        ...stale.map(partition => ({ partition, offset: null })),
        ...(isFirst && fresh && !this.#completed ? [statePosition(false)] : []),
        ...positions,
        ...(this.#completed ? [statePosition(true)] : []),
      ],
      bytes,
      acknowledge: this.#settings.committed,
    };
  }

  async #read(reader: ChunkReader<V, C>): Promise<void> {
    try {
      for (let table = await this.#nextTable(); table !== undefined; table = await this.#nextTable()) {
        await this.#readFrom(reader, table);
        this.#progress.notify();
      }
    } catch (error) {
      this.#failure ??= { error };
      this.#progress.notify();
    } finally {
      await reader.close();
    }
  }

  /** A table with a range to claim; undefined when there will be none. */
  async #nextTable(): Promise<TableProgress<V, C & StoredChunk> | undefined> {
    const { tables } = this.#settings;
    for (;;) {
      // A range that another reader returns may still be for this one.
      if (this.#closed || this.#failure !== undefined || tables.every(table => table.finished)) return undefined;
      const next = tables.find(table => table.pending);
      if (next !== undefined) return next;
      await this.#progress.wait(1000);
    }
  }

  async #readFrom(reader: ChunkReader<V, C>, table: TableProgress<V, C & StoredChunk>): Promise<void> {
    const isAlone = this.#readers.length === 1;
    const { version } = table;
    let claim: Claim<V> | undefined;
    try {
      claim = await table.claim(isAlone ? null : (range: Range): Promise<Bound | null> => reader.bound(table, range));
      if (claim === undefined) return;
      await reader.read(table, claim, read => this.#offer(read));
      table.failures = 0;
    } catch (error) {
      if (!this.#settings.changes.isTableChange(error)) throw error;
      if (claim !== undefined) table.giveBack(claim);
      await table.alone(() => this.#refresh(table, claim?.version ?? version, error));
    }
  }

  /** The table was altered between two chunks, or cannot be read as its version describes it. */
  async #refresh(table: TableProgress<V, C & StoredChunk>, version: V, error: unknown): Promise<void> {
    const { changes, log } = this.#settings;
    // Another reader has met the same change.
    if (this.#closed || table.version !== version) return;
    if (++table.failures > MAX_FAILURES) throw this.#unreadable(table, error);
    await delay(Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (table.failures - 1)));
    const now = await changes.current(version);
    if (now === undefined) {
      log.warn({ table: table.id }, 'a table was dropped or renamed while its snapshot was taken');
      table.drop();
      this.#waiting = this.#waiting.filter(read => read.table !== table);
      return;
    }
    const withdrawn = await changes.withdrawn(version, now);
    if (withdrawn !== undefined) {
      // It may be about to be added again.
      if (table.failures >= MAX_WITHDRAWALS) throw withdrawn;
      return;
    }
    const reason = await this.#restartReason(table, version, now);
    table.version = now;
    if (reason === undefined) return;
    log.warn({ table: now.table.id, reason }, 'the snapshot of a table begins again: it was changed meanwhile');
    this.#restart(table, version.table.id);
  }

  #unreadable(table: TableProgress<V, C & StoredChunk>, error: unknown): MillraceError {
    const override = table.override === null ? '' : '; check its statement in snapshot.select.statement.overrides';
    return new MillraceError(
      'SOURCE_SETUP',
      `table ${table.id} cannot be read: ${table.failures} times in a row ${this.#settings.changes.describe(error)}${override}`,
      { cause: error },
    );
  }

  async #restartReason(table: TableProgress<V, C & StoredChunk>, before: V, now: V): Promise<string | undefined> {
    if (before.table.id !== now.table.id) return `its name was ${before.table.id}`;
    const waiting = this.#waiting.filter(read => read.table === table).map(({ chunk }) => chunk);
    const done = [...this.#chunks.filter(chunk => chunk.table === now.table.id), ...waiting];
    return this.#settings.changes.restartReason(before, now, done);
  }

  /** Discards all that was read of a table. id: its name when it was read. */
  #restart(table: TableProgress<V, C & StoredChunk>, id: string): void {
    const isOfTable = (chunk: C & StoredChunk) => chunk.table === id;
    this.#stale = [...this.#stale, ...this.#chunks.filter(isOfTable).map(({ partition }) => partition)];
    this.#chunks = this.#chunks.filter(chunk => !isOfTable(chunk));
    this.#waiting = this.#waiting.filter(read => read.table !== table);
    table.restart();
  }

  /** Waits while the chunks to be handed out have as many bytes as one chunk of each reader. */
  async #offer(read: ReadChunk<V, C>): Promise<void> {
    // Its table has begun again.
    if (read.epoch !== read.table.epoch) return;
    this.#waiting.push(read);
    this.#progress.notify();
    while (!this.#hasRoom()) await this.#progress.wait(1000);
  }

  #hasRoom(): boolean {
    if (this.#closed || this.#failure !== undefined) return true;
    const next = this.#waiting.filter(canBeHandedOut);
    const bytes = next.reduce((sum, read) => sum + read.bytes, 0);
    return bytes < this.#readers.length * this.#settings.chunkBytes && next.length < MAX_CHUNKS;
  }

  /** Ends a pending `next`. */
  interrupt(): void {
    this.#progress.notify();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#progress.notify();
    await Promise.all(this.#readers.map(reader => reader.close()));
    await this.#running;
  }
}

function mark(record: SourceRecord | undefined, marker: SnapshotMarker): void {
  if (record?.value instanceof Envelope) record.value.marker = marker;
}
