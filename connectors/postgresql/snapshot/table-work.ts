import { quoteIdentifier, quoteTable } from '../connection.ts';
import type { ColumnFacts, TableFacts } from '../relation.ts';
import type { Sql } from '../sql.ts';
import type { Table } from '../table-schema.ts';
import type { Bound, Range, StoredChunk } from './chunk.ts';
import { comparison, ranks } from './order.ts';

/** A table of a snapshot: what of it is still to be read. */
export class TableWork {
  table: Table;
  facts: TableFacts;
  /** Columns that it is walked by; null: by ctid, in one transaction, by one reader. */
  key: readonly ColumnFacts[] | null;
  /** SELECT of `snapshot.select.statement.overrides`. */
  readonly override: string | null;
  /** What the transaction that reads a table by ctid saw, where such a one was interrupted. */
  readonly interrupted: StoredChunk | null;
  #ranges: Range[];
  #number: number;
  /** Ranges that are being read, and chunks that wait to be handed out. */
  open = 0;
  /** Rows have been handed out, now or before an interruption. */
  begun: boolean;
  #claiming: Promise<unknown> = Promise.resolve();

  constructor(
    table: Table,
    facts: TableFacts,
    override: string | null,
    ranges: readonly Range[],
    stored: readonly StoredChunk[],
  ) {
    this.table = table;
    this.facts = facts;
    this.override = override;
    this.key = table.walk === null ? null : walkKey(facts);
    this.interrupted = this.key === null ? (stored[0] ?? null) : null;
    this.#ranges = [...ranges];
    this.#number = stored.reduce((highest, chunk) => Math.max(highest, chunk.number + 1), 0);
    this.begun = stored.some(chunk => chunk.rows > 0);
  }

  /** Its columns have changed. */
  renew(table: Table, facts: TableFacts): void {
    this.table = table;
    this.facts = facts;
  }

  get pending(): boolean {
    return this.#ranges.length > 0;
  }

  get finished(): boolean {
    return this.#ranges.length === 0 && this.open === 0;
  }

  nextNumber(): number {
    return this.#number++;
  }

  /** Puts back what of a claimed range has not been read. */
  putBack(range: Range): void {
    this.#ranges.unshift(range);
  }

  /**
   * A range to read. bound: asks for the place about one chunk further in a range, null where it ends before; it is left
   * out where one reader reads alone. One claim at a time.
   */
  claim(bound: ((range: Range) => Promise<Bound | null>) | null): Promise<Range | undefined> {
    const claimed = this.#claiming.then(async () => {
      const [range] = this.#ranges;
      if (range === undefined) return undefined;
      const middle = bound === null || this.key === null ? null : await bound(range);
      // Meanwhile another reader may have put something back before it.
      const rest = middle === null ? [] : [{ lo: middle, hi: range.hi }];
      this.#ranges.splice(this.#ranges.indexOf(range), 1, ...rest);
      this.open++;
      return middle === null ? range : { lo: range.lo, hi: middle };
    });
    this.#claiming = claimed.catch(() => undefined);
    return claimed;
  }

  /** `FROM` of its rows, named t. */
  get source(): string {
    const { schema, table, partitioned } = this.facts;
    if (this.override !== null) return `(${this.override}) t`;
    return `${partitioned ? '' : 'ONLY '}${quoteTable(schema, table)} t`;
  }

  conditions({ lo, hi }: Range): string[] {
    if (this.key === null) return lo === null ? [] : [`t.ctid > '${lo[0]}'`];
    const key = this.key;
    return [...(lo === null ? [] : [comparison(key, '>', lo)]), ...(hi === null ? [] : [comparison(key, '<=', hi)])];
  }

  get keyList(): string {
    return (this.key ?? []).map(({ name }) => `t.${quoteIdentifier(name)}`).join(', ');
  }
}

/** The columns of the index that a table is walked by; null where there is none. */
export function walkKey(facts: TableFacts): readonly ColumnFacts[] | null {
  const names = facts.indexes.find(index => index.walkable)?.columns;
  if (names === undefined) return null;
  return names.flatMap(name => facts.columns.find(column => column.name === name) ?? []);
}

/** What of a table has not been read. done: the chunks that have; key: the columns that it is walked by. */
export async function unread(
  sql: Sql,
  key: readonly ColumnFacts[] | null,
  done: readonly StoredChunk[],
): Promise<Range[]> {
  if (done.length === 0) return [{ lo: null, hi: null }];
  if (key === null) {
    // One reader walked it from its beginning.
    const last = done.reduce((a, b) => (a.number > b.number ? a : b));
    return last.hi === null ? [] : [{ lo: last.hi, hi: null }];
  }
  const inOrder = await chunksInOrder(sql, key, done);
  const ranges: Range[] = [];
  let lo: Bound | null = null;
  for (const chunk of inOrder) {
    if (!isSame(chunk.lo, lo)) ranges.push({ lo, hi: chunk.lo });
    lo = chunk.hi;
  }
  if (lo !== null) ranges.push({ lo, hi: null });
  return ranges;
}

/** In the table's order. */
export async function chunksInOrder<C extends Range>(
  sql: Sql,
  key: readonly ColumnFacts[],
  chunks: readonly C[],
): Promise<C[]> {
  const bounds = chunks.flatMap(({ lo, hi }) => [lo, hi]).filter(bound => bound !== null);
  const found = await ranks(sql, key, bounds);
  const rank = new Map(bounds.map((bound, i) => [bound, found[i] as number]));
  const lower = ({ lo }: C) => (lo === null ? -1 : (rank.get(lo) as number));
  const upper = ({ hi }: C) => (hi === null ? bounds.length + 1 : (rank.get(hi) as number));
  // Of two that begin at one place, the first is empty.
  return [...chunks].sort((a, b) => lower(a) - lower(b) || upper(a) - upper(b));
}

export const isSame = (a: Bound | null, b: Bound | null): boolean => JSON.stringify(a) === JSON.stringify(b);
