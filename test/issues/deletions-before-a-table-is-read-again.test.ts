import { afterAll, beforeAll, expect, test } from 'vitest';
import { openTask, propsOf } from '../integration/postgresql/harness.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { quoted, tablePattern } from '../support/generate/identifiers.ts';
import { generator } from '../support/generate/index.ts';
import { Committed, keyOf, payloadOf } from '../support/source-task.ts';

/** Rows that were read, and deleted before their table is read again from the start, are deleted in the topic too. */
const draw = generator(import.meta.url);
const ROWS = 400;
let db: TestDatabase;
beforeAll(async () => {
  db = await createDatabase('again');
});
afterAll(() => db?.drop());

test.each([
  ['an integer key', 'int', 'bigint', (n: string) => n, true],
  ['a key that only the server compares', 'text', 'varchar', (n: string) => `to_char(${n}, 'FM000000')`, true],
  ['an integer key, while no task runs', 'int', 'bigint', (n: string) => n, false],
])('%s', async (_name, type, wider, value, running) => {
  const [table, id, v, more] = [draw.table(), draw.column(), draw.column(), draw.column()];
  const name = quoted(table);
  const slot = `${db.name.slice(0, 40)}_${Math.random().toString(36).slice(2, 8)}`;
  await db.query(`CREATE TABLE ${name} (${quoted(id)} ${type} PRIMARY KEY, ${quoted(v)} int, ${quoted(more)} text)`);
  const insert = (n: number, version: number) =>
    db.query(`INSERT INTO ${name} VALUES (${value(String(n))}, ${version}, 'x')`);
  await db.query(
    `INSERT INTO ${name} SELECT ${value('i')}, 0, repeat('x', 60) FROM generate_series(1, ${ROWS}) i; ANALYZE ${name}`,
  );
  const props = propsOf(db, {
    'slot.name': slot,
    'topic.prefix': slot,
    'publication.name': slot,
    'table.include.list': tablePattern('public', table),
  });
  const committed = new Committed();
  const open = () => openTask(props, committed, { maxBatchBytes: 2048 });
  const completed = () => committed.get({ server: slot })?.['snapshot_completed'] === true;
  let task = await open();
  await task.until(() => committed.records.length > 0);
  expect(completed()).toBe(false);
  if (!running) await task.close();
  const where = (n: number) => `WHERE ${quoted(id)} = ${value(String(n))}`;
  await db.query(`DELETE FROM ${name} ${where(1)}`);
  await db.query(`DELETE FROM ${name} ${where(2)}`);
  await insert(2, 2);
  await db.query(`UPDATE ${name} SET ${quoted(id)} = ${value('1000')} ${where(3)}`);
  await db.query(`DELETE FROM ${name} ${where(4)}`);
  // It starts again.
  await db.query(`ALTER TABLE ${name} ALTER ${quoted(id)} TYPE ${wider}`);
  if (!running) task = await open();
  await task.until(completed);
  await insert(4, 3);
  await db.query(`DELETE FROM ${name} WHERE ${quoted(id)} = ${value('5')}`);
  await insert(2000, 9);
  await task.until(() => committed.records.some(record => payloadOf(record)?.after?.[v] === 9));
  await task.close();
  const rows = new Map<string, number>();
  for (const record of committed.records) {
    const value = payloadOf(record);
    const key = String(Object.values(keyOf(record))[0]);
    if (value === null) continue;
    if (value.op === 'd') rows.delete(key);
    else rows.set(key, value.after[v]);
  }
  const truth = await db.query<{ id: string; v: number }>(
    `SELECT ${quoted(id)}::text AS id, ${quoted(v)} AS v FROM ${name}`,
  );
  expect([...rows].sort()).toEqual(truth.map(row => [row.id, row.v]).sort());
});
