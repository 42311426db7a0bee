import { expect, test } from 'vitest';
import { openTask, propsOf } from '../integration/postgresql/harness.ts';
import { createDatabase } from '../support/database.ts';
import { Committed } from '../support/source-task.ts';

test('a field name that starts with a digit gets a leading underscore, as in Debezium', async () => {
  await using db = await createDatabase('digits');
  await db.query('CREATE TABLE t (id int PRIMARY KEY, "1st" int, "2-nd" int); INSERT INTO t VALUES (1, 2, 3)');
  const committed = new Committed();
  await using task = await openTask(propsOf(db, { 'field.name.adjustment.mode': 'avro' }), committed);
  await task.until(() => committed.records.length > 0);
  const [record] = committed.records;
  const names = record?.valueSchema?.type === 'struct' && record.valueSchema.byName.get('after')?.schema;
  expect(names && names.type === 'struct' && names.fields.map(({ name }) => name)).toEqual(['id', '_1st', '_2_nd']);
});
