import { expect, test } from 'vitest';
import { PostgresFiles } from '../support/postgres-files.ts';
import { TableCopies } from '../support/table-copy.ts';

/** Object ids are unsigned: in an old cluster, ids of tables and types may exceed 32-bit signed integers. */
test('columns of types with large object ids are captured', async () => {
  await using files = await PostgresFiles.start();
  await files.nextObjectId(3_000_000_000);
  await using copies = await TableCopies.start('large_ids', {
    host: '127.0.0.1',
    port: files.port,
    user: 'postgres',
    password: '',
  });
  const { source } = copies;
  const definition = `
    CREATE EXTENSION citext; CREATE EXTENSION hstore; CREATE EXTENSION ltree;
    CREATE TYPE mood AS ENUM ('sad', 'ok'); CREATE DOMAIN price AS numeric(8,2); CREATE DOMAIN amount AS price;
    CREATE TABLE t (id int PRIMARY KEY, v int, m mood, p price, a amount, c citext, h hstore, l ltree,
      ms mood[], ps price[], cs citext[], hs hstore[], ls ltree[])`;
  await source.query(definition);
  const [type] = await source.query<{ oid: number }>(`SELECT 'mood'::regtype::oid`);
  expect(type?.oid).toBeGreaterThan(2 ** 31);
  const insert = (id: number) =>
    source.query(`INSERT INTO t VALUES (${id}, 0, 'ok', 1.5, 2.5, 'A', 'a=>1', 'a.b',
      '{sad,NULL}', '{1.5}', '{A}', '{a=>1}', '{a.b}')`);
  await insert(1);
  const copy = await copies.copyTo(definition, ['t']);
  await copy.awaitValue('t', 1, 0);
  await insert(2);
  await copy.awaitValue('t', 2, 0);
  expect(await copy.rows('t')).toEqual(await copies.rows('t'));
  await source.query(`UPDATE t SET v = 1, m = 'sad' WHERE id = 1`);
  await copy.awaitValue('t', 1, 1);
  expect((await copy.rows('t'))[0]).toMatchObject({ m: 'sad' });
});
