import { MillraceError } from '../../../src/errors.ts';
import type { Begin } from '../stream/pgoutput.ts';
import { formatLsn, type Lsn } from './lsn.ts';
import type { PartialTransaction, ReadTransaction, StreamPosition } from './offsets.ts';
import { REMEDY } from './position-check.ts';

/**
 * Compares what the slot sends again with the stored position. A database that was restored from a copy of its files has
 * the same system identifier and timeline, and its log may have grown past the position; but its slot is where it was
 * when the copy was made. From there on it must send the transactions that were read, the last of them at the same LSN,
 * and no other before the position.
 */
export class ResumeCheck {
  readonly #start: Lsn;
  /** Still to come. */
  #last: ReadTransaction | null;
  #partial: PartialTransaction | null;

  /** confirmed: of the slot; what committed before it is not sent again. */
  constructor(position: StreamPosition, confirmed: Lsn) {
    this.#start = position.start;
    this.#last = position.last !== null && position.last.lsn > confirmed ? position.last : null;
    this.#partial = position.partial;
  }

  #reachedStart = false;

  /** The position is one of this log. */
  get passed(): boolean {
    return this.#reachedStart && this.#last === null && this.#partial === null;
  }

  /** A transaction begins: true where it was read before. Throws SOURCE_POSITION_LOST. */
  begin({ commitLsn, xid }: Begin): boolean {
    const repeated = commitLsn < this.#start;
    if (repeated) {
      if (this.#last === null || commitLsn >= this.#last.lsn) throw this.#lost(commitLsn, xid);
      return true;
    }
    this.reached(commitLsn);
    const partial = this.#partial;
    this.#partial = null;
    if (partial !== null && (partial.xid !== xid || (partial.commitLsn ?? commitLsn) !== commitLsn))
      throw this.#lost(commitLsn, xid);
    return false;
  }

  /** A repeated transaction has ended. */
  commit(end: Lsn, xid: number): void {
    if (this.#last === null || end < this.#last.lsn) return;
    if (end !== this.#last.lsn || xid !== this.#last.xid) throw this.#lost(end, xid);
    this.#last = null;
  }

  /** Whether a message outside of transactions was read before. lsn: the end of its record. */
  isRepeated(lsn: Lsn): boolean {
    return lsn <= this.#start;
  }

  /** Everything that commits before `lsn` has come. */
  reached(lsn: Lsn): void {
    if (this.#last !== null && lsn >= this.#last.lsn) throw this.#lost(lsn, null);
    if (lsn >= this.#start) this.#reachedStart = true;
  }

  #lost(lsn: Lsn, xid: number | null): MillraceError {
    const wanted = this.#last ?? this.#partial;
    const expected =
      wanted === null ? 'none was to come' : `transaction ${wanted.xid} (${formatLsn(wanted.lsn)}) was to come`;
    const found =
      xid === null ? `the log has reached ${formatLsn(lsn)}` : `transaction ${xid} came at ${formatLsn(lsn)}`;
    return new MillraceError(
      'SOURCE_POSITION_LOST',
      `the stored position ${formatLsn(this.#start)} is not one of this log: before it ${expected}, but ${found}. The ` +
        `database was restored from an older copy and has been written to since. ${REMEDY}`,
    );
  }
}
