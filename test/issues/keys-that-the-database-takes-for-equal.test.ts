import { afterAll, beforeAll, expect, test } from 'vitest';
import { TableCopies } from '../support/table-copy.ts';

/** Keys of different bytes that are equal in the destination keep the order of their changes in a batch. */
let copies: TableCopies;
beforeAll(async () => {
  copies = await TableCopies.start('equal_keys');
});
afterAll(() => copies?.[Symbol.asyncDispose]());

const nocase = `CREATE COLLATION nocase (provider = icu, locale = 'und-u-ks-level2', deterministic = false)`;

test.each([
  ['insensitive', 'CREATE EXTENSION IF NOT EXISTS citext', 'citext'],
  ['padded', 'SELECT', 'char(5)'],
  ['collated', nocase, 'text COLLATE nocase'],
])('%s', async (name, before, type) => {
  const of = (key: string) => `CREATE TABLE ${name} (id ${key} PRIMARY KEY, v int)`;
  const [one, other] = name === 'padded' ? ['a', 'a  '] : ['a', 'A'];
  await copies.source.query(`${of('text')}; INSERT INTO ${name} VALUES ('start', 0), ('${other}', 1), ('z${one}', 1)`);
  const copy = await copies.copyTo(`${before}; ${of(type)}`, [name]);
  await copy.awaitValue(name, 'start', 0);
  // In turn, the last change of each destination key is a deletion of the first form and a write of the second.
  await copies.source.query(`BEGIN;
    INSERT INTO ${name} VALUES ('${one}', 2); DELETE FROM ${name} WHERE id = '${other}';
    DELETE FROM ${name} WHERE id = 'z${one}'; INSERT INTO ${name} VALUES ('z${other}', 3);
    UPDATE ${name} SET v = 8 WHERE id = 'start'; COMMIT`);
  await copy.awaitValue(name, 'start', 8);
  const rows = () => copy.database.query(`SELECT trim(id::text) AS id, v FROM ${name} ORDER BY v`);
  expect(await rows()).toEqual([
    { id: `z${other}`.trim(), v: 3 },
    { id: 'start', v: 8 },
  ]);
  await copies.source.query(`BEGIN;
    INSERT INTO ${name} VALUES ('y${one}', 4), ('y${other}', 5); UPDATE ${name} SET v = 9 WHERE id = 'start'; COMMIT`);
  await copy.awaitValue(name, 'start', 9);
  expect((await rows()).map(({ v }) => v)).toEqual([3, 5, 9]);
});
