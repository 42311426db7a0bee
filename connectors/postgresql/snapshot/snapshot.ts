import type { Log, SourceBatch, SourcePartition, SourcePosition, SourceRecord } from '../../../src/api/index.ts';
import { Envelope } from '../envelope.ts';
import type { LogIdentity } from '../log-identity.ts';
import { position, type StreamPosition, serverPartition, snapshotOffset } from '../offsets.ts';
import type { SnapshotMarker } from '../source-info.ts';
import type { Bound, Chunk, Range } from './chunk.ts';
import { chunkPartition, chunkPosition, type StoredChunk } from './chunk.ts';
import { ChunkReader, type ChunkReaderSettings, type ReadChunk, TableChanged } from './chunk-reader.ts';
import type { TableWork } from './table-work.ts';

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
  readonly works: readonly TableWork[];
  /** Nothing of it has been written yet. */
  readonly fresh: boolean;
  /** What of it was written before an interruption. */
  readonly stored: readonly StoredChunk[];
  /** Entries of older snapshots, taken back with the first batch. */
  readonly stale: readonly SourcePartition[];
  readonly log: Log;
  /** Reads the table's columns anew; false where it is gone. */
  renew(work: TableWork): Promise<boolean>;
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
  readonly #handed: Chunk[] = [];
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
    this.#readers = Array.from({ length: settings.threads }, () => new ChunkReader(settings.reader));
  }

  /** Everything has been handed out. */
  get completed(): boolean {
    return this.#completed;
  }

  /** As the server last counted them. */
  get rowsExpected(): number {
    return this.#settings.works.reduce((sum, work) => sum + work.facts.rows, 0);
  }

  get chunksRead(): number {
    return this.#handed.length;
  }

  /** Those of all its runs. */
  allChunks(): readonly StoredChunk[] {
    const { server, id, stored } = this.#settings;
    const mine = this.#handed.map(chunk => ({
      ...chunk,
      id,
      partition: chunkPartition(server, chunk.table, chunk.number),
    }));
    return [...stored, ...mine];
  }

  get tablesLeft(): number {
    return this.#settings.works.filter(work => !work.finished).length;
  }

  /** The next chunk, or null when the time is over first. Rejects with what any reader has failed with. */
  async next(deadline: number): Promise<SourceBatch | null> {
    this.#running ??= Promise.all(this.#readers.map(reader => this.#read(reader)));
    for (;;) {
      if (this.#closed) return null;
      if (this.#failure !== undefined) throw this.#failure.error;
      const index = this.#waiting.findIndex(read => !read.tail || (read.work.open === 1 && !read.work.pending));
      const [read] = index < 0 ? [] : this.#waiting.splice(index, 1);
      if (read !== undefined) {
        read.work.open--;
        this.#notify();
        return this.#batch(read);
      }
      if (this.#settings.works.every(work => work.finished)) return this.#completed ? null : this.#last([], [], 0);
      if (performance.now() >= deadline) return null;
      await this.#change(deadline - performance.now());
    }
  }

  #batch({ work, chunk, records, bytes }: ReadChunk): SourceBatch {
    const { server, id } = this.#settings;
    this.#handed.push(chunk);
    this.rows += records.length;
    if (work.finished) mark(records.at(-1), 'last_in_data_collection');
    if (records.length > 0) {
      if (!this.#begun) mark(records[0], 'first');
      else if (!work.begun && !(work.finished && records.length === 1)) mark(records[0], 'first_in_data_collection');
      this.#begun = true;
      work.begun = true;
    }
    const positions = [chunkPosition(server, id, chunk)];
    if (this.#settings.works.every(other => other.finished)) return this.#last(records, positions, bytes);
    return this.#make(records, positions, bytes, false);
  }

  #last(records: readonly SourceRecord[], positions: readonly SourcePosition[], bytes: number): SourceBatch {
    this.#completed = true;
    mark(records.at(-1), 'last');
    return this.#make(records, positions, bytes, true);
  }

  #stale = true;

  #make(
    records: readonly SourceRecord[],
    positions: readonly SourcePosition[],
    bytes: number,
    completed: boolean,
  ): SourceBatch {
    const { server, id, micros, stale, fresh } = this.#settings;
    const first = this.#stale;
    this.#stale = false;
    const state = (isCompleted: boolean) =>
      position(
        serverPartition(server),
        snapshotOffset(this.#settings.position, this.#settings.identity, { id, completed: isCompleted, micros }),
      );
    return new SnapshotBatch(
      records,
      [
        ...(first ? stale.map(partition => position(partition, null)) : []),
        ...(first && fresh && !completed ? [state(false)] : []),
        ...positions,
        ...(completed ? [state(true)] : []),
      ],
      bytes,
    );
  }

  async #read(reader: ChunkReader): Promise<void> {
    try {
      for (;;) {
        const claim = await this.#claim(reader);
        if (claim === undefined) break;
        await this.#readRange(reader, ...claim);
        this.#notify();
      }
    } catch (error) {
      this.#failure ??= { error };
      this.#notify();
    } finally {
      await reader.close();
    }
  }

  async #readRange(reader: ChunkReader, work: TableWork, range: Range): Promise<void> {
    try {
      await reader.read(work, range, read => this.#offer(read));
    } catch (error) {
      if (!(error instanceof TableChanged || GONE.has(databaseCode(error)))) throw error;
      work.open--;
      if (await this.#settings.renew(work)) work.putBack(range);
      else this.#settings.log.warn({ table: work.table.id }, 'table was dropped while its snapshot was taken');
    }
  }

  async #claim(reader: ChunkReader): Promise<[TableWork, Range] | undefined> {
    const alone = this.#readers.length === 1;
    const bound = (work: TableWork) =>
      alone ? null : (range: Range): Promise<Bound | null> => reader.bound(work, range);
    for (;;) {
      for (const work of this.#settings.works) {
        if (this.#closed) return undefined;
        if (!work.pending) continue;
        const range = await work.claim(bound(work));
        if (range !== undefined) return [work, range];
      }
      // What another reader puts back may still be for this one.
      if (this.#closed || this.#failure !== undefined || this.#settings.works.every(work => work.finished))
        return undefined;
      await this.#change(1000);
    }
  }

  /** Waits while as many chunks wait as there are readers. */
  async #offer(read: ReadChunk): Promise<void> {
    this.#waiting.push(read);
    this.#notify();
    const room = () =>
      this.#closed ||
      this.#failure !== undefined ||
      this.#waiting.filter(one => !one.tail).length < this.#readers.length;
    while (!room()) await this.#change(1000);
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

/** SQLSTATE of a table and of a column that are no longer there. */
const GONE = new Set(['42P01', '42703']);

const databaseCode = (error: unknown): string =>
  String(((error as Error).cause as { code?: unknown } | undefined)?.code ?? '');

function mark(record: SourceRecord | undefined, marker: SnapshotMarker): void {
  if (record?.value instanceof Envelope) record.value.marker = marker;
}
