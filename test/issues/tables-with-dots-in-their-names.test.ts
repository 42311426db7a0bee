import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { openTask, postgresSource, propsOf, type Source } from '../integration/jdbc-source/harness.ts';
import { propsOf as captureProps, openTask as openCapture } from '../integration/postgresql/harness.ts';
import { createDatabase } from '../support/database.ts';
import { Committed, payloadOf } from '../support/source-task.ts';

/** A dot within a name is distinct from the dot between schema and table: each table has its own position and topic. */
let db: Source;
beforeAll(async () => {
  db = await postgresSource();
});
afterAll(() => db?.[Symbol.asyncDispose]());
beforeEach(async () => {
  for (const schema of ['other', 'a', 'a.b']) {
    await db.run(`DROP SCHEMA IF EXISTS "${schema}" CASCADE`);
    await db.run(`CREATE SCHEMA "${schema}"`);
  }
  await db.run('DROP SCHEMA public CASCADE; CREATE SCHEMA public');
});

const props = (more = {}) =>
  propsOf(db, {
    mode: 'incrementing',
    'schema.pattern': '%',
    'table.exclude.list': '(.*\\.)?(pg_catalog|information_schema)\\..*',
    ...more,
  });
const create = async (table: string, rows: number) => {
  await db.run(`CREATE TABLE ${table} (id bigserial PRIMARY KEY, name text)`);
  await db.run(`INSERT INTO ${table} (name) SELECT '${table.replaceAll("'", "''")}' FROM generate_series(1, ${rows})`);
};
const countOf = (committed: Committed, table: string): number =>
  committed.records.filter(record => payloadOf(record).name === table).length;

test('a new table does not take the position of another with the same full name', async () => {
  const committed = new Committed();
  await create('other.orders', 50);
  {
    await using task = await openTask(props(), committed);
    await task.exactly(50);
  }
  await create('public."other.orders"', 20);
  await using task = await openTask(props(), committed);
  await task.exactly(70);
  expect(countOf(committed, 'public."other.orders"')).toBe(20);
  expect(committed.get({ protocol: '1', table: 'public.other.orders' })).toEqual({ incrementing: 20 });
  expect(committed.get({ protocol: '1', table: 'other.orders' })).toEqual({ incrementing: 50 });
});

test('two tables with one full name are rejected, because they would share a position', async () => {
  await create('"a.b".c', 5);
  await create('a."b.c"', 5);
  await expect(openTask(props(), new Committed())).rejects.toThrow(
    '"a"."b.c" and "a.b"."c" would share a stored offset',
  );
});

test('a new table is read although the schema of another has a dot in its name', async () => {
  const committed = new Committed();
  await create('"a.b".c', 5);
  await using task = await openTask(props({ 'table.poll.interval.ms': '100' }), committed);
  await task.exactly(5);
  await create('public."b.c"', 7);
  await task.until(() => countOf(committed, 'public."b.c"') === 7);
  await create('a."b.c"', 9);
  await task.until(() => task.warnings.some(({ fields }) => fields['table'] === 'a.b.c'));
});

test('change data capture rejects two tables with one full name, because they would share a topic and positions', async () => {
  const database = await createDatabase('dotted_names');
  try {
    await database.query('CREATE SCHEMA "a.b"; CREATE SCHEMA a; CREATE TABLE "a.b".c (id int PRIMARY KEY)');
    await database.query('CREATE TABLE a."b.c" (id int PRIMARY KEY)');
    await expect(openCapture(captureProps(database), new Committed())).rejects.toThrow(
      /"a"\."b\.c" and "a\.b"\."c"|"a\.b"\."c" and "a"\."b\.c"/,
    );
    const one = captureProps(database, { 'schema.include.list': 'a' });
    await using _task = await openCapture(one, new Committed());
  } finally {
    await database.drop();
  }
});
