import type { Json, SourceOffset, SourcePartition, SourcePosition } from '../../src/api/index.ts';
import { MillraceError } from '../../src/errors.ts';
import type { Lsn } from './lsn.ts';

/**
 * The stored position, in Debezium's own keys: a connector can move over from Debezium, and back.
 *
 * | key | meaning |
 * |---|---|
 * | lsn_commit | end of the last commit of which everything has been written: where reading begins again |
 * | lsn | the last change that was written, also before lsn_commit; lsn_commit where nothing of a later transaction was |
 * | lsn_events_processed | how many changes at `lsn` were written (one record of the log may hold many rows) |
 * | txId | the transaction of `lsn` |
 * | lsn_proc, messageType, ts_usec | for Debezium, and for people |
 * | snapshot, last_snapshot_record, snapshot_completed | a snapshot that runs, or has just ended |
 * | millrace_snapshot | which snapshot the positions of its chunks belong to |
 */
export interface StreamPosition {
  /** Reading begins here: everything that commits behind it is still to come. */
  readonly start: Lsn;
  /** The part of one transaction that has been written already. */
  readonly partial: PartialTransaction | null;
}

export interface PartialTransaction {
  readonly xid: number;
  readonly lsn: Lsn;
  /** Changes at `lsn`, at least 1. */
  readonly events: number;
}

/** What a stored offset says. */
export type StoredPosition =
  | { readonly kind: 'none' }
  /** A snapshot has begun and not ended. id: null for one of Debezium's, which cannot be continued. */
  | { readonly kind: 'snapshot'; readonly id: string | null; readonly start: Lsn }
  | { readonly kind: 'stream'; readonly position: StreamPosition };

export const serverPartition = (prefix: string): SourcePartition => ({ server: prefix });

export function readOffset(offset: SourceOffset): StoredPosition {
  if (offset === null) return { kind: 'none' };
  const number = (name: string): number | null => {
    const value = offset[name];
    if (value === undefined || value === null) return null;
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
    throw new MillraceError('SOURCE_POSITION_LOST', `the stored offset has a wrong value for ${name}: ${value}`);
  };
  const lsn = number('lsn');
  const commit = number('lsn_commit') ?? number('lsn_proc') ?? lsn;
  if (commit === null)
    throw new MillraceError(
      'SOURCE_POSITION_LOST',
      `the stored offset has no lsn: ${JSON.stringify(offset)}; reset the connector's offsets to begin anew`,
    );
  const snapshot = offset['snapshot'];
  if (snapshot !== undefined && snapshot !== null && snapshot !== false) {
    const ended = offset['snapshot_completed'] === true || offset['last_snapshot_record'] === true;
    const id = offset['millrace_snapshot'];
    if (!ended) return { kind: 'snapshot', id: typeof id === 'string' ? id : null, start: commit };
  }
  return { kind: 'stream', position: { start: commit, partial: partialOf(offset, lsn, number) } };
}

/** Message types that are changes. Others, and none, stand at the end of what they name. */
const CHANGES = new Set<Json | undefined>(['INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'MESSAGE']);

function partialOf(
  offset: NonNullable<SourceOffset>,
  lsn: number | null,
  number: (name: string) => number | null,
): PartialTransaction | null {
  const xid = number('txId');
  // Its changes may stand before lsn_commit: others committed while it ran.
  if (lsn === null || xid === null || !CHANGES.has(offset['messageType'])) return null;
  return { xid, lsn, events: number('lsn_events_processed') ?? 1 };
}

/** The last transaction that was read. */
export interface LastCommit {
  /** null: log without transactions. */
  readonly xid: number | null;
  readonly micros: number | null;
}

export function commitOffset(lsn: Lsn, { xid, micros }: LastCommit): NonNullable<SourceOffset> {
  return {
    lsn_proc: lsn,
    messageType: 'COMMIT',
    lsn_commit: lsn,
    lsn,
    ...(xid === null ? {} : { txId: xid }),
    ...(micros === null ? {} : { ts_usec: micros }),
  };
}

export function partialOffset(
  start: Lsn,
  { xid, lsn, events }: PartialTransaction,
  micros: number,
  messageType: string,
): NonNullable<SourceOffset> {
  return {
    lsn_proc: lsn,
    lsn_events_processed: events,
    messageType,
    lsn_commit: start,
    lsn,
    txId: xid,
    ts_usec: micros,
  };
}

export function snapshotOffset(
  start: Lsn,
  id: string,
  state: { readonly completed: boolean; readonly txId: number | null; readonly micros: number },
): NonNullable<SourceOffset> {
  return {
    last_snapshot_record: state.completed,
    lsn: start,
    ...(state.txId === null ? {} : { txId: state.txId }),
    ts_usec: state.micros,
    snapshot: 'INITIAL',
    snapshot_completed: state.completed,
    millrace_snapshot: id,
  };
}

export const position = (partition: SourcePartition, offset: SourceOffset): SourcePosition => ({ partition, offset });
