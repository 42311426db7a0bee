import { afterAll, beforeAll, expect, test } from 'vitest';
import { createDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { generator } from '../support/generate/index.ts';
import { debeziumSource } from '../support/table-connectors.ts';
import { topicRecords } from '../support/topic-records.ts';
import { TestWorker } from '../support/worker.ts';

/** A key change is a deletion and a creation, and `skipped.operations` skips them as such, as in Debezium. */
const draw = generator(import.meta.url);
let worker: TestWorker;
beforeAll(async () => {
  worker = await TestWorker.start('skipped');
});
afterAll(() => worker?.[Symbol.asyncDispose]());

test.each([
  ['d', ['c 1', 'c 2', 'c 3']],
  ['c', ['d 1', 'null']],
  ['u', ['c 1', 'c 3']],
])('skipped.operations=%s', async (skipped, expected) => {
  await using source = await createDatabase('skipped');
  const name = draw.connectorName();
  await source.query('CREATE TABLE t (id int PRIMARY KEY)');
  await worker.create(name, {
    ...debeziumSource(source),
    'snapshot.mode': 'no_data',
    'skipped.operations': skipped,
    'value.converter': 'org.apache.kafka.connect.json.JsonConverter',
    'value.converter.schemas.enable': 'false',
  });
  // The slot is active earlier, while it waits for its first position.
  await eventually('the slot has a position', async () => {
    const slots = await source.query(
      'SELECT 1 FROM pg_replication_slots WHERE active AND confirmed_flush_lsn IS NOT NULL AND database = current_database()',
    );
    return slots.length === 1;
  });
  await source.query('INSERT INTO t VALUES (1)');
  await source.query('UPDATE t SET id = 2');
  await source.query('INSERT INTO t VALUES (3)');
  const shown = ({ value }: { value: string | null }) => {
    if (value === null) return 'null';
    const { op, before, after } = JSON.parse(value);
    return `${op} ${(after ?? before).id}`;
  };
  await eventually(
    'the records are written',
    async () => (await topicRecords(`${source.name}.public.t`)).length >= expected.length,
  );
  expect((await topicRecords(`${source.name}.public.t`)).map(shown)).toEqual(expected);
});
