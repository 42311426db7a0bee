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

/** How far the stream has been read, as the position of the next batch will say. */
export class PositionTracker {
  /** Everything that commits before this has been read. */
  commit: Lsn;
  /** The last that a batch has been made for. */
  #given: Lsn;
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
    this.#given = start;
    this.#last = last;
    this.sequence = sequence;
    this.readAgainUntil = readAgainUntil;
  }

  committed(end: Lsn, xid: number, micros: number): void {
    this.commit = end;
    this.sequence = end;
    this.#last = { lsn: end, xid };
    this.#micros = micros;
  }

  /** A message outside of transactions, which ends at `end`. */
  passedMessage(end: Lsn): void {
    this.moved(end);
    this.sequence = end;
  }

  /** Log without changes for us. */
  moved(end: Lsn): void {
    if (end > this.commit) this.commit = end;
  }

  /** The last position that a batch has been made for. */
  get given(): Lsn {
    return this.#given;
  }

  get behind(): boolean {
    return this.commit > this.#given;
  }

  /** The position behind the last commit. */
  atCommit(): SourcePosition {
    this.#given = this.commit;
    return position(serverPartition(this.#server), commitOffset(this.#offset(this.#micros)));
  }

  /** The position inside a transaction that is larger than a batch. */
  inside(partial: PartialTransaction, micros: number | null, messageType: string): SourcePosition {
    return position(serverPartition(this.#server), partialOffset(this.#offset(micros), partial, messageType));
  }

  #offset(micros: number | null): StreamOffset {
    const { commit: start, sequence, readAgainUntil } = this;
    return { identity: this.#identity, start, last: this.#last, sequence, readAgainUntil, micros };
  }
}
