import { MillraceError } from '../../../src/errors.ts';
import type { Begin } from '../stream/pgoutput.ts';
import { formatLsn, type Lsn } from './lsn.ts';
import type { PartialTransaction, ReadTransaction, StreamPosition } from './offsets.ts';
import { REMEDY } from './position-check.ts';

/**
 * Compares the transactions that the slot sends again with the stored position. A database that was restored from a copy of
 * its files has the same system identifier and timeline, and its log may have grown past the position, but its slot is as
 * old as the copy. From there on the slot must send the transactions that were read, the last of them at the same LSN, and
 * no other one before the position.
 */
export class ResumeCheck {
  readonly #start: Lsn;
  /** Transactions that the slot still has to send. */
  #last: ReadTransaction | null;
  #partial: PartialTransaction | null;

  /** confirmed: the slot's position; transactions that committed before it are not sent again. */
  constructor(position: StreamPosition, confirmed: Lsn) {
    this.#start = position.start;
    this.#last = position.last !== null && position.last.lsn > confirmed ? position.last : null;
    this.#partial = position.partial;
  }

  #reachedStart = false;

  /** True once the position is known to belong to this log. */
  get passed(): boolean {
    return this.#reachedStart && this.#last === null && this.#partial === null;
  }

  /** Called at the begin of a transaction. Returns true if it was read before. Throws SOURCE_POSITION_LOST. */
  begin({ commitLsn, xid }: Begin): boolean {
    if (commitLsn < this.#start) {
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

  /** Called at the end of a transaction that was read before. */
  commit(end: Lsn, xid: number): void {
    if (this.#last === null || end < this.#last.lsn) return;
    if (end !== this.#last.lsn || xid !== this.#last.xid) throw this.#lost(end, xid);
    this.#last = null;
  }

  /** True if a message outside of transactions was read before. lsn: end of its record. */
  isRepeated(lsn: Lsn): boolean {
    return lsn <= this.#start;
  }

  /** All transactions that commit before `lsn` have been received. */
  reached(lsn: Lsn): void {
    if (this.#last !== null && lsn >= this.#last.lsn) throw this.#lost(lsn, null);
    if (lsn >= this.#start) this.#reachedStart = true;
  }

  #lost(lsn: Lsn, xid: number | null): MillraceError {
    const missing = this.#last ?? this.#partial;
    const expected =
      missing === null
        ? 'no transaction was expected'
        : `transaction ${missing.xid} (${formatLsn(missing.lsn)}) was expected`;
    const finding =
      xid === null ? `the log has reached ${formatLsn(lsn)}` : `transaction ${xid} came at ${formatLsn(lsn)}`;
    return new MillraceError(
      'SOURCE_POSITION_LOST',
      `the stored position ${formatLsn(this.#start)} is not one of this log: before it ${expected}, but ${finding}. The ` +
        `database was restored from an older copy and has been written to since. ${REMEDY}`,
    );
  }
}
