import type { RowStruct } from '../../../src/cdc/record/row-struct.ts';
import type { Bound } from '../../../src/cdc/snapshot/chunk.ts';
import { MillraceError } from '../../../src/errors.ts';
import type { KeyColumn } from '../catalog/relation.ts';
import type { Table } from '../catalog/table-schema.ts';
import { formatLsn, type Lsn, maxLsn, ZERO_LSN } from '../position/lsn.ts';
import type { Sql } from '../session/sql.ts';
import type { PostgresChunk } from './chunk.ts';
import { fieldsOf, keyText } from './key-text.ts';
import { compareHere, greater, type Pair } from './order.ts';
import { isVisible, widen } from './visibility.ts';

/** True if the chunk of a row's key has seen a change; a query if only the server can compare the key. */
export type SeenDecision = boolean | SeenQuery;

/** Runs of chunks, in the key's order, that saw a transaction or did not. */
interface VisibilityRuns {
  /** True if the first chunk saw it. */
  readonly first: boolean;
  /** Bounds between the runs. */
  readonly boundaries: readonly Bound[];
}

export interface SeenQuery {
  readonly table: ChunkedTable;
  readonly key: Bound;
  readonly runs: VisibilityRuns;
}

/** The chunks of one table in the order of their keys, without gaps. */
export interface ChunkedTable {
  /** The key by which the chunks were read; null: by ctid, in one transaction. */
  readonly key: readonly KeyColumn[] | null;
  readonly chunks: readonly PostgresChunk[];
}

const PAIRS_AT_ONCE = 500;

/**
 * After a snapshot, changes that a chunk has seen must not follow its rows. A transaction's changes were seen by a chunk
 * if its id is visible in the chunk's snapshot. Chunks are read at different times, so of a transaction that committed
 * meanwhile, the chunk of each change's own key decides.
 */
export class SeenFilter {
  /** Transactions that commit after this were seen by no chunk. */
  readonly end: Lsn;
  readonly #sql: Sql;
  readonly #tables: ReadonlyMap<string, ChunkedTable>;
  readonly #near: number;
  /** Tables that were truncated while they were read: all later changes are kept. */
  readonly #truncated = new Set<string>();
  /** Tables that were read again from their beginning. */
  readonly #again: ReadonlySet<string>;
  #xid = -1;
  #runs = new Map<ChunkedTable, VisibilityRuns>();
  /** Indexes of the key's fields, by version of a table. */
  readonly #fields = new WeakMap<Table, readonly number[]>();

  /** tables by `schema.table`. */
  constructor(sql: Sql, tables: ReadonlyMap<string, ChunkedTable>) {
    this.#sql = sql;
    this.#tables = tables;
    const chunks = [...tables.values()].flatMap(table => table.chunks);
    this.#again = new Set(chunks.filter(({ again }) => again).map(({ table }) => table));
    this.end = chunks.reduce((highest, { lsn }) => maxLsn(highest, lsn), ZERO_LSN);
    this.#near = chunks.reduce((highest, { visibility }) => Math.max(highest, visibility.xmax), 0);
  }

  /** xid: 32 bits; row: the changed row, with its key. */
  decide(table: Table, xid: number, row: RowStruct): SeenDecision {
    const chunked = this.#tables.get(table.id);
    if (chunked === undefined || this.#truncated.has(table.id)) return false;
    const runs = this.#runsOf(chunked, xid);
    if (runs.boundaries.length === 0) return runs.first;
    if (chunked.key === null) return false;
    const key = keyText(this.#fieldsOf(table, chunked.key), row);
    // An unchanged value that the server does not send with the old key: later changes of the row pass as well.
    if (key === undefined) return false;
    let isSeen = runs.first;
    for (const boundary of runs.boundaries) {
      const order = compareHere(chunked.key, key, boundary);
      if (order === undefined) return { table: chunked, key, runs };
      if (order > 0) isSeen = !isSeen;
    }
    return isSeen;
  }

  /** True if the topic may have rows of the table that none of its chunks has. See Chunk. */
  isReadAgain({ id }: Table): boolean {
    return this.#again.has(id);
  }

  #fieldsOf(table: Table, key: readonly KeyColumn[]): readonly number[] {
    const fields = this.#fields.get(table) ?? fieldsOf(table, key);
    if (fields === null)
      throw new MillraceError(
        'SOURCE_SETUP',
        `whether the snapshot of ${table.id} contains a change is unknown: it was read in chunks by ` +
          `(${key.map(({ name }) => name).join(', ')}), which is no longer in its records. Take that out of ` +
          'column.exclude.list (or into column.include.list, or the column list of the publication) until the stream has ' +
          `passed ${formatLsn(this.end)}`,
      );
    this.#fields.set(table, fields);
    return fields;
  }

  /** True if all chunks saw a TRUNCATE. If only some did, all later changes of the table are kept. */
  decideTruncate(table: Table, xid: number): boolean {
    const chunked = this.#tables.get(table.id);
    if (chunked === undefined || this.#truncated.has(table.id)) return false;
    const { first, boundaries } = this.#runsOf(chunked, xid);
    if (boundaries.length > 0) this.#truncated.add(table.id);
    return first && boundaries.length === 0;
  }

  #runsOf(table: ChunkedTable, xid: number): VisibilityRuns {
    if (this.#xid !== xid) {
      this.#xid = xid;
      this.#runs = new Map();
    }
    let runs = this.#runs.get(table);
    if (runs === undefined) {
      runs = this.#walk(table, widen(xid, this.#near));
      this.#runs.set(table, runs);
    }
    return runs;
  }

  #walk({ chunks }: ChunkedTable, xid: number): VisibilityRuns {
    const [head, ...rest] = chunks;
    if (head === undefined) return { first: false, boundaries: [] };
    const first = isVisible(head.visibility, xid);
    const boundaries: Bound[] = [];
    let isSeen = first;
    let { hi } = head;
    for (const chunk of rest) {
      const isSeenByChunk = isVisible(chunk.visibility, xid);
      if (isSeenByChunk !== isSeen && hi !== null) boundaries.push(hi);
      isSeen = isSeenByChunk;
      hi = chunk.hi;
    }
    return { first, boundaries };
  }

  /** See SeenOracle. */
  async answer(queries: readonly SeenQuery[]): Promise<boolean[]> {
    const answers = queries.map(({ runs }) => runs.first);
    for (const [key, comparisons] of byKey(queries))
      for (let from = 0; from < comparisons.length; from += PAIRS_AT_ONCE) {
        const part = comparisons.slice(from, from + PAIRS_AT_ONCE);
        const results = await greater(
          this.#sql,
          key,
          part.map(({ pair }) => pair),
        );
        for (const [i, { query }] of part.entries()) if (results[i]) answers[query] = !answers[query];
      }
    return answers;
  }
}

interface Comparison {
  /** Index of the query. */
  readonly query: number;
  readonly pair: Pair;
}

function byKey(queries: readonly SeenQuery[]): Map<readonly KeyColumn[], Comparison[]> {
  const grouped = new Map<readonly KeyColumn[], Comparison[]>();
  for (const [query, { table, key, runs }] of queries.entries()) {
    const columns = table.key ?? [];
    const comparisons = grouped.get(columns) ?? [];
    for (const boundary of runs.boundaries) comparisons.push({ query, pair: [key, boundary] });
    grouped.set(columns, comparisons);
  }
  return grouped;
}
