import { afterAll, beforeAll, expect, test } from 'vitest';
import { openTask, propsOf } from '../integration/postgresql/harness.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { Committed, payloadOf } from '../support/source-task.ts';

/** Kafka allows few characters in topic names, and others become underscores: two tables must not share a topic. */
let db: TestDatabase;
beforeAll(async () => {
  db = await createDatabase('one_topic');
  await db.query('CREATE SCHEMA a; CREATE SCHEMA a_b');
});
afterAll(() => db?.drop());

const create = (...tables: readonly string[]) =>
  db.query(tables.map(table => `CREATE TABLE ${table} (id int PRIMARY KEY)`).join(';'));
const open = (more: Record<string, string>, committed = new Committed()) =>
  openTask(
    propsOf(db, { 'slot.name': `${db.name.slice(0, 50)}_${slots++}`, 'publication.name': 'p', ...more }),
    committed,
  );
let slots = 0;

test.each([
  ['characters', ['public."order items"', 'public.order_items'], {}],
  ['letters of another script', ['public."größe"', 'public."grüße"'], {}],
  ['a delimiter that is part of a name', ['a.b_c', 'a_b.c'], { 'topic.delimiter': '_' }],
])('%s: a connector that captures both does not start; one of either does', async (_name, tables, more) => {
  await create(...tables);
  const shown = tables.map(name =>
    name
      .split('.')
      .map(part => (part.startsWith('"') ? part : `"${part}"`))
      .join('.'),
  );
  await expect(open(more)).rejects.toMatchObject({
    code: 'SOURCE_SETUP',
    message: expect.stringMatching(/have one topic, .*table\.exclude\.list/),
  });
  for (const name of shown) await expect(open(more)).rejects.toThrow(name);
  for (const [i, name] of tables.entries()) {
    const other = tables[1 - i]?.replaceAll('"', '').replace('.', '\\.') ?? '';
    await using _task = await open({ ...more, 'table.exclude.list': other, 'publication.name': `p${i}` });
    expect(name).toBeTruthy();
  }
  await db.query(`DROP TABLE ${tables.join()}`);
});

test('a table that is created later is rejected; a renamed one continues', async () => {
  await create('public."x y"');
  await db.query('CREATE PUBLICATION later FOR ALL TABLES');
  const committed = new Committed();
  const task = await open({ 'publication.name': 'later', 'slot.name': `${db.name.slice(0, 50)}_later` }, committed);
  await task.until(() => task.task.caughtUp?.() === true);
  await db.query('INSERT INTO "x y" VALUES (1); ALTER TABLE "x y" RENAME TO x_y');
  await db.query('INSERT INTO x_y VALUES (2)');
  await task.records(2);
  await db.query('ALTER TABLE x_y RENAME TO elsewhere');
  await create('public."x.y"', 'public."x$y"');
  await db.query('INSERT INTO "x$y" VALUES (3)');
  await task.records(3);
  await create('public."x-y"', 'public."x#y"');
  await db.query('INSERT INTO "x-y" VALUES (4); INSERT INTO "x#y" VALUES (5)');
  await expect(task.until(() => committed.records.length > 4)).rejects.toThrow(/"x\$y".*"x#y" have one topic/);
  await task.close();
  expect(committed.records.map(record => payloadOf(record).source.table)).not.toContain('x#y');
});
