import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { schemaOf, structOf } from '../../src/api/index.ts';
import type { DataErrors } from '../../src/errors.ts';
import { recordsOf, rejection, TestSink } from '../integration/jdbc-sink/sink.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { generator } from '../support/generate/index.ts';

/**
 * Extension types report invalid text as an internal error or a syntax error. The JDBC sink took it for an error of the
 * server or table: it retried without end, or failed for one record.
 */
const draw = generator(import.meta.url);
const column = draw.column();
const quoted = `"${column.replaceAll('"', '""')}"`;
const key = structOf({ id: schemaOf('int32') });
const { row } = recordsOf(key, structOf({ id: schemaOf('int32'), [column]: schemaOf('string', { optional: true }) }));
const config = { 'insert.mode': 'upsert', 'pk.mode': 'record_key' };

let db: TestDatabase;
beforeAll(async () => {
  db = await createDatabase('extension_texts');
  await db.query('CREATE EXTENSION hstore; CREATE EXTENSION ltree');
});
afterAll(() => db.drop());
beforeEach(async () => {
  await db.query('DROP TABLE IF EXISTS orders');
});

const ids = async () => (await db.query('SELECT id FROM orders ORDER BY id')).map(({ id }) => id);

test.each([
  ['hstore', 'a=>1', ['a=>', '=>', 'a b']],
  ['ltree', 'a.b', ['a..b', 'q..']],
  ['tsquery', 'a & b', ['(((a', 'a b']],
])('%s', async (type, good, bad) => {
  await db.query(`CREATE TABLE orders (id int PRIMARY KEY, ${quoted} ${type})`);
  await using sink = await TestSink.open(db, config);
  const [first = ''] = bad;
  const mixed = [good, first, good, null].map((text, id) => row({ id, [column]: text }));
  expect(await rejection(sink.write(mixed))).toMatchObject({ code: 'RECORD_INVALID', index: 1 });
  expect(await ids()).toEqual([]);
  // Alone, and among other bad records.
  for (const text of bad)
    expect(await rejection(sink.write([row({ id: 9, [column]: text })]))).toMatchObject({
      code: 'RECORD_INVALID',
      message: expect.not.stringContaining(text),
    });
  const all = await rejection(sink.write(bad.map((text, id) => row({ id, [column]: text }))));
  expect((all as DataErrors).errors.map(({ index }) => index)).toEqual(bad.map((_text, id) => id));
  await sink.write([row({ id: 5, [column]: good })]);
  expect(await ids()).toEqual([5]);
});

test('an internal error of one record is a record error, of all records a server error; a transient one is retried', async () => {
  await db.query(`CREATE TABLE orders (id int PRIMARY KEY, ${quoted} text);
    CREATE SEQUENCE IF NOT EXISTS tries;
    CREATE OR REPLACE FUNCTION troubled() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      IF NEW.id = 1 OR NEW.id >= 10 AND nextval('tries') < 2 OR NEW.id >= 100
        THEN RAISE EXCEPTION 'tuple concurrently updated' USING ERRCODE = 'XX000'; END IF;
      RETURN NEW; END $$;
    CREATE TRIGGER troubled BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION troubled()`);
  await using sink = await TestSink.open(db, config);
  const rows = (...numbers: number[]) => numbers.map(id => row({ id, [column]: 'x' }));
  expect(await rejection(sink.write(rows(0, 1, 2)))).toMatchObject({ code: 'RECORD_INVALID', index: 1 });
  await sink.write(rows(0, 2));
  await sink.write(rows(10, 11));
  expect(await ids()).toEqual([0, 2, 10, 11]);
  expect(await rejection(sink.write(rows(100, 101)))).toMatchObject({
    code: 'SINK_SCHEMA',
    message: expect.stringContaining('internal error'),
  });
});
