import type { Json, SourceOffset, SourcePartition, SourcePosition } from '../../../src/api/index.ts';
import { type Bound, type Chunk, chunkPartition, type StoredChunk } from '../../../src/cdc/snapshot/chunk.ts';
import { type Lsn, lsnOf } from '../position/lsn.ts';
import { identityFields, readIdentity, type TableIdentity } from './table-identity.ts';
import { parseVisibility, type Visibility } from './visibility.ts';

/** A chunk, and what its transaction saw. */
export interface PostgresChunk extends Chunk {
  /** Identity of the table when it was read, to which `lo` and `hi` belong. */
  readonly identity: TableIdentity;
  /** pg_current_snapshot() of the transaction. */
  readonly snapshot: string;
  readonly visibility: Visibility;
  /** All commits that the transaction saw are before this. */
  readonly lsn: Lsn;
}

export interface StoredPostgresChunk extends PostgresChunk, StoredChunk {}

/** The entry of a chunk among the stored positions. */
export function chunkPosition(server: string, id: string, chunk: PostgresChunk): SourcePosition {
  const { table, number, lo, hi, snapshot, lsn, rows, again } = chunk;
  const fields = { ...(again ? { again } : {}), ...identityFields(chunk.identity) };
  return { partition: chunkPartition(server, table, number), offset: { id, lo, hi, snapshot, lsn, rows, ...fields } };
}

/** The chunks among the stored positions of a connector. */
export function storedChunks(server: string, positions: readonly SourcePosition[]): StoredPostgresChunk[] {
  return positions.flatMap(({ partition, offset }) => {
    const { snapshot: table, chunk } = partition;
    if (partition['server'] !== server || typeof table !== 'string' || typeof chunk !== 'number' || offset === null)
      return [];
    return [readChunk(partition, table, chunk, offset)];
  });
}

function readChunk(
  partition: SourcePartition,
  table: string,
  number: number,
  offset: NonNullable<SourceOffset>,
): StoredPostgresChunk {
  const snapshot = String(offset['snapshot']);
  return {
    partition,
    table,
    number,
    identity: readIdentity(offset),
    id: String(offset['id']),
    lo: bound(offset['lo']),
    hi: bound(offset['hi']),
    snapshot,
    visibility: parseVisibility(snapshot),
    lsn: lsnOf(Number(offset['lsn'])),
    rows: Number(offset['rows']),
    again: offset['again'] === true,
  };
}

const bound = (value: Json | undefined): Bound | null => (Array.isArray(value) ? value.map(String) : null);
