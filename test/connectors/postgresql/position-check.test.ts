import { expect, test } from 'vitest';
import { lsnOf } from '../../../connectors/postgresql/position/lsn.ts';
import { checkPositionInLog, type PositionCheck } from '../../../connectors/postgresql/position/position-check.ts';
import type { StoredPostgresChunk } from '../../../connectors/postgresql/snapshot/chunk.ts';

const log = { system: '7', timeline: 3, database: 5 };
const check = (more: Partial<PositionCheck>) =>
  checkPositionInLog({
    position: { start: lsnOf(1000), partial: null, last: null, sequence: null, readAgainUntil: null },
    stored: log,
    chunks: [],
    server: log,
    logEnd: lsnOf(2000),
    // Timeline 1 ended at 900, 2 at 1500.
    history: async () =>
      new Map([
        [1, lsnOf(900)],
        [2, lsnOf(1500)],
      ]),
    ...more,
  });
const partial = (commitLsn: number) => ({ xid: 1, lsn: lsnOf(990), events: 1, commitLsn: lsnOf(commitLsn) });
const chunk = (lsn: number) => ({ lsn: lsnOf(lsn) }) as StoredPostgresChunk;

test.each<[string, Partial<PositionCheck>]>([
  ['of this log', {}],
  ['at its end', { logEnd: lsnOf(1000) }],
  ['in an offset without a log identity', { stored: null }],
  ['of an ancestor', { stored: { ...log, timeline: 2 } }],
  [
    'of an ancestor, at its end',
    {
      stored: { ...log, timeline: 2 },
      position: { start: lsnOf(1500), partial: null, last: null, sequence: null, readAgainUntil: null },
    },
  ],
])('a position %s is accepted', async (_, more) => {
  await check(more);
});

test.each<[string, Partial<PositionCheck>, RegExp]>([
  ['of another server', { stored: { ...log, system: '8' } }, /another one/],
  ['of another database', { stored: { ...log, database: 6 } }, /another one of the same server \(oid 5, not 6\)/],
  ['beyond the end', { logEnd: lsnOf(999) }, /the log of this server ends at 0\/3E7/],
  ['beyond the end, in an offset without a log identity', { stored: null, logEnd: lsnOf(999) }, /ends at/],
  [
    'of a transaction beyond the end',
    { position: { start: lsnOf(1000), partial: partial(2001), last: null, sequence: null, readAgainUntil: null } },
    /0\/7D1/,
  ],
  ['of a chunk beyond the end', { chunks: [chunk(1200), chunk(2001)] }, /0\/7D1/],
  ['of an ancestor, beyond its end', { stored: { ...log, timeline: 1 } }, /left timeline 1 at 0\/384 \(it is on 3\)/],
  [
    'of a chunk of an ancestor, beyond its end',
    { stored: { ...log, timeline: 2 }, chunks: [chunk(1501)] },
    /timeline 2/,
  ],
  ['of another branch', { stored: { ...log, timeline: 4 } }, /on timeline 3, which does not descend from 4/],
])('a position %s is lost', async (_, more, message) => {
  await expect(check(more)).rejects.toMatchObject({
    code: 'SOURCE_POSITION_LOST',
    message: expect.stringMatching(message),
  });
});
