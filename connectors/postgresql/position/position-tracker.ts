import type { SourcePosition } from '../../../src/api/index.ts';
import type { LogIdentity } from './log-identity.ts';
import type { Lsn } from './lsn.ts';
import {
  commitOffset,
  type PartialTransaction,
  partialOffset,
  position,
  type ReadTransaction,
  type StreamOffset,
  type StreamPosition,
  serverPartition,
} from './offsets.ts';

/** The position up to which the stream has been read, for the offset of the next batch. */
export class PositionTracker {
  /** All transactions that commit before this have been read. */
  commit: Lsn;
  #lastBatchCommit: Lsn;
  #last: ReadTransaction | null;
  /** See StreamPosition. */
  sequence: Lsn | null;
  /** See StreamPosition. */
  readAgainUntil: Lsn | null;
  #micros: number | null = null;
  readonly #server: string;
  readonly #identity: LogIdentity;

  constructor(server: string, identity: LogIdentity, { start, last, sequence, readAgainUntil }: StreamPosition) {
    this.#server = server;
    this.#identity = identity;
    this.commit = start;
    this.#lastBatchCommit = start;
    this.#last = last;
    this.sequence = sequence;
    this.readAgainUntil = readAgainUntil;
  }

  advanceToCommit(end: Lsn, xid: number, micros: number): void {
    this.commit = end;
    this.sequence = end;
    this.#last = { lsn: end, xid };
    this.#micros = micros;
  }

  /** Advances past a message outside of transactions, which ends at `end`. */
  advanceToMessage(end: Lsn): void {
    this.advanceTo(end);
    this.sequence = end;
  }

  /** Advances past log without captured changes. */
  advanceTo(end: Lsn): void {
    if (end > this.commit) this.commit = end;
  }

  /** `commit` of the last batch. */
  get lastBatchCommit(): Lsn {
    return this.#lastBatchCommit;
  }

  get hasAdvanced(): boolean {
    return this.commit > this.#lastBatchCommit;
  }

  /** The position after the last commit. */
  commitPosition(): SourcePosition {
    this.#lastBatchCommit = this.commit;
    return position(serverPartition(this.#server), commitOffset(this.#offset(this.#micros)));
  }

  /** The position inside a transaction that is larger than a batch. */
  partialPosition(partial: PartialTransaction, micros: number | null, messageType: string): SourcePosition {
    return position(serverPartition(this.#server), partialOffset(this.#offset(micros), partial, messageType));
  }

  #offset(micros: number | null): StreamOffset {
    const { commit: start, sequence, readAgainUntil } = this;
    return { identity: this.#identity, start, last: this.#last, sequence, readAgainUntil, micros };
  }
}
