import type { Json, SourceOffset, SourcePartition, SourcePosition } from '../../../src/api/index.ts';
import type { Lsn } from '../position/lsn.ts';
import { identityFields, readIdentity, type TableIdentity } from './table-identity.ts';
import { parseVisibility, type Visibility } from './visibility.ts';

/** A place between rows: the text of the key's columns (of the block number, for tables walked by ctid). */
export type Bound = readonly string[];

/** Rows with lo < key <= hi; null: no bound on that side. */
export interface Range {
  readonly lo: Bound | null;
  readonly hi: Bound | null;
}

/** A range that has been read, in one transaction, and what that transaction saw. */
export interface Chunk extends Range {
  readonly table: string;
  readonly number: number;
  /** Of the table when it was read: what `lo` and `hi` are bounds of. */
  readonly identity: TableIdentity;
  readonly snapshot: string;
  readonly visibility: Visibility;
  /** Everything that it saw is committed before this. */
  readonly lsn: Lsn;
  readonly rows: number;
  /** Its table had begun to be read before, and was altered: the topic may have rows that were deleted since. */
  readonly again: boolean;
}

/** A chunk's own entry among the stored positions: written with its rows, taken back when the stream has passed it. */
export function chunkPosition(server: string, id: string, chunk: Chunk): SourcePosition {
  const { table, number, lo, hi, snapshot, lsn, rows, again } = chunk;
  const fields = { ...(again ? { again } : {}), ...identityFields(chunk.identity) };
  return { partition: chunkPartition(server, table, number), offset: { id, lo, hi, snapshot, lsn, rows, ...fields } };
}

export const chunkPartition = (server: string, table: string, number: number): SourcePartition => ({
  server,
  snapshot: table,
  chunk: number,
});

export interface StoredChunk extends Chunk {
  readonly partition: SourcePartition;
  /** Of the snapshot that it belongs to. */
  readonly id: string;
}

/** The chunks among the stored positions of a connector. */
export function storedChunks(server: string, positions: readonly SourcePosition[]): StoredChunk[] {
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
): StoredChunk {
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
    lsn: Number(offset['lsn']),
    rows: Number(offset['rows']),
    again: offset['again'] === true,
  };
}

const bound = (value: Json | undefined): Bound | null => (Array.isArray(value) ? value.map(String) : null);
