import { afterAll, beforeAll, expect, test } from 'vitest';
import { schemaOf, structOf } from '../../src/api/index.ts';
import { recordsOf, rejection, TestSink } from '../integration/jdbc-sink/sink.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';

/** PostgreSQL cuts names to 63 bytes. Topics that differ only after that must not be written to one table. */
let db: TestDatabase;
beforeAll(async () => {
  db = await createDatabase('cut_alike');
});
afterAll(() => db?.drop());

const fields = structOf({ id: schemaOf('int32') });
const creating = { 'insert.mode': 'upsert', 'pk.mode': 'record_key', 'auto.create': 'true' };

test.each([
  ['x'.repeat(63), `${'x'.repeat(63)}.orders`],
  [`${'y'.repeat(63)}.orders`, `${'y'.repeat(63)}.events`],
])('a second topic is rejected, and its rows do not replace those of the first: %s, %s', async (first, second) => {
  const assigned = [first, second].map(topic => ({ topic, partition: 0 }));
  // A dot separates schema and table.
  const config = { ...creating, 'table.name.format': `"\${topic}"` };
  await using sink = await TestSink.open(db, config, { assigned, connector: first.slice(0, 3) });
  await sink.write([recordsOf(fields, fields, first).row({ id: 1 })]);
  const refused = await rejection(sink.write([recordsOf(fields, fields, second).row({ id: 1 })]));
  expect(refused).toMatchObject({
    code: 'SINK_SCHEMA',
    message: expect.stringMatching(/63 bytes.*table\.name\.format/),
  });
});
