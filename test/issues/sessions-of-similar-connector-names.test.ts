import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { TestSink } from '../integration/jdbc-sink/sink.ts';
import { openTask, propsOf } from '../integration/postgresql/harness.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { Committed, type Running } from '../support/source-task.ts';

/** A task ends the sessions of its earlier attempts, and no other connector's. */
const long = 'inventory-of-the-northern-warehouses-and-their-branch-offices';
const pairs = [
  [`${long}-east`, `${long}-west`],
  ['数据库', '订单表'],
  ['größe', 'grüße'],
] as const;
let db: TestDatabase;

beforeAll(async () => {
  db = await createDatabase('similar_names');
  await db.query('CREATE TABLE orders (id int PRIMARY KEY)');
});
afterAll(() => db?.drop());
beforeEach(async () => {
  await eventually('no slot is left', async () => {
    await db.query(
      'SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE database = current_database()',
    );
    return true;
  });
});

/** Reads until the snapshot is complete and the slot has a reader. */
const streams = (task: Running) =>
  task.until(
    async () =>
      (await db.query('SELECT 1 FROM pg_replication_slots WHERE database = current_database() AND active')).length > 0,
  );
const props = () => propsOf(db, { 'slot.max.retries': '2', 'slot.retry.delay.ms': '200' });

test.each(pairs)('the reader of a slot is not terminated for another connector: %s, %s', async (first, second) => {
  const committed = new Committed();
  await using task = await openTask(props(), committed, { connector: first });
  await streams(task);
  await expect(openTask(props(), new Committed(), { connector: second })).rejects.toThrow(/in use/);
  const before = committed.records.length;
  await db.query('INSERT INTO orders SELECT coalesce(max(id), 0) + 1 FROM orders');
  await task.records(before + 1);
});

test.each(pairs)('an earlier reader of the same connector is terminated: %s', async connector => {
  await using former = await openTask(props(), new Committed(), { connector });
  await streams(former);
  await using task = await openTask(props(), new Committed(), { connector });
  await db.query('INSERT INTO orders SELECT coalesce(max(id), 0) + 1 FROM orders');
  await task.records(1);
});

test.each(pairs)('a stalled transaction is not terminated for another sink: %s, %s', async (first, second) => {
  const stalled = await db.client();
  {
    await using _sink = await TestSink.open(db, {}, { connector: first });
    const [session] = await db.query<{ name: string }>(
      `SELECT application_name AS name FROM pg_stat_activity
       WHERE datname = current_database() AND application_name LIKE 'millrace%' AND query NOT LIKE '%REPLICATION%'`,
    );
    await stalled.query("SELECT set_config('application_name', $1, false)", [session?.name]);
  }
  const { rows } = await stalled.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  await stalled.query('BEGIN; SELECT 1');
  const [{ pid } = { pid: 0 }] = rows;
  const stalls = async (seconds: number) =>
    (
      await db.query(
        `SELECT 1 FROM pg_stat_activity WHERE pid = $1 AND wait_event = 'ClientRead' AND xact_start IS NOT NULL
         AND query_start < clock_timestamp() - make_interval(secs => $2)`,
        [pid, seconds],
      )
    ).length === 1;
  await eventually('the transaction stalls', () => stalls(3.1));
  await using _other = await TestSink.open(db, {}, { connector: second });
  expect(await stalls(0)).toBe(true);
  await using _same = await TestSink.open(db, {}, { connector: first });
  await eventually('its own transaction is terminated', async () => !(await stalls(0)));
});
