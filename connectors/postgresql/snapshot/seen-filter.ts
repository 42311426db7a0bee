import type { RowStruct } from '../../../src/cdc/record/row-struct.ts';
import type { Bound } from '../../../src/cdc/snapshot/chunk.ts';
import { MillraceError } from '../../../src/errors.ts';
import type { KeyColumn } from '../catalog/relation.ts';
import type { Table } from '../catalog/table-schema.ts';
import { formatLsn, type Lsn } from '../position/lsn.ts';
import type { Sql } from '../session/sql.ts';
import type { PostgresChunk } from './chunk.ts';
import { fieldsOf, keyText } from './key-text.ts';
import { compareHere, greater, type Pair } from './order.ts';
import { sees, widen } from './visibility.ts';

/** Whether the chunk of a row's key has seen a change: true, false, or only the server can say. */
export type SeenDecision = boolean | SeenQuery;

/** One after the other along the key's order, chunks that saw the change and chunks that did not. */
interface VisibilityRuns {
  /** Whether the first chunk saw it. */
  readonly first: boolean;
  /** Where it changes from one to the other. */
  readonly boundaries: readonly Bound[];
}

export interface SeenQuery {
  readonly table: ChunkedTable;
  readonly key: Bound;
  readonly runs: VisibilityRuns;
}

/** Of one table: its chunks in the order of their keys, which leave nothing out. */
export interface ChunkedTable {
  /** That the chunks were read by; null: by ctid, so all chunks saw the same. */
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
  /** Transactions that commit behind this were seen by no chunk. */
  readonly end: Lsn;
  readonly #sql: Sql;
  readonly #tables: ReadonlyMap<string, ChunkedTable>;
  readonly #near: number;
  /** Tables that were truncated while they were read: all that comes after is kept. */
  readonly #truncated = new Set<string>();
  /** Tables that were read again from their beginning. */
  readonly #again: ReadonlySet<string>;
  #xid = -1;
  #runs = new Map<ChunkedTable, VisibilityRuns>();
  /** By version of a table, where the key is in its rows. */
  readonly #fields = new WeakMap<Table, readonly number[]>();

  /** tables by `schema.table`. */
  constructor(sql: Sql, tables: ReadonlyMap<string, ChunkedTable>) {
    this.#sql = sql;
    this.#tables = tables;
    const chunks = [...tables.values()].flatMap(table => table.chunks);
    this.#again = new Set(chunks.filter(({ again }) => again).map(({ table }) => table));
    this.end = chunks.reduce((highest, { lsn }) => Math.max(highest, lsn), 0);
    this.#near = chunks.reduce((highest, { visibility }) => Math.max(highest, visibility.xmax), 0);
  }

  /** xid: 32 bits, of the transaction; row: the one that is changed, with its key. */
  decide(table: Table, xid: number, row: RowStruct): SeenDecision {
    const chunked = this.#tables.get(table.id);
    if (chunked === undefined || this.#truncated.has(table.id)) return false;
    const runs = this.#runsOf(chunked, xid);
    if (runs.boundaries.length === 0) return runs.first;
    if (chunked.key === null) return false;
    const key = keyText(this.#fieldsOf(table, chunked.key), row);
    // A value that has not changed, of a server that does not send it with the old key: later changes pass as well.
    if (key === undefined) return false;
    let seen = runs.first;
    for (const turn of runs.boundaries) {
      const order = compareHere(chunked.key, key, turn);
      if (order === undefined) return { table: chunked, key, runs };
      if (order > 0) seen = !seen;
    }
    return seen;
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
        `whether the snapshot of ${table.id} has a change already cannot be told: it was read in chunks by ` +
          `(${key.map(({ name }) => name).join(', ')}), which is no longer in its records. Take that out of ` +
          'column.exclude.list (or into column.include.list, or the column list of the publication) until the stream has ' +
          `passed ${formatLsn(this.end)}`,
      );
    this.#fields.set(table, fields);
    return fields;
  }

  /** Whether all chunks saw a TRUNCATE. Where only some did, everything behind it is kept. */
  decideTruncate(table: Table, xid: number): boolean {
    const chunked = this.#tables.get(table.id);
    if (chunked === undefined || this.#truncated.has(table.id)) return false;
    const { first, boundaries: turns } = this.#runsOf(chunked, xid);
    if (turns.length > 0) this.#truncated.add(table.id);
    return first && turns.length === 0;
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
    const first = sees(head.visibility, xid);
    const turns: Bound[] = [];
    let seen = first;
    let { hi } = head;
    for (const chunk of rest) {
      const now = sees(chunk.visibility, xid);
      if (now !== seen && hi !== null) turns.push(hi);
      seen = now;
      hi = chunk.hi;
    }
    return { first, boundaries: turns };
  }

  /** Answers questions, in their order: whether the change was seen. */
  async answer(questions: readonly SeenQuery[]): Promise<boolean[]> {
    const answers = questions.map(({ runs }) => runs.first);
    for (const [key, asked] of byKey(questions))
      for (let from = 0; from < asked.length; from += PAIRS_AT_ONCE) {
        const part = asked.slice(from, from + PAIRS_AT_ONCE);
        const results = await greater(
          this.#sql,
          key,
          part.map(({ pair }) => pair),
        );
        for (const [i, { question }] of part.entries()) if (results[i]) answers[question] = !answers[question];
      }
    return answers;
  }
}

interface Asked {
  /** Index among the questions. */
  readonly question: number;
  readonly pair: Pair;
}

function byKey(questions: readonly SeenQuery[]): Map<readonly KeyColumn[], Asked[]> {
  const grouped = new Map<readonly KeyColumn[], Asked[]>();
  for (const [question, { table, key, runs }] of questions.entries()) {
    const columns = table.key ?? [];
    const asked = grouped.get(columns) ?? [];
    for (const turn of runs.boundaries) asked.push({ question, pair: [key, turn] });
    grouped.set(columns, asked);
  }
  return grouped;
}
