import type { Bound, Range, StoredChunk } from '../../../src/cdc/snapshot/chunk.ts';
import { isSameBound } from '../../../src/cdc/snapshot/chunk.ts';
import type { KeyColumn } from '../catalog/relation.ts';
import type { Sql } from '../session/sql.ts';
import { ranks } from './order.ts';

const EVERYTHING: Range = { lo: null, hi: null };

/** The ranges of a table that are not read. done: the chunks that are; key: the columns in whose order it is read. */
export async function unreadRanges(
  sql: Sql,
  key: readonly KeyColumn[] | null,
  done: readonly StoredChunk[],
): Promise<Range[]> {
  if (done.length === 0) return [EVERYTHING];
  if (key === null) {
    // One reader reads it from its beginning.
    const last = done.reduce((a, b) => (a.number > b.number ? a : b));
    return last.hi === null ? [] : [{ lo: last.hi, hi: null }];
  }
  const inOrder = await chunksInOrder(sql, key, done);
  const ranges: Range[] = [];
  let lo: Bound | null = null;
  for (const chunk of inOrder) {
    if (!isSameBound(chunk.lo, lo)) ranges.push({ lo, hi: chunk.lo });
    lo = chunk.hi;
  }
  if (lo !== null) ranges.push({ lo, hi: null });
  return ranges;
}

/** Chunks in the order of the table's key. */
export async function chunksInOrder<C extends Range>(
  sql: Sql,
  key: readonly KeyColumn[],
  chunks: readonly C[],
): Promise<C[]> {
  const bounds = chunks.flatMap(({ lo, hi }) => [lo, hi]).filter(bound => bound !== null);
  const rankList = await ranks(sql, key, bounds);
  const rank = new Map(bounds.map((bound, i) => [bound, rankList[i] as number]));
  const lower = ({ lo }: C) => (lo === null ? -1 : (rank.get(lo) as number));
  const upper = ({ hi }: C) => (hi === null ? bounds.length + 1 : (rank.get(hi) as number));
  // If two begin at the same bound, the first is empty.
  return [...chunks].sort((a, b) => lower(a) - lower(b) || upper(a) - upper(b));
}
