import type { SourceRecord } from '../../api/index.ts';
import type { TransactionBoundary, TransactionMetadata } from '../record/transaction-metadata.ts';

/** Answer to whether a chunk of the snapshot has seen a change; a query of type Q where only the database can answer. */
export type SeenDecision<Q> = boolean | Q;

/** Answers queries, in their order. */
export interface SeenOracle<Q> {
  answer(queries: readonly Q[]): Promise<boolean[]>;
}

/** Looks rows up by their keys. For each row: true if it is not in its table now. */
export interface RowLookup<R> {
  areGone(rows: readonly R[]): Promise<boolean[]>;
}

interface OpenDecision<Q, R extends object> {
  /** The change was seen where each answer is true. */
  readonly queries: readonly Q[];
  /** Index of the first record that depends on it. */
  readonly from: number;
  readonly count: number;
  /** The row that the records delete, of a table that was read again: they are kept while the row is absent. */
  readonly deletedRow: R | null;
}

export interface TakenRecords<I> {
  readonly records: readonly SourceRecord[];
  /** Rows of these records that lack large values. */
  readonly incomplete: readonly I[];
  readonly bytes: number;
}

/**
 * Records that have been read and not handed out: complete transactions up to a mark, followed by the open transaction.
 * Q: query of a SeenDecision; R: row that can be looked up; I: record with a row that lacks values.
 */
export class PendingRecords<Q, R extends object, I extends { readonly record: SourceRecord }> {
  records: SourceRecord[] = [];
  /** Bytes of source data. */
  bytes = 0;
  readonly #metadata: TransactionMetadata | null;
  #boundaries: TransactionBoundary[] = [];
  #decisions: OpenDecision<Q, R>[] = [];
  #incomplete: { readonly index: number; readonly row: I }[] = [];
  #mark = 0;
  #markBytes = 0;
  readonly #alreadyWritten = new Set<SourceRecord>();

  constructor(metadata: TransactionMetadata | null) {
    this.#metadata = metadata;
  }

  /** Number of records before the last commit. */
  get complete(): number {
    return this.#mark;
  }

  addBoundary(boundary: Omit<TransactionBoundary, 'index'>): void {
    if (this.#metadata !== null) this.#boundaries.push({ ...boundary, index: this.records.length });
  }

  commit(): void {
    this.#mark = this.records.length;
    this.#markBytes = this.bytes;
  }

  /** Drops the last `count` records in `take` if all decisions turn out to be true. */
  addDecision(decisions: readonly SeenDecision<Q>[], count: number, deletedRow: R | null = null): void {
    if (count === 0 || decisions.includes(false)) return;
    const queries = decisions.filter((decision): decision is Q => typeof decision !== 'boolean');
    this.#decisions.push({ queries, from: this.records.length - count, count, deletedRow });
  }

  /** The row of the last record lacks values. */
  addIncomplete(row: I): void {
    this.#incomplete.push({ index: this.records.length - 1, row });
  }

  /** The last `count` records were written before a restart: they are numbered, and not handed out. */
  discard(count: number): void {
    for (const record of this.records.slice(this.records.length - count)) this.#alreadyWritten.add(record);
  }

  /** True if records that were written before a restart must be built again, to be numbered. */
  get numbersRecords(): boolean {
    return this.#metadata !== null;
  }

  /** Removes and returns the complete transactions, or everything. */
  async take(everything: boolean, oracle: SeenOracle<Q> | null, lookup: RowLookup<R>): Promise<TakenRecords<I>> {
    const end = everything ? this.records.length : this.#mark;
    const bytes = everything ? this.bytes : this.#markBytes;
    const isAll = end === this.records.length;
    let records = isAll ? this.records : this.records.slice(0, end);
    this.records = isAll ? [] : this.records.slice(end);
    this.bytes -= bytes;
    this.#mark = 0;
    this.#markBytes = 0;
    const decisions = this.#decisions.filter(({ from }) => from < end);
    this.#decisions = this.#decisions.filter(({ from }) => from >= end).map(one => ({ ...one, from: one.from - end }));
    const incomplete = this.#incomplete.filter(({ index }) => index < end).map(({ row }) => row);
    this.#incomplete = shifted(this.#incomplete, ({ index }) => index >= end, end);
    const boundaries = this.#boundaries.filter(({ index }) => index <= end);
    this.#boundaries = shifted(this.#boundaries, ({ index }) => index > end, end);
    if (decisions.length > 0 && oracle !== null)
      records = await dropSeen(records, decisions, boundaries, oracle, lookup);
    if (this.#metadata !== null) {
      records = this.#metadata.apply(records, boundaries);
      const last = records.findLastIndex(record => this.#alreadyWritten.delete(record));
      if (last >= 0) {
        records = records.slice(last + 1);
        this.#alreadyWritten.clear();
      }
    }
    const remaining = incomplete.length === 0 ? null : new Set(records);
    return { records, bytes, incomplete: incomplete.filter(({ record }) => remaining?.has(record)) };
  }
}

const shifted = <E extends { readonly index: number }>(
  entries: readonly E[],
  isLeft: (entry: E) => boolean,
  by: number,
): E[] => entries.filter(isLeft).map(entry => ({ ...entry, index: entry.index - by }));

/** Drops the records of changes that a chunk has seen, and adapts the boundaries. */
async function dropSeen<Q, R extends object>(
  records: readonly SourceRecord[],
  decisions: readonly OpenDecision<Q, R>[],
  boundaries: readonly TransactionBoundary[],
  oracle: SeenOracle<Q>,
  lookup: RowLookup<R>,
): Promise<SourceRecord[]> {
  const answers = await oracle.answer(decisions.flatMap(({ queries }) => queries));
  let answered = 0;
  const seenChanges = decisions.filter(({ queries }) => {
    const ownAnswers = answers.slice(answered, answered + queries.length);
    answered += queries.length;
    return ownAnswers.every(Boolean);
  });
  const deletedRows = seenChanges.map(({ deletedRow }) => deletedRow).filter(row => row !== null);
  const areGone = await lookup.areGone(deletedRows);
  const stillGone = new Set(deletedRows.filter((_, i) => areGone[i]));
  const dropped = new Set<number>();
  for (const { from, count, deletedRow } of seenChanges)
    if (deletedRow === null || !stillGone.has(deletedRow))
      for (let index = from; index < from + count; index++) dropped.add(index);
  let droppedBefore = 0;
  let next = 0;
  for (const boundary of boundaries) {
    for (; next < boundary.index; next++) if (dropped.has(next)) droppedBefore++;
    boundary.index -= droppedBefore;
  }
  return records.filter((_, i) => !dropped.has(i));
}
