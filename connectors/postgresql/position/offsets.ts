import type { Json, SourceOffset, SourcePartition, SourcePosition } from '../../../src/api/index.ts';
import { MillraceError } from '../../../src/errors.ts';
import { identityFields, type LogIdentity, readIdentity } from './log-identity.ts';
import type { Lsn } from './lsn.ts';

/**
 * The stored position, with the keys of Debezium: a connector can be migrated from Debezium, and back.
 *
 * | key | meaning |
 * |---|---|
 * | lsn_commit | end of the last commit whose changes have all been written: reading resumes there |
 * | lsn | the last change that was written, also before lsn_commit; lsn_commit if no later transaction was written in part |
 * | lsn_events_processed | how many changes at `lsn` were written (one record of the log may hold many rows) |
 * | txId | the transaction of `lsn` |
 * | lsn_proc, messageType, ts_usec | for Debezium and for information |
 * | snapshot, last_snapshot_record, snapshot_completed | a snapshot that is running, or has just ended |
 * | millrace_snapshot | id of the snapshot to which the positions of chunks belong |
 * | last_commit_lsn, last_commit_xid | end and transaction of the last commit that was read |
 * | sequence_lsn | first element of `source.sequence`, if it is not last_commit_lsn |
 * | read_again_lsn | up to this LSN, rows that lack values are read again; see MissingValues |
 * | open_commit_lsn | start of the commit record of the transaction `txId`, of which a part was written |
 * | system_identifier, timeline_id, database_oid | the log of these positions; see LogIdentity |
 *
 * Debezium ignores the last five rows and `millrace_snapshot`. Offsets without them are accepted.
 */
export interface StreamPosition {
  /** Reading begins here: all transactions that commit after it are still to be read. */
  readonly start: Lsn;
  /** The part of one transaction that has been written already. */
  readonly partial: PartialTransaction | null;
  /** The last transaction before `start` that was read; null: unknown. */
  readonly last: ReadTransaction | null;
  /**
   * First element of `source.sequence` of the next changes: end of the last commit, or of the last message outside of
   * transactions, that was read; null: none since the snapshot.
   */
  readonly sequence: Lsn | null;
  /** Rows that lack values are read again for transactions that commit before this; null: for none. See MissingValues. */
  readonly readAgainUntil: Lsn | null;
}

export interface ReadTransaction {
  readonly xid: number;
  /** End of its commit record. */
  readonly lsn: Lsn;
}

export interface PartialTransaction {
  readonly xid: number;
  readonly lsn: Lsn;
  /** Changes at `lsn`, at least 1. */
  readonly events: number;
  /** Start of its commit record; null: Debezium wrote the part. */
  readonly commitLsn: Lsn | null;
}

/** A parsed offset. */
export type StoredPosition =
  | { readonly kind: 'none' }
  /** A snapshot has begun and not ended. id: null: of Debezium, which cannot be continued. */
  | (KnownPosition & { readonly kind: 'snapshot'; readonly id: string | null })
  | (KnownPosition & { readonly kind: 'stream' });

interface KnownPosition {
  /** Start of the stream, which follows the snapshot if there is one. */
  readonly position: StreamPosition;
  /** null: the offset does not contain it. */
  readonly identity: LogIdentity | null;
}

export const serverPartition = (prefix: string): SourcePartition => ({ server: prefix });

export function readOffset(offset: SourceOffset): StoredPosition {
  if (offset === null) return { kind: 'none' };
  const number = (name: string): number | null => {
    const value = offset[name];
    if (value === undefined || value === null) return null;
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
    throw new MillraceError('SOURCE_POSITION_LOST', `the stored offset has a wrong value for ${name}: ${value}`);
  };
  const lsnAt = (name: string): Lsn | null => number(name) as Lsn | null;
  const lsn = lsnAt('lsn');
  const commit = lsnAt('lsn_commit') ?? lsnAt('lsn_proc') ?? lsn;
  const identity = readIdentity(offset);
  if (commit === null)
    throw new MillraceError(
      'SOURCE_POSITION_LOST',
      `the stored offset has no lsn: ${JSON.stringify(offset)}; reset the connector's offsets to read the tables again`,
    );
  const last = lastOf(lsnAt('last_commit_lsn'), number('last_commit_xid'));
  const position = {
    start: commit,
    partial: partialOf(offset, lsn, number, lsnAt),
    last,
    // Debezium uses lsn_commit, which Millrace also advances while nothing is committed.
    sequence: identity === null ? lsnAt('lsn_commit') : (lsnAt('sequence_lsn') ?? last?.lsn ?? null),
    readAgainUntil: lsnAt('read_again_lsn'),
  };
  const snapshot = offset['snapshot'];
  if (snapshot !== undefined && snapshot !== null && snapshot !== false) {
    const ended = offset['snapshot_completed'] === true || offset['last_snapshot_record'] === true;
    const id = offset['millrace_snapshot'];
    if (!ended) return { kind: 'snapshot', id: typeof id === 'string' ? id : null, position, identity };
  }
  return { kind: 'stream', position, identity };
}

const lastOf = (lsn: Lsn | null, xid: number | null): ReadTransaction | null =>
  lsn === null || xid === null ? null : { lsn, xid };

/** Message types of changes. With other types, or none, the LSN is the end of the transaction. */
const CHANGES = new Set<Json | undefined>(['INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'MESSAGE']);

function partialOf(
  offset: NonNullable<SourceOffset>,
  lsn: Lsn | null,
  number: (name: string) => number | null,
  lsnAt: (name: string) => Lsn | null,
): PartialTransaction | null {
  const xid = number('txId');
  // Its changes may be before lsn_commit: other transactions committed while it was open.
  if (lsn === null || xid === null || !CHANGES.has(offset['messageType'])) return null;
  return { xid, lsn, events: number('lsn_events_processed') ?? 1, commitLsn: lsnAt('open_commit_lsn') };
}

/** The common part of the offsets of the stream. */
export interface StreamOffset {
  readonly identity: LogIdentity;
  /** `lsn_commit` */
  readonly start: Lsn;
  /** null: no transaction was read. */
  readonly last: ReadTransaction | null;
  /** See StreamPosition. */
  readonly sequence: Lsn | null;
  readonly readAgainUntil: Lsn | null;
  /** Microseconds since 1970 of the last commit, or of the open transaction; null: unknown. */
  readonly micros: number | null;
}

/** The offset after a commit. */
export const commitOffset = ({ start, micros, identity, ...stream }: StreamOffset): NonNullable<SourceOffset> => ({
  lsn_proc: start,
  messageType: 'COMMIT',
  lsn_commit: start,
  lsn: start,
  ...(stream.last === null ? {} : { txId: stream.last.xid }),
  ...(micros === null ? {} : { ts_usec: micros }),
  ...streamFields(stream),
  ...identityFields(identity),
});

/** The offset within a transaction. */
export const partialOffset = (
  { start, micros, identity, ...stream }: StreamOffset,
  { xid, lsn, events, commitLsn }: PartialTransaction,
  messageType: string,
): NonNullable<SourceOffset> => ({
  lsn_proc: lsn,
  lsn_events_processed: events,
  messageType,
  lsn_commit: start,
  lsn,
  txId: xid,
  ...(micros === null ? {} : { ts_usec: micros }),
  ...(commitLsn === null ? {} : { open_commit_lsn: commitLsn }),
  ...streamFields(stream),
  ...identityFields(identity),
});

/** The offset of a snapshot. position: start of the stream after it. */
export function snapshotOffset(
  { start, partial, ...stream }: StreamPosition,
  identity: LogIdentity,
  state: { readonly id: string; readonly completed: boolean; readonly micros: number },
): NonNullable<SourceOffset> {
  const { id, completed, micros } = state;
  return {
    ...(partial === null
      ? { lsn: start, ts_usec: micros, ...streamFields(stream), ...identityFields(identity) }
      : partialOffset({ identity, start, micros, ...stream }, partial, 'INSERT')),
    last_snapshot_record: completed,
    snapshot: 'INITIAL',
    snapshot_completed: completed,
    millrace_snapshot: id,
  };
}

const streamFields = ({
  last,
  sequence,
  readAgainUntil,
}: Pick<StreamPosition, 'last' | 'sequence' | 'readAgainUntil'>) => ({
  ...(last === null ? {} : { last_commit_lsn: last.lsn, last_commit_xid: last.xid }),
  ...(sequence === null || sequence === last?.lsn ? {} : { sequence_lsn: sequence }),
  ...(readAgainUntil === null ? {} : { read_again_lsn: readAgainUntil }),
});

export const position = (partition: SourcePartition, offset: SourceOffset): SourcePosition => ({ partition, offset });
