import type { Bound, Range, StoredChunk } from './chunk.ts';

/** A version of a table, as the connector describes it. */
export interface TableVersion {
  readonly table: { readonly id: string };
  /** False: it is read in the order of its storage, in one transaction, by one reader. */
  readonly hasKey: boolean;
  /** Estimate of the database. */
  readonly expectedRows: number;
}

/** A range that a reader is to read. */
export interface Claim<V> {
  readonly range: Range;
  readonly version: V;
  /** See TableProgress.epoch. */
  readonly epoch: number;
}

const EVERYTHING: Range = { lo: null, hi: null };

/** The ranges of a table that a snapshot still has to read. C: chunk as it is stored. */
export class TableProgress<V extends TableVersion, C extends StoredChunk> {
  version: V;
  /** SELECT of `snapshot.select.statement.overrides`. */
  readonly override: string | null;
  /** Incremented when the table is read again from its beginning: earlier claims are void. */
  epoch = 0;
  /** Consecutive attempts to read it that failed because it was altered. */
  failures = 0;
  /** Number of ranges that are being read and of chunks that wait to be handed out. */
  open = 0;
  /** Rows have been handed out, in this run or before an interruption. */
  begun: boolean;
  /** See Chunk. */
  again: boolean;
  #interrupted: C | null;
  #ranges: Range[];
  #number: number;
  #alone: Promise<unknown> = Promise.resolve();

  /** stored: its chunks, including those that do not count any more. */
  constructor(
    version: V,
    override: string | null,
    ranges: readonly Range[],
    stored: readonly C[],
    interrupted: C | null,
  ) {
    this.version = version;
    this.override = override;
    this.#interrupted = interrupted;
    this.#ranges = [...ranges];
    this.#number = stored.reduce((highest, chunk) => Math.max(highest, chunk.number + 1), 0);
    this.begun = stored.some(chunk => chunk.rows > 0);
    this.again = stored.some(chunk => chunk.again);
  }

  /** `schema.table` */
  get id(): string {
    return this.version.table.id;
  }

  /** The last chunk of a table without key whose reading was interrupted. */
  get interrupted(): C | null {
    return this.#interrupted;
  }

  /** Discards all that was read. */
  restart(): void {
    this.again ||= this.begun;
    this.#abandon([EVERYTHING]);
  }

  /** The table was dropped. */
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

  /** Returns a claimed range, of which nothing was read. */
  giveBack(claim: Claim<V>): void {
    if (claim.epoch !== this.epoch) return;
    this.open--;
    this.putBack(claim, claim.range);
  }

  /** Returns the part of a claimed range that was not read. */
  putBack({ epoch }: Claim<V>, range: Range): void {
    if (epoch === this.epoch) this.#ranges.unshift(range);
  }

  /** Runs functions one after the other. */
  alone<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#alone.then(work);
    this.#alone = done.catch(() => undefined);
    return done;
  }

  /**
   * Claims a range to read. bound: returns a bound about one chunk after the beginning of a range, null if the range is
   * shorter; null in its place if there is one reader only.
   */
  claim(bound: ((range: Range) => Promise<Bound | null>) | null): Promise<Claim<V> | undefined> {
    return this.alone(async () => {
      const [range] = this.#ranges;
      if (range === undefined) return undefined;
      const { version, epoch } = this;
      const middle = bound === null || !this.version.hasKey ? null : await bound(range);
      // Another reader may have returned a range before it in the meantime.
      const rest = middle === null ? [] : [{ lo: middle, hi: range.hi }];
      this.#ranges.splice(this.#ranges.indexOf(range), 1, ...rest);
      this.open++;
      return { range: middle === null ? range : { lo: range.lo, hi: middle }, version, epoch };
    });
  }
}
