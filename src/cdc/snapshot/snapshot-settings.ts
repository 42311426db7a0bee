import type { Log, SourcePartition, SourcePosition } from '../../api/index.ts';
import type { Chunk, StoredChunk } from './chunk.ts';
import type { ChunkReader, TableChanges } from './chunk-reader.ts';
import type { TableProgress, TableVersion } from './table-progress.ts';

/** V: version of a table; C: chunk of the connector. */
export interface SnapshotSettings<V extends TableVersion, C extends Chunk> {
  /** topic.prefix */
  readonly server: string;
  readonly id: string;
  /** Number of parallel readers. */
  readonly threads: number;
  /** Bytes of source data of a chunk; see ChunkReader. */
  readonly chunkBytes: number;
  readonly tables: readonly TableProgress<V, C & StoredChunk>[];
  /** Nothing of it has been written yet. */
  readonly fresh: boolean;
  /** Its chunks that were written before an interruption. */
  readonly stored: readonly (C & StoredChunk)[];
  /** Entries of older snapshots, removed with the first batch. */
  readonly stale: readonly SourcePartition[];
  readonly changes: TableChanges<V, C>;
  readonly log: Log;
  createReader(): ChunkReader<V, C>;
  chunkPosition(chunk: C): SourcePosition;
  /** The connector's own position while the snapshot runs, and when it is complete. */
  statePosition(isCompleted: boolean): SourcePosition;
  /** Called when a batch is committed in Kafka. */
  committed(): void;
}
