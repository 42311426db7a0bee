import { chunkKey, type KeyColumn, type TableFacts } from '../catalog/relation.ts';
import type { Table } from '../catalog/table-schema.ts';
import type { Sql } from '../session/sql.ts';
import type { Bound, Range, StoredChunk } from './chunk.ts';
import { ranks } from './order.ts';
import { identityOf, type TableIdentity } from './table-identity.ts';

/** A version of a table, and the key by which it is read. */
export interface TableVersion {
  readonly table: Table;
  readonly facts: TableFacts;
  readonly identity: TableIdentity;
}

export function tableVersion(table: Table, facts: TableFacts): TableVersion {
  const key = chunkKey(facts, new Set(table.row.fields.map(({ name }) => name)));
  return { table, facts, identity: identityOf(facts, key) };
}

/** A range that a reader has taken on. */
export interface Claim {
  readonly range: Range;
  readonly version: TableVersion;
  /** See TableWork.epoch. */
  readonly epoch: number;
}

const EVERYTHING: Range = { lo: null, hi: null };

/** A table of a snapshot: what of it is still to be read. */
export class TableProgress {
  version: TableVersion;
  /** SELECT of `snapshot.select.statement.overrides`. */
  readonly override: string | null;
  /** Counted up when the table is read again from its beginning: what was claimed before counts for nothing. */
  epoch = 0;
  /** Readings in a row that the table was altered under. */
  failures = 0;
  /** Ranges that are being read, and chunks that wait to be handed out. */
  open = 0;
  /** Rows have been handed out, now or before an interruption. */
  begun: boolean;
  /** See Chunk. */
  again: boolean;
  #interrupted: StoredChunk | null;
  #ranges: Range[];
  #number: number;
  #alone: Promise<unknown> = Promise.resolve();

  /** stored: its chunks, those that are taken back included. */
  constructor(
    version: TableVersion,
    override: string | null,
    ranges: readonly Range[],
    stored: readonly StoredChunk[],
    interrupted: StoredChunk | null,
  ) {
    this.version = version;
    this.override = override;
    this.#interrupted = interrupted;
    this.#ranges = [...ranges];
    this.#number = stored.reduce((highest, chunk) => Math.max(highest, chunk.number + 1), 0);
    this.begun = stored.some(chunk => chunk.rows > 0);
    this.again = stored.some(chunk => chunk.again);
  }

  get table(): Table {
    return this.version.table;
  }

  get facts(): TableFacts {
    return this.version.facts;
  }

  /** Columns that it is read by; null: by ctid, in one transaction, by one reader. */
  get key(): readonly KeyColumn[] | null {
    return this.version.identity.key;
  }

  /** Of a table by ctid: what the transaction saw that was interrupted when it read it. */
  get interrupted(): StoredChunk | null {
    return this.#interrupted;
  }

  /** Nothing of it counts as read. */
  restart(): void {
    this.again ||= this.begun;
    this.#abandon([EVERYTHING]);
  }

  /** The table is gone. */
  drop(): void {
    this.#abandon([]);
  }

  #abandon(ranges: Range[]): void {
    this.epoch++;
    this.open = 0;
    this.#interrupted = null;
    this.#ranges = ranges;
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

  /** Nothing of a claimed range has been read. */
  giveBack(claim: Claim): void {
    if (claim.epoch !== this.epoch) return;
    this.open--;
    this.putBack(claim, claim.range);
  }

  /** Puts back what of a claimed range has not been read. */
  putBack({ epoch }: Claim, range: Range): void {
    if (epoch === this.epoch) this.#ranges.unshift(range);
  }

  /** Runs one piece of work after the other. */
  alone<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#alone.then(work);
    this.#alone = done.catch(() => undefined);
    return done;
  }

  /**
   * A range to read. bound: asks for the place about one chunk further in a range, null where it ends before; it is left
   * out where one reader reads alone.
   */
  claim(bound: ((range: Range) => Promise<Bound | null>) | null): Promise<Claim | undefined> {
    return this.alone(async () => {
      const [range] = this.#ranges;
      if (range === undefined) return undefined;
      const { version, epoch } = this;
      const middle = bound === null || this.key === null ? null : await bound(range);
      // Meanwhile another reader may have put something back before it.
      const rest = middle === null ? [] : [{ lo: middle, hi: range.hi }];
      this.#ranges.splice(this.#ranges.indexOf(range), 1, ...rest);
      this.open++;
      return { range: middle === null ? range : { lo: range.lo, hi: middle }, version, epoch };
    });
  }
}

/** What of a table has not been read. done: the chunks that have; key: the columns that it is read by. */
export async function unread(
  sql: Sql,
  key: readonly KeyColumn[] | null,
  done: readonly StoredChunk[],
): Promise<Range[]> {
  if (done.length === 0) return [EVERYTHING];
  if (key === null) {
    // One reader read it from its beginning.
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

/** Whether chunks, which never overlap, are all of a table: each begins where another ends. */
export function isComplete(chunks: readonly Range[]): boolean {
  const texts = (bounds: readonly (Bound | null)[]) =>
    JSON.stringify(bounds.map(bound => JSON.stringify(bound)).sort());
  return chunks.length > 0 && texts(chunks.map(({ lo }) => lo)) === texts(chunks.map(({ hi }) => hi));
}

/** In the table's order. */
export async function chunksInOrder<C extends Range>(
  sql: Sql,
  key: readonly KeyColumn[],
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
