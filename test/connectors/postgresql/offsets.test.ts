import { describe, expect, test } from 'vitest';
import { lsnOf } from '../../../connectors/postgresql/position/lsn.ts';
import {
  commitOffset,
  partialOffset,
  readOffset,
  snapshotOffset,
} from '../../../connectors/postgresql/position/offsets.ts';

const unknown = { last: null, sequence: null, readAgainUntil: null };

/** Offsets that Debezium 3.7 stored. */
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
    expect(readOffset(offset)).toEqual({
      kind: 'stream',
      position: { start: 38413544, partial: null, ...unknown },
      identity: null,
    });
  });

  test('within a snapshot, which cannot be resumed', () => {
    const offset = {
      last_snapshot_record: false,
      lsn: 38413544,
      txId: 880,
      ts_usec: 1,
      snapshot: 'INITIAL',
      snapshot_completed: false,
    };
    expect(readOffset(offset)).toEqual({
      kind: 'snapshot',
      id: null,
      position: { start: 38413544, partial: null, ...unknown },
      identity: null,
    });
  });

  test('within a transaction: reading starts at the end of the previous transaction and skips written events', () => {
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
      position: {
        start: 1071626600,
        partial: { xid: 4711, lsn: 1071626632, events: 3, commitLsn: null },
        last: null,
        sequence: 1071626600,
        readAgainUntil: null,
      },
      identity: null,
    });
  });

  test('of versions without lsn_events_processed count one event, which may be repeated', () => {
    const { position } = readOffset({ lsn_proc: 5, messageType: 'INSERT', lsn_commit: 5, lsn: 5, txId: 7 }) as {
      position: unknown;
    };
    expect(position).toMatchObject({ start: 5, partial: { xid: 7, lsn: 5, events: 1 } });
  });

  test('after a message outside transactions: its LSN is the end of its record', () => {
    const offset = { lsn_proc: 56481552, messageType: 'MESSAGE', lsn_commit: 56481552, lsn: 56481552, ts_usec: 1 };
    expect(readOffset(offset)).toMatchObject({ kind: 'stream', position: { start: 56481552, partial: null } });
  });

  test('without lsn_commit', () => {
    expect(readOffset({ lsn_proc: 9, lsn: 8 })).toMatchObject({
      kind: 'stream',
      position: { start: 9, partial: null },
    });
  });
});

describe('offsets of Millrace', () => {
  test.each([lsnOf(70), lsnOf(75)])('are read as they were written; the sequence starts with %i', sequence => {
    expect(readOffset(null)).toEqual({ kind: 'none' });
    // The system id exceeds the range of a double.
    const identity = { system: '18446744073709551615', timeline: 3, database: 4294967295 };
    const last = { xid: 5, lsn: lsnOf(70) };
    const stream = { identity, start: lsnOf(77), last, sequence, readAgainUntil: lsnOf(90), micros: 6 };
    const position = { start: lsnOf(77), partial: null, last, sequence, readAgainUntil: lsnOf(90) };
    expect(readOffset(commitOffset(stream))).toEqual({ kind: 'stream', position, identity });
    const partial = { xid: 6, lsn: lsnOf(99), events: 2, commitLsn: lsnOf(120) };
    // Other transactions committed while this one ran.
    const early = { ...position, partial: { ...partial, lsn: lsnOf(60) } };
    const cut = { ...position, partial };
    expect(readOffset(partialOffset(stream, partial, 'DELETE'))).toEqual({ kind: 'stream', position: cut, identity });
    for (const where of [position, cut, early]) {
      const state = { id: 'one', micros: 6 };
      const running = snapshotOffset(where, identity, { ...state, completed: false });
      expect(readOffset(running)).toEqual({ kind: 'snapshot', id: 'one', position: where, identity });
      const completed = snapshotOffset(where, identity, { ...state, completed: true });
      expect(readOffset(completed)).toEqual({ kind: 'stream', position: where, identity });
    }
  });

  test('without a valid lsn are rejected', () => {
    expect(() => readOffset({})).toThrow(/no lsn/);
    expect(() => readOffset({ lsn: 'x' })).toThrow(/wrong value for lsn/);
  });
});
