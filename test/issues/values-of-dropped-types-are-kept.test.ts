import { expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { TableCopies } from '../support/table-copy.ts';

/** A backlog contains values of types that were dropped before they are read. */
test('a value whose type was dropped before it was read is kept as text', async () => {
  await using copies = await TableCopies.start('dropped_types');
  const { source, worker } = copies;
  const definition = `CREATE TYPE mood AS ENUM ('sad', 'ok'); CREATE DOMAIN price AS numeric(8,2);
    CREATE TABLE t (id int PRIMARY KEY, v int, m mood, p price, ms mood[])`;
  await source.query(`${definition}; INSERT INTO t VALUES (1, 1, 'sad', 1.5, '{ok}')`);
  const copy = await copies.copyTo(definition, ['t']);
  await copy.awaitValue('t', 1, 1);
  await worker.call('PUT', `/connectors/${copy.name}-source/stop`);
  await eventually('the source has stopped', async () => (await worker.task(`${copy.name}-source`)) === undefined);
  await source.query(`INSERT INTO t VALUES (2, 2, 'ok', 2.5, '{sad,NULL}')`);
  await source.query(`ALTER TABLE t ALTER m TYPE text, ALTER p TYPE text, ALTER ms TYPE text;
    DROP TYPE mood; DROP DOMAIN price`);
  await source.query(`INSERT INTO t VALUES (3, 3, 'sad', '3.5', '{ok}')`);
  await worker.call('PUT', `/connectors/${copy.name}-source/resume`);
  await copy.awaitValue('t', 3, 3);
  expect(await copy.rows('t')).toEqual([
    { id: '1', v: '1', m: 'sad', p: '1.50', ms: '{ok}' },
    { id: '2', v: '2', m: 'ok', p: '2.50', ms: '{sad,NULL}' },
    { id: '3', v: '3', m: 'sad', p: '3.50', ms: '{ok}' },
  ]);
});
