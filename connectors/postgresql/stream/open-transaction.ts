import { type Lsn, ZERO_LSN } from '../position/lsn.ts';
import type { PartialTransaction } from '../position/offsets.ts';
import { PostgresSource, type SourceIdentity } from '../source-info.ts';
import type { Begin } from './pgoutput.ts';

/** The transaction whose changes are read at the moment. */
export class OpenTransaction {
  readonly begin: Begin;
  /** It may have been seen by chunks of a snapshot. */
  readonly isFiltered: boolean;
  /** The part of it that was written before a restart. */
  readonly writtenPart: PartialTransaction | null;
  /** All of it was written before a restart. */
  readonly isRepeated: boolean;
  /** Replication origin, if it was replicated to this server. */
  replicatedFrom: { readonly name: string; readonly lsn: Lsn } | null = null;
  /** It contains a message of Millrace. */
  isOwn = false;
  /** LSN and kind of the last change. */
  lsn = ZERO_LSN;
  kind = 'INSERT';
  /** Number of changes at that LSN: one record of the log may contain many rows. */
  events = 0;
  readonly #names: SourceIdentity;
  readonly #previousCommit: Lsn | null;
  #source: PostgresSource | undefined;

  constructor(
    begin: Begin,
    options: {
      readonly names: SourceIdentity;
      readonly previousCommit: Lsn | null;
      readonly filtered: boolean;
      readonly written: PartialTransaction | null;
      readonly repeated: boolean;
    },
  ) {
    this.begin = begin;
    this.isFiltered = options.filtered;
    this.isRepeated = options.repeated;
    this.writtenPart = options.written?.xid === begin.xid ? options.written : null;
    this.#names = options.names;
    this.#previousCommit = options.previousCommit;
  }

  count(lsn: Lsn, kind: string): void {
    this.events = lsn === this.lsn ? this.events + 1 : 1;
    this.lsn = lsn;
    this.kind = kind;
  }

  /** True if the last change was written before a restart. */
  get wasWritten(): boolean {
    const part = this.writtenPart;
    return part !== null && (this.lsn < part.lsn || (this.lsn === part.lsn && this.events <= part.events));
  }

  /** The part of it that has been read. */
  get partial(): PartialTransaction {
    return { xid: this.begin.xid, lsn: this.lsn, events: this.events, commitLsn: this.begin.commitLsn };
  }

  get source(): PostgresSource {
    this.#source ??= new PostgresSource({
      names: this.#names,
      txId: this.begin.xid,
      micros: this.begin.micros,
      previousCommit: this.#previousCommit,
      replicationOrigin: this.replicatedFrom?.name ?? null,
      replicationOriginLsn: this.replicatedFrom?.lsn ?? null,
    });
    return this.#source;
  }
}
