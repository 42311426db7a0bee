import type { SourceRecord } from '../../api/index.ts';
import type { Bound, Chunk, Range, StoredChunk } from './chunk.ts';
import type { Claim, TableProgress, TableVersion } from './table-progress.ts';

/** A chunk that a reader has read. C: chunk of the connector, without what its stored form adds. */
export interface ReadChunk<V extends TableVersion, C extends Chunk> {
  readonly table: TableProgress<V, C & StoredChunk>;
  /** TableProgress.epoch when its range was claimed. */
  readonly epoch: number;
  readonly chunk: C;
  readonly records: readonly SourceRecord[];
  /** Bytes of source data. */
  readonly bytes: number;
  /** It ends where the table does. */
  readonly tail: boolean;
}

/** True unless it is the end of a table of which other chunks are still to be handed out. */
export const canBeHandedOut = <V extends TableVersion, C extends Chunk>({ table, tail }: ReadChunk<V, C>): boolean =>
  !tail || (table.open === 1 && !table.pending);

/** One of the parallel readers of a snapshot. A method that fails with a changed table leaves the reader usable. */
export interface ChunkReader<V extends TableVersion, C extends Chunk> {
  /** The key about one chunk after the beginning of a range; null if the range is shorter. */
  bound(table: TableProgress<V, C & StoredChunk>, range: Range): Promise<Bound | null>;
  /**
   * Reads a claimed range, as far as a chunk goes; a table without key to its end, chunk by chunk. Returns the rest of the
   * range to the table before it calls `take`.
   */
  read(
    table: TableProgress<V, C & StoredChunk>,
    claim: Claim<V>,
    take: (chunk: ReadChunk<V, C>) => Promise<void>,
  ): Promise<void>;
  close(): Promise<void>;
}

/** Detects that tables were altered while they are read. */
export interface TableChanges<V extends TableVersion, C extends Chunk> {
  /** True if the error says that a table is not the one that its version describes, or is gone. */
  isTableChange(error: unknown): boolean;
  /** The reason in a message to the user. */
  describe(error: unknown): string;
  /** The table as it is now; undefined if it is gone, or no longer captured. */
  current(version: V): Promise<V | undefined>;
  /** Not undefined while the table may not be read although it exists: the error after the last attempt. */
  withdrawn(before: V, now: V): Promise<Error | undefined>;
  /** The reason why chunks of the earlier version do not count; undefined if they do. */
  restartReason(before: V, now: V, chunks: readonly C[]): Promise<string | undefined>;
}
