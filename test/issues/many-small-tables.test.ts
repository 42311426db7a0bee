import { afterAll, beforeAll, expect, test } from 'vitest';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { quoted, topicOf } from '../support/generate/identifiers.ts';
import { generator } from '../support/generate/index.ts';
import { debeziumSource } from '../support/table-connectors.ts';
import { topicContents, topicRecords } from '../support/topic-records.ts';
import { TestWorker } from '../support/worker.ts';

const TABLES = 60;
const ROWS = 3;
const draw = generator(import.meta.url);
let worker: TestWorker;
let database: TestDatabase;

beforeAll(async () => {
  [worker, database] = await Promise.all([
    TestWorker.start('tables', () => ({ 'offset.storage.partitions': '1' })),
    createDatabase('tables'),
  ]);
});
afterAll(async () => {
  await worker?.[Symbol.asyncDispose]();
  await database?.drop();
});

test('small tables of a snapshot share transactions, and their topics are created together', async () => {
  const [name, prefix] = [draw.connectorName(), draw.topic(100)];
  // Names that differ only in characters that topics cannot have would share a topic.
  const tables = new Map(
    Array.from({ length: TABLES }, () => draw.table()).map(table => [topicOf(prefix, 'public', table), table]),
  );
  for (const table of tables.values())
    await database.query(
      `CREATE TABLE ${quoted(table)} (id int PRIMARY KEY); INSERT INTO ${quoted(table)} SELECT generate_series(1, ${ROWS})`,
    );
  await worker.create(name, {
    ...debeziumSource(database),
    'topic.prefix': prefix,
    'snapshot.mode': 'initial_only',
    'value.converter': 'org.apache.kafka.connect.json.JsonConverter',
    'value.converter.schemas.enable': 'false',
  });
  await eventually('all rows are written', async () => {
    const task = await worker.task(name);
    return task?.figures?.['records_written'] === tables.size * ROWS;
  });
  const markers: string[] = [];
  for (const topic of tables.keys()) {
    const values = (await topicRecords(topic)).map(({ value }) => JSON.parse(value ?? '{}'));
    expect(values.map(({ after }) => after.id)).toEqual([1, 2, 3]);
    markers.push(...values.map(({ source }) => source.snapshot));
  }
  const count = (marker: string) => markers.filter(one => one === marker).length;
  expect([count('first'), count('last')]).toEqual([1, 1]);
  expect([count('first_in_data_collection'), count('last_in_data_collection')]).toEqual([
    tables.size - 1,
    tables.size - 1,
  ]);
  const { transactions } = await topicContents(String(worker.properties['offset.storage.topic']));
  expect(transactions).toBeLessThan(tables.size / 2);
}, 60_000);
