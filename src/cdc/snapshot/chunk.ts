import type { SourcePartition } from '../../api/index.ts';

/** A point between rows: the text of the key's columns, or of the physical position in a table without key. */
export type Bound = readonly string[];

/** Rows with lo < key <= hi; null: no bound on that side. */
export interface Range {
  readonly lo: Bound | null;
  readonly hi: Bound | null;
}

/** A range that was read in one transaction. */
export interface Chunk extends Range {
  /** `schema.table` */
  readonly table: string;
  readonly number: number;
  readonly rows: number;
  /** The table was altered after its reading had begun: the topic may have rows that were deleted since. */
  readonly again: boolean;
}

/** A chunk among the stored positions: written with its rows, removed when the stream has passed it. */
export interface StoredChunk extends Chunk {
  readonly partition: SourcePartition;
  /** Id of its snapshot. */
  readonly id: string;
}

export const chunkPartition = (server: string, table: string, number: number): SourcePartition => ({
  server,
  snapshot: table,
  chunk: number,
});

export const isSameBound = (a: Bound | null, b: Bound | null): boolean => JSON.stringify(a) === JSON.stringify(b);

/** True if ranges, which never overlap, cover all of a table: each begins where another ends. */
export function isComplete(ranges: readonly Range[]): boolean {
  const texts = (bounds: readonly (Bound | null)[]) =>
    JSON.stringify(bounds.map(bound => JSON.stringify(bound)).sort());
  return ranges.length > 0 && texts(ranges.map(({ lo }) => lo)) === texts(ranges.map(({ hi }) => hi));
}
