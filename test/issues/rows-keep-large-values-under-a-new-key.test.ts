import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { schemaOf, structOf } from '../../src/api/index.ts';
import { record, struct, TestSink } from '../integration/jdbc-sink/sink.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { TableCopies } from '../support/table-copy.ts';

/**
 * A key change is a deletion and a creation. PostgreSQL does not send unchanged large values: the new row takes them
 * from the old one.
 */
const definition = `
  CREATE TABLE t (id int PRIMARY KEY, v int, mail text UNIQUE, t text NOT NULL, n float8[] NOT NULL);
  ALTER TABLE t ALTER t SET STORAGE EXTERNAL;
  CREATE TABLE pairs (id bigint, b text, v int, t text NOT NULL, PRIMARY KEY (id, b));
  ALTER TABLE pairs ALTER t SET STORAGE EXTERNAL`;
const large = (id: string) => `repeat('row ' || ${id}, 3000)`;

test('large values stay through change data capture', async () => {
  await using copies = await TableCopies.start('new_key');
  const { source } = copies;
  await source.query(definition);
  await source.query(
    `INSERT INTO t SELECT g, 0, 'mail' || g, ${large('g')}, ARRAY(SELECT g + i FROM generate_series(1, 2000) i) FROM generate_series(1, 20) g`,
  );
  await source.query(
    `INSERT INTO pairs SELECT g * 10000000000000001, 'x"\\,' || g, 0, ${large('g')} FROM generate_series(1, 5) g`,
  );
  const plain = await copies.copyTo(definition, ['t', 'pairs']);
  const keeping = await copies.copyTo(definition.replace(' UNIQUE', ''), ['t', 'pairs'], {
    sink: { 'delete.enabled': 'false' },
  });
  for (const copy of [plain, keeping]) await copy.awaitValue('t', 20, 0);
  await source.query('UPDATE t SET id = 110 WHERE id = 10');
  await source.query('UPDATE t SET id = id + 1000, v = 7 WHERE id BETWEEN 11 AND 15');
  // One row takes the key of another, and one goes through several keys.
  await source.query(
    `BEGIN; UPDATE t SET id = 300 WHERE id = 1; UPDATE t SET id = 1 WHERE id = 2; UPDATE t SET id = 2 WHERE id = 300; COMMIT`,
  );
  await source.query(
    `BEGIN; UPDATE t SET id = 301 WHERE id = 3; UPDATE t SET t = ${large("'b'")} WHERE id = 301; UPDATE t SET id = 302 WHERE id = 301; COMMIT`,
  );
  await source.query(
    `BEGIN; INSERT INTO t VALUES (400, 0, 'new', ${large("'new'")}, '{1}'); UPDATE t SET id = 401 WHERE id = 400; COMMIT`,
  );
  await source.query(`BEGIN; UPDATE t SET id = 500 WHERE id = 4; DELETE FROM t WHERE id = 500; COMMIT`);
  await source.query(`UPDATE pairs SET id = id + 1, b = b || '!'`);
  await source.query('UPDATE t SET v = 99 WHERE id = 20');
  await source.query('UPDATE pairs SET v = 99');
  for (const copy of [plain, keeping]) {
    await copy.awaitValue('t', 20, 99);
    await copy.awaitValue('pairs', '50000000000000006', 99);
  }
  expect(await plain.rows('t')).toEqual(await copies.rows('t'));
  expect(await plain.rows('pairs')).toEqual(await copies.rows('pairs'));
  const ids = new Set((await copies.rows('t')).map(({ id }) => id));
  expect((await keeping.rows('t')).filter(({ id }) => ids.has(id ?? null))).toEqual(await copies.rows('t'));
});

describe('large values stay when changes are split into batches anywhere, with one task or two', () => {
  let db: TestDatabase;
  beforeAll(async () => {
    db = await createDatabase('new_key');
    await db.query('CREATE TABLE t (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, v int, t text NOT NULL)');
  });
  afterAll(() => db?.drop());

  const keySchema = structOf({ id: schemaOf('int32') });
  const valueSchema = structOf({ id: schemaOf('int32'), v: schemaOf('int32'), t: schemaOf('string') });
  const config = {
    'insert.mode': 'upsert',
    'pk.mode': 'record_key',
    'delete.enabled': 'true',
    'table.name.format': 't',
  };
  const key = (id: number) => ({ keySchema, key: struct(keySchema, { id }) });
  const rekeyed = (from: number, to: number, header: (id: number) => unknown) => [
    ...[1, 2].map(() =>
      record({ ...key(from), headers: [{ key: '__debezium.newkey', schema: null, value: header(to) as string }] }),
    ),
    record({
      ...key(to),
      valueSchema,
      value: struct(valueSchema, { id: to, v: 5, t: '__debezium_unavailable_value' }),
      headers: [{ key: '__debezium.oldkey', schema: null, value: header(from) as string }],
    }),
  ];
  const headers = {
    'as text': (id: number) => `{"id":${id}}`,
    'as structs': (id: number) => struct(keySchema, { id }),
    'as objects': (id: number) => ({ id }),
  };

  test.each(Object.entries(headers))('headers %s', async (_name, header) => {
    await using sink = await TestSink.open(db, config);
    for (const order of [
      [0, 1, 2],
      [2, 0, 1],
    ])
      for (const cuts of [[3], [1, 2], [2, 1], [1, 1, 1]]) {
        await db.query('TRUNCATE t');
        await db.query("INSERT INTO t OVERRIDING SYSTEM VALUE VALUES (1, 0, 'large')");
        const records = rekeyed(1, 2, header);
        const ordered = order.map((at, i) => ({ ...(records[at] as (typeof records)[number]), offset: i }));
        for (const size of cuts) await sink.write(ordered.splice(0, size));
        expect(await db.query('SELECT * FROM t'), `${order} in ${cuts}`).toEqual([{ id: 2, v: 5, t: 'large' }]);
      }
  });

  test('a key that cannot be read is an error of the record, not null', async () => {
    await db.query("TRUNCATE t; INSERT INTO t OVERRIDING SYSTEM VALUE VALUES (1, 0, 'large')");
    await using sink = await TestSink.open(db, config);
    const [, , creation] = rekeyed(1, 2, () => '{"id":{}}');
    await expect(sink.write([creation as typeof creation & object])).rejects.toThrow(
      /__debezium\.oldkey.*header\.converter/,
    );
    expect(await db.query('SELECT * FROM t')).toEqual([{ id: 1, v: 0, t: 'large' }]);
  });
});
