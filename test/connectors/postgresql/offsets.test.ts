import { describe, expect, test } from 'vitest';
import { commitOffset, partialOffset, readOffset, snapshotOffset } from '../../../connectors/postgresql/offsets.ts';

/** Offsets as a running Debezium 3.7 has stored them. */
describe('offsets of Debezium', () => {
  test('after a snapshot', () => {
    const offset = {
      last_snapshot_record: true,
      lsn: 38413544,
      txId: 880,
      ts_usec: 1795463881791806,
      snapshot: 'INITIAL',
      snapshot_completed: true,
    };
    expect(readOffset(offset)).toEqual({ kind: 'stream', position: { start: 38413544, partial: null } });
  });

  test('in a snapshot, which cannot be continued', () => {
    const offset = {
      last_snapshot_record: false,
      lsn: 38413544,
      txId: 880,
      ts_usec: 1,
      snapshot: 'INITIAL',
      snapshot_completed: false,
    };
    expect(readOffset(offset)).toEqual({ kind: 'snapshot', id: null, start: 38413544 });
  });

  test('within a transaction: reading begins where the one before ended, and skips what was written', () => {
    const offset = {
      lsn_proc: 1071626632,
      lsn_events_processed: 3,
      messageType: 'UPDATE',
      lsn_commit: 1071626600,
      lsn: 1071626632,
      txId: 4711,
      ts_usec: 1795464692415447,
    };
    expect(readOffset(offset)).toEqual({
      kind: 'stream',
      position: { start: 1071626600, partial: { xid: 4711, lsn: 1071626632, events: 3 } },
    });
  });

  test('of versions that count no events: one, which may then come again', () => {
    const { position } = readOffset({ lsn_proc: 5, messageType: 'INSERT', lsn_commit: 5, lsn: 5, txId: 7 }) as {
      position: unknown;
    };
    expect(position).toEqual({ start: 5, partial: { xid: 7, lsn: 5, events: 1 } });
  });

  test('after a message outside of transactions: its LSN is the end of its record', () => {
    const offset = { lsn_proc: 56481552, messageType: 'MESSAGE', lsn_commit: 56481552, lsn: 56481552, ts_usec: 1 };
    expect(readOffset(offset)).toEqual({ kind: 'stream', position: { start: 56481552, partial: null } });
  });

  test('without lsn_commit', () => {
    expect(readOffset({ lsn_proc: 9, lsn: 8 })).toEqual({ kind: 'stream', position: { start: 9, partial: null } });
  });
});

describe('our own', () => {
  test('are read as they were written', () => {
    expect(readOffset(null)).toEqual({ kind: 'none' });
    expect(readOffset(commitOffset(77, { xid: 5, micros: 6 }))).toEqual({
      kind: 'stream',
      position: { start: 77, partial: null },
    });
    const partial = { xid: 5, lsn: 99, events: 2 };
    expect(readOffset(partialOffset(77, partial, 6, 'DELETE'))).toEqual({
      kind: 'stream',
      position: { start: 77, partial },
    });
    // Others committed while the transaction ran.
    const early = { xid: 5, lsn: 70, events: 1 };
    expect(readOffset(partialOffset(77, early, 6, 'INSERT'))).toEqual({
      kind: 'stream',
      position: { start: 77, partial: early },
    });
    const running = snapshotOffset(77, 'one', { completed: false, txId: null, micros: 6 });
    expect(readOffset(running)).toEqual({ kind: 'snapshot', id: 'one', start: 77 });
    const completed = snapshotOffset(77, 'one', { completed: true, txId: null, micros: 6 });
    expect(readOffset(completed)).toEqual({ kind: 'stream', position: { start: 77, partial: null } });
  });

  test('that make no sense are an error', () => {
    expect(() => readOffset({})).toThrow(/no lsn/);
    expect(() => readOffset({ lsn: 'x' })).toThrow(/wrong value for lsn/);
  });
});
