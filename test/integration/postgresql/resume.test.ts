import type pg from 'pg';
import { describe, expect, test } from 'vitest';
import type { SourceRecord } from '../../../src/api/index.ts';
import { createDatabase, type TestDatabase } from '../../support/database.ts';
import { Committed, keyOf, payloadOf } from '../../support/source-task.ts';
import { copyIn } from './copy.ts';
import { openTask, propsOf } from './harness.ts';
import { random } from './random.ts';

/** The parts of a record that are independent of restarts. */
function essence(record: SourceRecord): string {
  const value = payloadOf(record);
  if (value === null) return JSON.stringify([record.topic, keyOf(record), null]);
  const { op, before, after, message, source, transaction, ...rest } = value;
  const stableFields = op === undefined ? rest : [op, before, after, message, source.txId, source.lsn, transaction];
  return JSON.stringify([record.topic, keyOf(record), stableFields]);
}

/**
 * Transactions of one to a few hundred changes on three tables, some in rows that share one log record. Meanwhile,
 * `other` commits transactions and writes logical messages, also just before the commit.
 */
async function write(
  client: pg.Client,
  other: pg.Client,
  pick: ReturnType<typeof random>,
  transactions: number,
): Promise<void> {
  const meanwhile = async (i: number): Promise<void> => {
    if (pick(3) === 0) await other.query('INSERT INTO b VALUES (0, $1)', [`other ${i}`]);
    if (pick(3) === 0) await other.query(`SELECT pg_logical_emit_message($1, 'note', $2)`, [pick(2) === 0, `m${i}`]);
  };
  for (let i = 0; i < transactions; i++) {
    await client.query('BEGIN');
    for (let n = pick(4) === 0 ? pick(60) : 1 + pick(4); n > 0; n--) {
      if (pick(3) === 0) await meanwhile(i);
      const id = pick(200);
      const kind = pick(10);
      if (kind < 5)
        await client.query('INSERT INTO a VALUES ($1, $2, 0) ON CONFLICT (id) DO UPDATE SET v = a.v + 1', [
          id,
          `n${i}`,
        ]);
      else if (kind < 6) await client.query('DELETE FROM a WHERE id = $1', [id]);
      else if (kind < 7)
        await client.query(
          'UPDATE a SET id = id + 1000 WHERE id = $1 AND NOT EXISTS (SELECT FROM a b WHERE b.id = a.id + 1000)',
          [id],
        );
      else if (kind < 8)
        await client.query('INSERT INTO b SELECT g, repeat($1, 20) FROM generate_series(1, $2) g', [
          `x${i}`,
          1 + pick(40),
        ]);
      else if (kind < 9) await client.query('CREATE TEMP TABLE IF NOT EXISTS s AS SELECT 1 AS n');
      else {
        await client.query('SAVEPOINT one');
        await client.query('UPDATE a SET v = v + 1 WHERE id < $1', [pick(50)]);
        if (pick(3) === 0) await client.query('ROLLBACK TO one');
      }
    }
    await meanwhile(i);
    await client.query(pick(10) === 0 ? 'ROLLBACK' : 'COMMIT');
  }
}

async function database(): Promise<TestDatabase> {
  const db = await createDatabase('resume');
  await db.query('CREATE TABLE a (id int PRIMARY KEY, name text NOT NULL, v int NOT NULL)');
  await db.query('CREATE TABLE b (n int, t text)');
  return db;
}

const until = (committed: Committed, mark: string) => () =>
  committed.records.some(record => payloadOf(record)?.after?.name === mark);

describe('resuming', () => {
  test.each([
    [1, 'false'],
    [2, 'false'],
    [3, 'false'],
    [4, 'true'],
    [5, 'true'],
  ])('continues exactly at any batch (seed %i, transaction metadata %s)', async (seed, metadata) => {
    const pick = random(seed);
    await using db = await database();
    const client = await db.client();
    const props = propsOf(db, { 'snapshot.mode': 'no_data', 'provide.transaction.metadata': metadata });
    const truthProps = { ...props, 'slot.name': `${db.name}_truth`, 'publication.name': `${db.name}_truth` };
    const truth = new Committed();
    const committed = new Committed();
    // Both slots exist before the first write.
    for (const [own, at] of [
      [truthProps, truth],
      [props, committed],
    ] as const) {
      await using task = await openTask(own, at);
      await task.step();
    }
    await write(client, await db.client(), pick, 50);
    await client.query("INSERT INTO a VALUES (-1, 'end', 0)");

    await using whole = await openTask(truthProps, truth, { maxBatchBytes: 64 << 20 });
    await whole.until(until(truth, 'end'));

    let stops = 0;
    while (!until(committed, 'end')()) {
      // Small batches split most transactions. Some batches are read and never committed.
      await using task = await openTask(props, committed, { maxBatchBytes: 100 + pick(2000) });
      for (let steps = pick(12); steps > 0 && !until(committed, 'end')(); steps--) await task.step();
      for (let lost = pick(4); lost > 0; lost--) await task.task.read();
      stops++;
    }
    expect(committed.records.map(essence)).toEqual(truth.records.map(essence));
    expect(truth.records.length).toBeGreaterThan(300);
    expect(stops).toBeGreaterThan(2);
  });

  test('splits a transaction larger than a batch, with an exact position', async () => {
    await using db = await database();
    const props = propsOf(db, { 'snapshot.mode': 'no_data' });
    const committed = new Committed();
    {
      await using task = await openTask(props, committed);
      await task.step();
    }
    const client = await db.client();
    await client.query('BEGIN');
    await copyIn(
      client,
      'a',
      Array.from({ length: 20_000 }, (_, i) => `${i + 1}\t${'x'.repeat(50)}\t0`),
    );
    await client.query("INSERT INTO a VALUES (0, 'end', 0)");
    await client.query('COMMIT');
    let batches = 0;
    let cuts = 0;
    let insideRecords = 0;
    while (!until(committed, 'end')()) {
      await using task = await openTask(props, committed, { maxBatchBytes: 128 << 10 });
      for (let steps = 0; steps < 3; steps++) {
        const batch = await task.step();
        if (batch === null) continue;
        batches++;
        expect(batch.bytes).toBeLessThan(256 << 10);
        const { offset } = batch.positions[0] ?? {};
        if (offset?.['messageType'] === 'INSERT') cuts++;
        if (Number(offset?.['lsn_events_processed'] ?? 0) > 1) insideRecords++;
      }
      await task.task.read();
    }
    expect(batches).toBeGreaterThan(10);
    expect(cuts).toBeGreaterThan(10);
    expect(insideRecords).toBeGreaterThan(0);
    const ids = committed.records.map(record => keyOf(record).id);
    expect(ids).toEqual([...Array.from({ length: 20_000 }, (_, i) => i + 1), 0]);
  });

  test('acknowledges to the slot after the commit, never earlier', async () => {
    await using db = await database();
    const props = propsOf(db, { 'snapshot.mode': 'no_data', 'status.update.interval.ms': '100' });
    const committed = new Committed();
    const confirmed = async () => {
      const [slot] = await db.query<{ at: string }>(
        `SELECT (confirmed_flush_lsn - '0/0')::text AS at FROM pg_replication_slots WHERE slot_name = $1`,
        [db.name],
      );
      return Number(slot?.at);
    };
    await using task = await openTask(props, committed);
    await task.step();
    await db.query("INSERT INTO a VALUES (1, 'one', 0)");
    await task.records(1);
    const stored = () => Number(committed.get({ server: db.name })?.['lsn_commit']);
    await task.until(async () => (await confirmed()) === stored());
    const before = stored();
    await db.query("INSERT INTO a VALUES (2, 'two', 0)");
    // Read, and never committed.
    let batch = await task.task.read();
    while (batch === null || batch.records.length === 0) batch = await task.task.read();
    const deadline = performance.now() + 1000;
    while (performance.now() < deadline) {
      await task.task.read();
      expect(await confirmed()).toBeLessThanOrEqual(before);
    }
  });
});
