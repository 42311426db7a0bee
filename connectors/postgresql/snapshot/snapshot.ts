import { setTimeout as delay } from 'node:timers/promises';
import type { Log, SourceBatch, SourcePartition, SourcePosition, SourceRecord } from '../../../src/api/index.ts';
import type { SnapshotMarker } from '../../../src/cdc/record/change-source.ts';
import { Envelope } from '../../../src/cdc/record/envelope.ts';
import { MillraceError, messageOf } from '../../../src/errors.ts';
import type { Catalog } from '../catalog/catalog.ts';
import type { LogIdentity } from '../position/log-identity.ts';
import { position, type StreamPosition, serverPartition, snapshotOffset } from '../position/offsets.ts';
import { databaseCode, GONE } from '../session/failures.ts';
import type { Bound, Range, StoredChunk } from './chunk.ts';
import { chunkPartition, chunkPosition } from './chunk.ts';
import { ChunkReader, type ChunkReaderSettings, type ReadChunk, TableChanged } from './chunk-reader.ts';
import { attachedReason, isWithdrawn, withdrawn } from './plan-table.ts';
import { difference } from './table-identity.ts';
import type { Claim, TableProgress, TableVersion } from './table-progress.ts';

export interface SnapshotSettings {
  /** topic.prefix */
  readonly server: string;
  readonly id: string;
  /** Where the stream begins after it. */
  readonly position: StreamPosition;
  readonly identity: LogIdentity;
  readonly micros: number;
  readonly threads: number;
  readonly reader: ChunkReaderSettings;
  readonly tables: readonly TableProgress[];
  /** Nothing of it has been written yet. */
  readonly fresh: boolean;
  /** What of it was written before an interruption. */
  readonly stored: readonly StoredChunk[];
  /** Entries of older snapshots, taken back with the first batch. */
  readonly stale: readonly SourcePartition[];
  readonly log: Log;
  readonly catalog: Pick<Catalog, 'hasAttached' | 'isPublished'>;
  /** The table as it is now; undefined where it is gone, or no longer captured. */
  describe(oid: number): Promise<TableVersion | undefined>;
}

/** Bytes of source data of a batch that has records; see SourceBatch. */
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

/**
 * Reads tables chunk by chunk with parallel readers and hands the chunks out one by one, each with its own position.
 * What has been handed out and committed is not read again; what has not is.
 */
export class Snapshot {
  rows = 0;
  /** Those that count, of all runs of this snapshot. */
  #chunks: StoredChunk[];
  #handed = 0;
  /** Entries to be taken back with the next batch. */
  #stale: readonly SourcePartition[];
  readonly #settings: SnapshotSettings;
  readonly #readers: ChunkReader[];
  #waiting: ReadChunk[] = [];
  #failure: { readonly error: unknown } | undefined;
  #closed = false;
  #running: Promise<unknown> | undefined;
  #begun: boolean;
  #completed = false;
  readonly #changed = new Set<() => void>();

  constructor(settings: SnapshotSettings) {
    this.#settings = settings;
    this.#begun = !settings.fresh;
    this.#chunks = [...settings.stored];
    this.#stale = settings.stale;
    this.#readers = Array.from({ length: settings.threads }, () => new ChunkReader(settings.reader));
  }

  /** Everything has been handed out. */
  get completed(): boolean {
    return this.#completed;
  }

  /** As the server last counted them. */
  get rowsExpected(): number {
    return this.#settings.tables.reduce((sum, work) => sum + work.facts.rows, 0);
  }

  get chunksRead(): number {
    return this.#handed;
  }

  /** Those of all its runs. */
  get chunks(): readonly StoredChunk[] {
    return this.#chunks;
  }

  get tablesLeft(): number {
    return this.#settings.tables.filter(work => !work.finished).length;
  }

  /** The next chunk, or null when the time is over first. Rejects with what any reader has failed with. */
  async next(deadline: number): Promise<SourceBatch | null> {
    this.#running ??= Promise.all(this.#readers.map(reader => this.#read(reader)));
    for (;;) {
      if (this.#closed) return null;
      if (this.#failure !== undefined) throw this.#failure.error;
      const batch = this.#takeBatch();
      if (batch !== undefined) {
        this.#notify();
        return batch;
      }
      if (this.#settings.tables.every(work => work.finished)) return this.#completed ? null : this.#last([], [], 0);
      if (performance.now() >= deadline) return null;
      await this.#change(deadline - performance.now());
    }
  }

  /** Chunks that wait, as many as fit: small tables share a batch. undefined: there are none. */
  #takeBatch(): SourceBatch | undefined {
    const { server, id, tables: works, reader } = this.#settings;
    const records: SourceRecord[] = [];
    const positions: SourcePosition[] = [];
    let bytes = 0;
    while (bytes < reader.chunkBytes && positions.length < MOST_CHUNKS) {
      const index = this.#waiting.findIndex(isNext);
      const [read] = index < 0 ? [] : this.#waiting.splice(index, 1);
      if (read === undefined) break;
      this.#handOut(read);
      for (const record of read.records) records.push(record);
      positions.push(chunkPosition(server, id, read.chunk));
      bytes += read.bytes;
    }
    if (positions.length === 0) return undefined;
    if (works.every(work => work.finished)) return this.#last(records, positions, bytes);
    return this.#make(records, positions, bytes, false);
  }

  #handOut({ work, chunk, records }: ReadChunk): void {
    const { server, id } = this.#settings;
    work.open--;
    this.#handed++;
    this.#chunks.push({ ...chunk, id, partition: chunkPartition(server, chunk.table, chunk.number) });
    this.rows += records.length;
    if (work.finished) mark(records.at(-1), 'last_in_data_collection');
    if (records.length === 0) return;
    if (!this.#begun) mark(records[0], 'first');
    else if (!work.begun && !(work.finished && records.length === 1)) mark(records[0], 'first_in_data_collection');
    this.#begun = true;
    work.begun = true;
  }

  #last(records: readonly SourceRecord[], positions: readonly SourcePosition[], bytes: number): SourceBatch {
    this.#completed = true;
    mark(records.at(-1), 'last');
    return this.#make(records, positions, bytes, true);
  }

  #first = true;

  #make(
    records: readonly SourceRecord[],
    positions: readonly SourcePosition[],
    bytes: number,
    completed: boolean,
  ): SourceBatch {
    const { server, id, micros, fresh } = this.#settings;
    const first = this.#first;
    const stale = this.#stale;
    this.#first = false;
    this.#stale = [];
    const state = (isCompleted: boolean) =>
      position(
        serverPartition(server),
        snapshotOffset(this.#settings.position, this.#settings.identity, { id, completed: isCompleted, micros }),
      );
    return new SnapshotBatch(
      records,
      [
        ...stale.map(partition => position(partition, null)),
        ...(first && fresh && !completed ? [state(false)] : []),
        ...positions,
        ...(completed ? [state(true)] : []),
      ],
      bytes,
    );
  }

  async #read(reader: ChunkReader): Promise<void> {
    try {
      for (let work = await this.#next(); work !== undefined; work = await this.#next()) {
        await this.#readFrom(reader, work);
        this.#notify();
      }
    } catch (error) {
      this.#failure ??= { error };
      this.#notify();
    } finally {
      await reader.close();
    }
  }

  /** A table with something left to claim; undefined when there will be none. */
  async #next(): Promise<TableProgress | undefined> {
    const { tables: works } = this.#settings;
    for (;;) {
      // What another reader puts back may still be for this one.
      if (this.#closed || this.#failure !== undefined || works.every(work => work.finished)) return undefined;
      const work = works.find(one => one.pending);
      if (work !== undefined) return work;
      await this.#change(1000);
    }
  }

  async #readFrom(reader: ChunkReader, work: TableProgress): Promise<void> {
    const alone = this.#readers.length === 1;
    const { version } = work;
    let claim: Claim | undefined;
    try {
      claim = await work.claim(alone ? null : (range: Range): Promise<Bound | null> => reader.bound(work, range));
      if (claim === undefined) return;
      await reader.read(work, claim, read => this.#offer(read));
      work.failures = 0;
    } catch (error) {
      if (!(error instanceof TableChanged || GONE.has(databaseCode(error)))) throw error;
      if (claim !== undefined) work.giveBack(claim);
      await work.alone(() => this.#renew(work, claim?.version ?? version, error));
    }
  }

  /** The table was altered between two chunks, or cannot be read as it is described. */
  async #renew(work: TableProgress, version: TableVersion, error: unknown): Promise<void> {
    const { log } = this.#settings;
    // Another reader has met the same change.
    if (this.#closed || work.version !== version) return;
    if (++work.failures > MOST_FAILURES)
      throw new MillraceError(
        'SOURCE_SETUP',
        `table ${work.table.id} cannot be read: ${work.failures} times in a row ${error instanceof TableChanged ? 'it was altered before a chunk of it was read' : messageOf(error)}` +
          `${work.override === null ? '' : '; check its statement in snapshot.select.statement.overrides'}`,
        { cause: error },
      );
    await delay(Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (work.failures - 1)));
    const now = await this.#settings.describe(version.facts.oid);
    if (now === undefined) {
      work.drop();
      this.#waiting = this.#waiting.filter(read => read.work !== work);
      log.warn({ table: work.table.id }, 'a table was dropped or renamed while its snapshot was taken');
      return;
    }
    if (await isWithdrawn(this.#settings.catalog, version.identity, now)) {
      // It may be about to be added again.
      if (work.failures >= MOST_WITHDRAWALS) throw withdrawn(now);
      return;
    }
    const reason = await this.#restartReason(work, version, now);
    work.version = now;
    if (reason === undefined) return;
    log.warn({ table: now.table.id, reason }, 'the snapshot of a table begins again: it was changed meanwhile');
    this.#takeBack(work, version.table.id);
  }

  async #restartReason(work: TableProgress, before: TableVersion, now: TableVersion): Promise<string | undefined> {
    if (before.table.id !== now.table.id) return `its name was ${before.table.id}`;
    const waiting = this.#waiting.filter(read => read.work === work).map(({ chunk }) => chunk);
    const done = [...this.#chunks.filter(({ table }) => table === now.table.id), ...waiting];
    return difference(before.identity, now.identity) ?? attachedReason(this.#settings.catalog, now, done);
  }

  /** Nothing that was read of a table counts. id: its name then. */
  #takeBack(work: TableProgress, id: string): void {
    const isOf = ({ table }: StoredChunk) => table === id;
    this.#stale = [...this.#stale, ...this.#chunks.filter(isOf).map(({ partition }) => partition)];
    this.#chunks = this.#chunks.filter(chunk => !isOf(chunk));
    this.#waiting = this.#waiting.filter(read => read.work !== work);
    work.restart();
  }

  /** Waits while the chunks to be handed out have as many bytes as a chunk of each reader. */
  async #offer(read: ReadChunk): Promise<void> {
    // Its table begins again.
    if (read.epoch !== read.work.epoch) return;
    this.#waiting.push(read);
    this.#notify();
    while (!this.#hasRoom()) await this.#change(1000);
  }

  #hasRoom(): boolean {
    if (this.#closed || this.#failure !== undefined) return true;
    const next = this.#waiting.filter(isNext);
    const bytes = next.reduce((sum, read) => sum + read.bytes, 0);
    return bytes < this.#readers.length * this.#settings.reader.chunkBytes && next.length < MOST_CHUNKS;
  }

  #notify(): void {
    for (const wake of this.#changed) wake();
  }

  #change(ms: number): Promise<void> {
    return new Promise(resolve => {
      const wake = () => {
        clearTimeout(timer);
        this.#changed.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, Math.max(0, ms));
      this.#changed.add(wake);
    });
  }

  /** Ends a pending `next`. */
  interrupt(): void {
    this.#notify();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#notify();
    await Promise.all(this.#readers.map(reader => reader.close()));
    await this.#running;
  }
}

/** Chunks that wait to be handed out, and of a batch. */
const MOST_CHUNKS = 500;

/** The end of a table is handed out last. */
const isNext = ({ work, tail }: ReadChunk): boolean => !tail || (work.open === 1 && !work.pending);

/** Of readings of a table in a row that it was altered under. */
const MOST_FAILURES = 8;
/** The same, where the publication had nothing of it. */
const MOST_WITHDRAWALS = 4;
const FIRST_PAUSE_MS = 100;
const MAX_PAUSE_MS = 2000;

function mark(record: SourceRecord | undefined, marker: SnapshotMarker): void {
  if (record?.value instanceof Envelope) record.value.marker = marker;
}
