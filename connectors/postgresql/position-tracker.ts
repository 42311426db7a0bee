import type { SourcePosition } from '../../src/api/index.ts';
import type { Lsn } from './lsn.ts';
import { commitOffset, type PartialTransaction, partialOffset, position, serverPartition } from './offsets.ts';

/** How far the stream has been read, as the position of the next batch will say. */
export class PositionTracker {
  /** Everything that commits before this has been read. */
  commit: Lsn;
  /** The last that a batch has been made for. */
  #given: Lsn;
  #xid: number | null = null;
  #micros: number | null = null;
  readonly #server: string;

  constructor(server: string, start: Lsn) {
    this.#server = server;
    this.commit = start;
    this.#given = start;
  }

  committed(end: Lsn, xid: number, micros: number): void {
    this.commit = end;
    this.#xid = xid;
    this.#micros = micros;
  }

  /** Log without changes for us. */
  moved(end: Lsn): void {
    if (end > this.commit) this.commit = end;
  }

  get behind(): boolean {
    return this.commit > this.#given;
  }

  /** The position behind the last commit. */
  atCommit(): SourcePosition {
    this.#given = this.commit;
    const last = { xid: this.#xid, micros: this.#micros };
    return position(serverPartition(this.#server), commitOffset(this.commit, last));
  }

  /** The position inside a transaction that is larger than a batch. */
  inside(partial: PartialTransaction, micros: number, messageType: string): SourcePosition {
    return position(serverPartition(this.#server), partialOffset(this.commit, partial, micros, messageType));
  }
}
