import { describe, expect, test } from 'vitest';
import type { SourceRecord } from '../../../src/api/index.ts';
import { createDatabase, type TestDatabase } from '../../support/database.ts';
import { Committed, keyOf, type Parsed, payloadOf } from '../../support/source-task.ts';
import { openTask, propsOf } from './harness.ts';
import { random } from './random.ts';

/**
 * Every row has a version `v`, unique and growing over all rows: for each key, records must have growing versions, from
 * snapshot and stream.
 */
interface Kind {
  readonly name: string;
  readonly ddl: string;
  /** REPLICA IDENTITY */
  readonly identity?: string;
  /** Columns of the key; [] for none. */
  readonly key: readonly string[];
  /** SQL of the n-th key. */
  row(n: number): readonly string[];
}

const kinds: readonly Kind[] = [
  { name: 'an integer key', ddl: 'id int PRIMARY KEY', key: ['id'], row: n => [`${n}`] },
  {
    name: 'a text key with its own collation',
    ddl: 'id text COLLATE "en-x-icu" PRIMARY KEY',
    key: ['id'],
    row: n => [`'${['ä', 'A', 'a', 'z', 'Z', '_', "'' quote", 'ö\\'][n % 8]}${n}'`],
  },
  {
    name: 'a composite key',
    ddl: 'a int, b text, d date, PRIMARY KEY (b, a, d)',
    key: ['a', 'b', 'd'],
    row: n => [`${n % 50}`, `'${['x', 'Y', 'ß'][n % 3]}'`, `date '2026-01-01' + ${Math.floor(n / 50)}`],
  },
  { name: 'a uuid', ddl: 'id uuid PRIMARY KEY', key: ['id'], row: n => [`md5('${n}')::uuid`] },
  {
    name: 'a replica identity that is not the primary key',
    ddl: 'id int NOT NULL CONSTRAINT other UNIQUE, n serial PRIMARY KEY',
    identity: 'USING INDEX other',
    key: ['id'],
    row: n => [`${n}`],
  },
];

const ROWS = 1500;

async function database(kind: Kind): Promise<TestDatabase> {
  const db = await createDatabase('snapshot');
  await db.query(`CREATE TABLE t (${kind.ddl}, v bigint NOT NULL, pad text)`);
  if (kind.identity !== undefined) await db.query(`ALTER TABLE t REPLICA IDENTITY ${kind.identity}`);
  await db.query('CREATE SEQUENCE versions');
  const columns = kind.key.length === 0 ? '' : `${kind.key.join(', ')}, `;
  for (let from = 0; from < ROWS; from += 500)
    await db.query(
      `INSERT INTO t (${columns}v, pad) VALUES ${Array.from({ length: 500 }, (_, i) => `(${[...kind.row(from + i), "nextval('versions')", "repeat('x', 60)"].join(', ')})`).join(', ')}`,
    );
  await db.query('ANALYZE t');
  return db;
}

/** True for a conflict of two writers, one of which is rolled back. */
const CONFLICTS = new Set(['23505', '40P01']);

/** Changes rows until it is stopped: alone and in transactions that stay open for a while, some rolled back. */
async function keepWriting(db: TestDatabase, kind: Kind, seed: number, stop: AbortSignal): Promise<void> {
  const pick = random(seed);
  const client = await db.client();
  while (!stop.aborted) {
    try {
      await client.query('BEGIN');
      for (let n = 1 + pick(5); n > 0; n--) await client.query(change(kind, pick));
      await client.query(pick(8) === 0 ? 'ROLLBACK' : 'COMMIT');
    } catch (error) {
      if (!CONFLICTS.has((error as { code: string }).code)) throw error;
      await client.query('ROLLBACK');
    }
  }
}

function change(kind: Kind, pick: (n: number) => number): string {
  const key = `(${kind.key.join(', ')})`;
  const columns = kind.key.join(', ');
  const where = (n: number) => `${key} = (${kind.row(n).join(', ')})`;
  const row = pick(ROWS + 200);
  switch (pick(8)) {
    case 0:
    case 1:
    case 2:
      return `UPDATE t SET v = nextval('versions') WHERE ${where(row)}`;
    case 3:
      return `DELETE FROM t WHERE ${where(row)}`;
    case 4:
      return 'SAVEPOINT s';
    case 5:
      // A key changes.
      return `UPDATE t SET (${columns}, v) = (SELECT ${kind.row(row).join(', ')}, nextval('versions'))
        WHERE ${where(pick(ROWS))} AND NOT EXISTS (SELECT FROM t WHERE ${where(row)})`;
    default:
      return `INSERT INTO t (${columns}, v, pad) VALUES (${kind.row(row).join(', ')}, nextval('versions'), 'new')
        ON CONFLICT ${key} DO UPDATE SET v = nextval('versions')`;
  }
}

/** Final state of a topic's reader; problems: keys whose versions did not grow. */
function apply(records: readonly SourceRecord[]): { rows: Map<string, Parsed>; problems: string[] } {
  const rows = new Map<string, Parsed>();
  const versions = new Map<string, number>();
  const problems: string[] = [];
  for (const record of records) {
    const key = JSON.stringify(keyOf(record));
    const value = payloadOf(record);
    if (value === null) continue;
    if (value.op === 'd') {
      rows.delete(key);
      continue;
    }
    const { v } = value.after;
    const last = versions.get(key) ?? 0;
    if (v <= last) problems.push(`${key}: ${value.op} with version ${v} after ${last}`);
    versions.set(key, v);
    rows.set(key, value.after);
  }
  return { rows, problems };
}

/** A server of this file, because a new slot waits for every transaction of the server. */
const PATIENCE = 120_000;

describe.each(kinds)('a snapshot during changes, stopped repeatedly, is consistent: $name', kind => {
  test.each([
    [1, 11],
    [3, 12],
    [3, 13],
  ])(
    '%i reader(s), seed %i',
    async (threads, seed) => {
      const pick = random(seed);
      await using db = await database(kind);
      const props = propsOf(db, { 'snapshot.max.threads': String(threads) });
      const committed = new Committed();
      const stop = new AbortController();
      const writers = [1, 2, 3].map(n => keepWriting(db, kind, seed * 10 + n, stop.signal));
      let stops = 0;
      const completed = () => committed.get({ server: db.name })?.['snapshot_completed'] === true;
      try {
        while (!completed()) {
          await using task = await openTask(props, committed, { maxBatchBytes: 4096 });
          for (let steps = 1 + pick(12); steps > 0 && !completed(); steps--) await task.step();
          for (let lost = pick(3); lost > 0 && !completed(); lost--) await task.task.read();
          stops++;
        }
        // Streaming is also stopped while chunks are pending.
        for (let i = 0; i < 3; i++) {
          await using task = await openTask(props, committed, { maxBatchBytes: 4096 });
          for (let steps = 1 + pick(10); steps > 0; steps--) await task.step();
          await task.task.read();
        }
      } finally {
        stop.abort();
        await Promise.all(writers);
      }
      await db.query(
        `INSERT INTO t (${kind.key.join(', ')}, v, pad) VALUES (${kind.row(100_000).join(', ')}, nextval('versions'), 'end')`,
      );
      await using task = await openTask(props, committed);
      await task.until(() => committed.records.some(record => payloadOf(record)?.after?.pad === 'end'));

      const { rows, problems } = apply(committed.records);
      expect(problems).toEqual([]);
      const truth = await db.query<{ row: Parsed }>('SELECT to_json(v) AS row FROM t ORDER BY v');
      expect([...rows.values()].map(row => row.v).sort((a, b) => a - b)).toEqual(truth.map(({ row }) => row));
      expect(stops).toBeGreaterThan(2);
      const reads = committed.records.filter(record => payloadOf(record)?.op === 'r').length;
      expect(reads).toBeGreaterThan(ROWS / 2);
      // The stream has passed all chunks: their positions are removed.
      expect(committed.all().map(({ partition }) => partition)).toEqual([{ server: db.name }]);
    },
    PATIENCE,
  );
});

describe('a table without a key', () => {
  test('is read by blocks; every row is read once over restarts', async () => {
    await using db = await createDatabase('snapshot');
    await db.query('CREATE TABLE t (n bigint, pad text)');
    await db.query('ALTER TABLE t REPLICA IDENTITY FULL');
    await db.query("INSERT INTO t SELECT g, repeat('x', 60) FROM generate_series(1, 3000) g");
    await db.query('ANALYZE t');
    const committed = new Committed();
    const client = await db.client();
    let next = 3000;
    const completed = () => committed.get({ server: db.name })?.['snapshot_completed'] === true;
    const pick = random(5);
    let stops = 0;
    while (!completed()) {
      await using task = await openTask(propsOf(db), committed, { maxBatchBytes: 8192 });
      for (let steps = 1 + pick(6); steps > 0 && !completed(); steps--) {
        await task.step();
        // Rows are inserted and deleted; deleted ones free space in blocks that have been read.
        await client.query('INSERT INTO t SELECT $1::bigint + g FROM generate_series(1, 20) g', [next]);
        next += 20;
        await client.query('DELETE FROM t WHERE n IN ($1, $2)', [1 + pick(next), 1 + pick(next)]);
        await client.query("UPDATE t SET pad = 'u' WHERE n = $1", [1 + pick(next)]);
        if (pick(3) === 0) await client.query('VACUUM t');
      }
      await task.task.read();
      stops++;
    }
    await client.query("INSERT INTO t VALUES (-1, 'end')");
    await using task = await openTask(propsOf(db), committed);
    await task.until(() => committed.records.some(record => payloadOf(record)?.after?.pad === 'end'));
    const rows = new Map<number, Parsed>();
    const doubled: string[] = [];
    for (const record of committed.records) {
      const { op, before, after } = payloadOf(record);
      if (before !== null) rows.delete(before.n);
      if (after === null) continue;
      if (rows.has(after.n)) doubled.push(`${op} ${after.n}`);
      rows.set(after.n, after);
    }
    expect(doubled).toEqual([]);
    const truth = await db.query<{ n: string; pad: string | null }>('SELECT n, pad FROM t ORDER BY n');
    expect([...rows.values()].sort((a, b) => a.n - b.n)).toEqual(truth.map(({ n, pad }) => ({ n: Number(n), pad })));
    expect(stops).toBeGreaterThan(3);
  });
});
