import { describe, expect, test } from 'vitest';
import { lsnOf } from '../../../connectors/postgresql/position/lsn.ts';
import { ResumeCheck } from '../../../connectors/postgresql/position/resume-check.ts';

const last = { xid: 7, lsn: lsnOf(1000) };
const begin = (commitLsn: number, xid: number) => ({ commitLsn: lsnOf(commitLsn), xid, micros: 0 });
const lost = expect.objectContaining({ code: 'SOURCE_POSITION_LOST' });

/** Position 1200: the last commit ended at 1000, and the log moved on. */
const check = (confirmed: number, partial: { xid: number; commitLsn: number } | null = null) =>
  new ResumeCheck(
    {
      start: lsnOf(1200),
      last,
      sequence: lsnOf(1000),
      readAgainUntil: null,
      partial: partial && { ...partial, commitLsn: lsnOf(partial.commitLsn), lsn: lsnOf(1100), events: 1 },
    },
    lsnOf(confirmed),
  );

describe('repeated changes of the slot', () => {
  test('are earlier transactions and the last one, before a new one', () => {
    const one = check(500);
    expect(one.begin(begin(700, 5))).toBe(true);
    one.commit(lsnOf(720), 5);
    expect(one.begin(begin(980, 7))).toBe(true);
    expect(one.passed).toBe(false);
    one.commit(lsnOf(1000), 7);
    expect([1199, 1200, 1201].map(lsn => one.isRepeated(lsnOf(lsn)))).toEqual([true, true, false]);
    expect(one.begin(begin(1200, 8))).toBe(false);
    expect(one.passed).toBe(true);
  });

  test('are none if the last transaction was acknowledged to the slot', () => {
    const one = check(1000);
    one.reached(lsnOf(1100));
    expect(one.passed).toBe(false);
    one.reached(lsnOf(1200));
    expect(one.passed).toBe(true);
  });

  test('are followed by the partially written transaction', () => {
    const one = check(1000, { xid: 9, commitLsn: 1300 });
    one.reached(lsnOf(1200));
    expect(one.passed).toBe(false);
    expect(one.begin(begin(1300, 9))).toBe(false);
    expect(one.passed).toBe(true);
  });
});

describe('another log', () => {
  test.each<[string, (one: ResumeCheck) => void]>([
    ['commits another transaction at the last LSN', one => one.commit(lsnOf(1000), 8)],
    ['commits the last transaction at another LSN', one => one.commit(lsnOf(1001), 7)],
    ['begins another transaction with the last commit LSN', one => one.begin(begin(1000, 8))],
    ['has no transaction up to the last LSN', one => one.reached(lsnOf(1000))],
    ['begins a new transaction first', one => one.begin(begin(1200, 8))],
  ])('%s', (_, act) => expect(() => act(check(500))).toThrow(lost));

  test('has a transaction between the last commit and the position', () =>
    expect(() => check(1000).begin(begin(1100, 8))).toThrow(lost));

  test.each([
    ['another transaction', 8, 1300],
    ['the same transaction at another LSN', 9, 1301],
  ])('has %s instead of the partially written one', (_, xid, commitLsn) =>
    expect(() => check(1000, { xid: 9, commitLsn: 1300 }).begin(begin(commitLsn, xid))).toThrow(lost),
  );
});
