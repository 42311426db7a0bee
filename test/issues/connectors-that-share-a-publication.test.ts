import { afterAll, beforeAll, expect, test } from 'vitest';
import { openTask, propsOf } from '../integration/postgresql/harness.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { quoted, tablePattern } from '../support/generate/identifiers.ts';
import { generator } from '../support/generate/index.ts';
import { Committed, type Running } from '../support/source-task.ts';

/** `publication.name` has a default, so that two connectors on one database share it unless configured otherwise. */
const draw = generator(import.meta.url);
const [orders, events] = [draw.table(), draw.table()] as const;
let db: TestDatabase;

beforeAll(async () => {
  db = await createDatabase('shared_publication');
  for (const table of [orders, events]) await db.query(`CREATE TABLE ${quoted(table)} (id int PRIMARY KEY)`);
});
afterAll(() => db?.drop());

const props = (table: string, slot: string) =>
  propsOf(db, {
    'slot.name': `${db.name.slice(0, 50)}_${slot}`,
    'topic.prefix': slot,
    'publication.name': 'dbz_publication',
    'table.include.list': tablePattern('public', table),
  });

/** Reads until the snapshot is complete and this many slots have readers. */
const streams = (task: Running, readers: number) =>
  task.until(
    async () =>
      (await db.query('SELECT 1 FROM pg_replication_slots WHERE database = current_database() AND active')).length ===
      readers,
  );

test('a connector that starts later keeps the tables of the first one in the publication', async () => {
  const [first, second] = [new Committed(), new Committed()];
  await using one = await openTask(props(orders, 'one'), first, { connector: 'one' });
  await streams(one, 1);
  await using two = await openTask(props(events, 'two'), second, { connector: 'two' });
  await streams(two, 2);
  for (const table of [orders, events]) await db.query(`INSERT INTO ${quoted(table)} SELECT generate_series(1, 3)`);
  await one.records(3);
  await two.records(3);
  expect([first.records.length, second.records.length]).toEqual([3, 3]);
});

test("a user's publication with a row filter remains unchanged", async () => {
  await db.query('CREATE TABLE rows (id int PRIMARY KEY); CREATE TABLE others (id int PRIMARY KEY)');
  await db.query('CREATE PUBLICATION own FOR TABLE rows WHERE (id > 10)');
  await using _task = await openTask(
    { ...props('rows', 'three'), 'publication.name': 'own', 'table.include.list': 'public.rows,public.others' },
    new Committed(),
  );
  expect(
    await db.query("SELECT tablename, rowfilter FROM pg_publication_tables WHERE pubname = 'own' ORDER BY tablename"),
  ).toEqual([
    { tablename: 'others', rowfilter: null },
    { tablename: 'rows', rowfilter: '(id > 10)' },
  ]);
});
