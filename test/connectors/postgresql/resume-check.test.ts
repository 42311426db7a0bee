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

describe('what the slot sends again', () => {
  test('is what was read: the last transaction, those before it, then a new one', () => {
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

  test('is nothing, where the slot was told of the last transaction', () => {
    const one = check(1000);
    one.reached(lsnOf(1100));
    expect(one.passed).toBe(false);
    one.reached(lsnOf(1200));
    expect(one.passed).toBe(true);
  });

  test('and then the transaction of which a part was written', () => {
    const one = check(1000, { xid: 9, commitLsn: 1300 });
    one.reached(lsnOf(1200));
    expect(one.passed).toBe(false);
    expect(one.begin(begin(1300, 9))).toBe(false);
    expect(one.passed).toBe(true);
  });
});

describe('a log that is another', () => {
  test.each<[string, (one: ResumeCheck) => void]>([
    ['ends another transaction there', one => one.commit(lsnOf(1000), 8)],
    ['ends the transaction elsewhere', one => one.commit(lsnOf(1001), 7)],
    ['has none there', one => one.begin(begin(1000, 8))],
    ['has come further', one => one.reached(lsnOf(1000))],
    ['has come to a new transaction', one => one.begin(begin(1200, 8))],
  ])('%s', (_, act) => expect(() => act(check(500))).toThrow(lost));

  test('has a transaction where there was none', () => expect(() => check(1000).begin(begin(1100, 8))).toThrow(lost));

  test.each([
    ['another transaction', 8, 1300],
    ['the same elsewhere', 9, 1301],
  ])('has %s in the place of the one of which a part was written', (_, xid, commitLsn) =>
    expect(() => check(1000, { xid: 9, commitLsn: 1300 }).begin(begin(commitLsn, xid))).toThrow(lost),
  );
});
