import { afterAll, beforeAll, expect, test } from 'vitest';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { quoted, tablePattern, topicOf } from '../support/generate/identifiers.ts';
import { generator } from '../support/generate/index.ts';
import { debeziumSource } from '../support/table-connectors.ts';
import { topicRecords } from '../support/topic-records.ts';
import { TestWorker } from '../support/worker.ts';

/** A row larger than its topic allows is reported with its key, its size and the setting. */
const draw = generator(import.meta.url);
const table = draw.table();
const [key, small, large] = [draw.column(), draw.column(), draw.column()];
let worker: TestWorker;
let db: TestDatabase;
beforeAll(async () => {
  [worker, db] = await Promise.all([TestWorker.start('large_rows'), createDatabase('large_rows')]);
  await db.query(
    `CREATE TABLE ${quoted(table)} (${quoted(key)} int PRIMARY KEY, ${quoted(small)} text, ${quoted(large)} text)`,
  );
  await insert(1, 100);
  await insert(2, 1_100_000);
  await insert(3, 100);
});
afterAll(async () => {
  await worker?.[Symbol.asyncDispose]();
  await db?.drop();
});

const insert = (id: number, bytes: number) =>
  db.query(
    `INSERT INTO ${quoted(table)} SELECT ${id}, 'hidden', string_agg(md5((g * ${id})::text), '') FROM generate_series(1, ${Math.ceil(bytes / 32)}) g`,
  );
const create = async (more: Record<string, string>) => {
  const name = draw.connectorName();
  const slot = `${db.name.slice(0, 50)}_${slots++}`;
  await worker.create(name, {
    ...debeziumSource(db, slot),
    'table.include.list': tablePattern('public', table),
    ...more,
  });
  return { name, topic: topicOf(slot, 'public', table) };
};
let slots = 0;
const place = (what: string) =>
  `${what} row of table "public".${quoted(table)}, which has the key (${quoted(key)}), at LSN `;

test('a large snapshot row fails the task', async () => {
  const { name } = await create({});
  const { trace } = await worker.awaitState(name, 'FAILED');
  expect(trace).toContain(place('a'));
  expect(trace).toContain(`(its largest column, ${quoted(large)}, has 11000`);
  expect(trace).toMatch(
    /it has 11\d{5} bytes, and max\.message\.bytes of topic .* is 1048588\. Raise max\.message\.bytes/s,
  );
  expect(trace).not.toContain('hidden');
});

test('large rows of snapshot and stream are skipped under errors.tolerance and logged', async () => {
  const { name, topic } = await create({
    'errors.tolerance': 'all',
    'errors.log.enable': 'true',
    'errors.log.include.messages': 'true',
  });
  await eventually('the snapshot is written', async () => (await topicRecords(topic)).length === 2);
  await insert(4, 1_200_000);
  await insert(5, 100);
  await eventually('the stream continues', async () => (await topicRecords(topic)).length === 3);
  const log = (await worker.log()).replaceAll('\\"', '"').replaceAll('\\\\', '\\');
  expect(log).toContain(place('an inserted').replaceAll('\n', '\\n'));
  await eventually('both are counted', async () => (await worker.task(name))?.figures?.['records_skipped'] === 2);
});
