import type { SourceRecord } from '../../src/api/index.ts';
import type { IncompleteRow, KeyedRow, MissingValues } from './missing-values.ts';
import type { Question, SeenFilter, Verdict } from './snapshot/seen-filter.ts';
import type { Boundary, TransactionMetadata } from './transaction-metadata.ts';

interface Asked {
  /** All of them: the change was seen where each is answered so. */
  readonly questions: readonly Question[];
  /** The records that depend on it. */
  readonly from: number;
  readonly count: number;
  /** They delete this row of a table that was read again: they stay as long as the row is not there. */
  readonly deletion: KeyedRow | null;
}

export interface Taken {
  readonly records: readonly SourceRecord[];
  /** Rows of these records that lack large values. */
  readonly incomplete: readonly IncompleteRow[];
  readonly bytes: number;
}

/** Records that have been read and not handed out: whole transactions up to a mark, and behind it the open one. */
export class PendingRecords {
  records: SourceRecord[] = [];
  /** Of source data. */
  bytes = 0;
  readonly #metadata: TransactionMetadata | null;
  #boundaries: Boundary[] = [];
  #asked: Asked[] = [];
  #incomplete: { readonly at: number; readonly row: IncompleteRow }[] = [];
  #mark = 0;
  #markBytes = 0;
  readonly #written = new Set<SourceRecord>();

  constructor(metadata: TransactionMetadata | null) {
    this.#metadata = metadata;
  }

  /** Records before the last commit. */
  get complete(): number {
    return this.#mark;
  }

  boundary(status: Boundary['status'], xid: number, lsn: number, micros: number): void {
    if (this.#metadata !== null) this.#boundaries.push({ at: this.records.length, status, xid, lsn, micros });
  }

  commit(): void {
    this.#mark = this.records.length;
    this.#markBytes = this.bytes;
  }

  /** The last `count` records fall where all verdicts come out as true; some of these are open questions. */
  ask(verdicts: readonly Verdict[], count: number, deletion: KeyedRow | null = null): void {
    if (count === 0 || verdicts.includes(false)) return;
    const questions = verdicts.filter(verdict => typeof verdict !== 'boolean');
    this.#asked.push({ questions, from: this.records.length - count, count, deletion });
  }

  /** The last record's row lacks values. */
  lacks(row: IncompleteRow): void {
    this.#incomplete.push({ at: this.records.length - 1, row });
  }

  /** The last `count` records were written before: they count, and are not handed out. */
  discard(count: number): void {
    for (const record of this.records.slice(this.records.length - count)) this.#written.add(record);
  }

  /** Whether records that were written before must be made again, to be counted. */
  get counts(): boolean {
    return this.#metadata !== null;
  }

  /** Takes out what is complete, or everything. */
  async take(everything: boolean, filter: SeenFilter | null, missing: Pick<MissingValues, 'areGone'>): Promise<Taken> {
    const end = everything ? this.records.length : this.#mark;
    const bytes = everything ? this.bytes : this.#markBytes;
    const isAll = end === this.records.length;
    let taken = isAll ? this.records : this.records.slice(0, end);
    this.records = isAll ? [] : this.records.slice(end);
    this.bytes -= bytes;
    this.#mark = 0;
    this.#markBytes = 0;
    const asked = this.#asked.filter(({ from }) => from < end);
    this.#asked = this.#asked.filter(({ from }) => from >= end).map(one => ({ ...one, from: one.from - end }));
    const incomplete = this.#incomplete.filter(({ at }) => at < end).map(({ row }) => row);
    this.#incomplete = this.#incomplete.filter(({ at }) => at >= end).map(one => ({ ...one, at: one.at - end }));
    const boundaries = this.#boundaries.filter(({ at }) => at <= end);
    this.#boundaries = this.#boundaries.filter(({ at }) => at > end).map(one => ({ ...one, at: one.at - end }));
    if (asked.length > 0 && filter !== null) taken = await settle(taken, asked, boundaries, filter, missing);
    if (this.#metadata !== null) {
      taken = this.#metadata.apply(taken, boundaries);
      const last = taken.findLastIndex(record => this.#written.delete(record));
      if (last >= 0) {
        taken = taken.slice(last + 1);
        this.#written.clear();
      }
    }
    const kept = incomplete.length === 0 ? null : new Set(taken);
    return { records: taken, bytes, incomplete: incomplete.filter(({ record }) => kept?.has(record)) };
  }
}

/** Leaves out the records that a chunk has seen. */
async function settle(
  records: readonly SourceRecord[],
  asked: readonly Asked[],
  boundaries: readonly Boundary[],
  filter: SeenFilter,
  missing: Pick<MissingValues, 'areGone'>,
): Promise<SourceRecord[]> {
  const seen = await filter.answer(asked.flatMap(({ questions }) => questions));
  let answered = 0;
  const wereSeen = asked.filter(({ questions }) => {
    const own = seen.slice(answered, answered + questions.length);
    answered += questions.length;
    return own.every(Boolean);
  });
  const deletions = wereSeen.flatMap(({ deletion }) => deletion ?? []);
  const gone = await missing.areGone(deletions);
  const stay = new Set(deletions.filter((_, i) => gone[i]));
  const dropped = new Set<number>();
  for (const { from, count, deletion } of wereSeen)
    if (deletion === null || !stay.has(deletion)) for (let at = from; at < from + count; at++) dropped.add(at);
  let before = 0;
  let next = 0;
  for (const boundary of boundaries) {
    for (; next < boundary.at; next++) if (dropped.has(next)) before++;
    boundary.at -= before;
  }
  return records.filter((_, i) => !dropped.has(i));
}
