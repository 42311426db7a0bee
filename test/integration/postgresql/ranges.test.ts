import { expect, test } from 'vitest';
import { connectionSettings } from '../../../connectors/postgresql/config/settings.ts';
import { lsnOf } from '../../../connectors/postgresql/position/lsn.ts';
import { Sql } from '../../../connectors/postgresql/session/sql.ts';
import type { StoredPostgresChunk } from '../../../connectors/postgresql/snapshot/chunk.ts';
import { unreadRanges } from '../../../connectors/postgresql/snapshot/unread-ranges.ts';
import type { Bound } from '../../../src/cdc/snapshot/chunk.ts';
import { createDatabase } from '../../support/database.ts';
import { Committed } from '../../support/source-task.ts';
import { configOf, openTask, propsOf } from './harness.ts';

const chunk = (number: number, lo: string | null, hi: string | null): StoredPostgresChunk => ({
  partition: {},
  id: '',
  table: 't',
  number,
  identity: { oid: 1, key: null, file: 0, publication: null },
  lo: lo === null ? null : [lo],
  hi: hi === null ? null : [hi],
  snapshot: '1:1:',
  visibility: { xmin: 1, xmax: 1, running: new Set<number>() },
  lsn: lsnOf(1),
  rows: 0,
  again: false,
});

const range = (lo: string | null, hi: string | null): { lo: Bound | null; hi: Bound | null } => ({
  lo: lo === null ? null : [lo],
  hi: hi === null ? null : [hi],
});

const column = { number: 1, version: '1', collation: null };

// Chunk 1 is empty; one numeric key was rewritten in another form between two queries.
test.each([
  { type: 23, typeName: 'int4', bounds: ['5', '5', '7'] },
  { type: 1700, typeName: 'numeric', bounds: ['5.0', '5.00', '7'] },
  { type: 25, typeName: 'text', bounds: ['e', 'e', 'g'] },
] as const)('an empty chunk leaves no range: $typeName', async ({ type, typeName, bounds: [a, b, c] }) => {
  await using db = await createDatabase('ranges');
  const sql = new Sql(connectionSettings(configOf(propsOf(db))), { applicationName: 'ranges' });
  try {
    const key = [{ ...column, name: 'id', type, typeName }];
    const chunks = [chunk(0, null, a), chunk(1, a, b), chunk(2, b, c), chunk(3, c, null)];
    for (const order of [chunks, [...chunks].reverse()]) expect(await unreadRanges(sql, key, order)).toEqual([]);
    expect(await unreadRanges(sql, key, [chunks[2] as StoredPostgresChunk, chunks[1] as StoredPostgresChunk])).toEqual([
      range(null, a),
      range(c, null),
    ]);
  } finally {
    await sql.close();
  }
});

test('the range of a full chunk is not read again after its end', async () => {
  await using db = await createDatabase('ranges');
  await db.query('CREATE TABLE t (id text PRIMARY KEY, pad text)');
  // A row on the wire has two bytes, and four plus the text for each column: 128 bytes, of which 32 fill a chunk.
  await db.query("INSERT INTO t SELECT g::text, repeat('x', 113) FROM generate_series(10000, 12999) g");
  await db.query('ANALYZE t');
  const committed = new Committed();
  await using task = await openTask(propsOf(db, { 'snapshot.max.threads': '3' }), committed, { maxBatchBytes: 4096 });
  await task.records(3000);
  const chunks = committed.batches.flatMap(batch => batch.positions).filter(({ partition }) => 'chunk' in partition);
  expect(chunks.length).toBeGreaterThan(50);
  const empty = chunks.filter(({ offset }) => JSON.stringify(offset?.['lo']) === JSON.stringify(offset?.['hi']));
  expect(empty).toEqual([]);
});
