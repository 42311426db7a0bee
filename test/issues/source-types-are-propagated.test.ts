import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { columnTypes } from '../../connectors/jdbc-sink/table/column-types.ts';
import type { Schema, SourceRecord, StructSchema } from '../../src/api/index.ts';
import { runScript } from '../integration/postgresql/golden.ts';
import { openTask, propsOf } from '../integration/postgresql/harness.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { Committed } from '../support/source-task.ts';

/** `column.propagate.source.type` and `datatype.propagate.source.type`, compared with the stream of Debezium 3.7. */
let db: TestDatabase;
beforeAll(async () => {
  db = await createDatabase('source_types');
  const client = await db.client();
  await runScript(client, 'schema.sql');
  await runScript(client, 'rows.sql', 0);
});
afterAll(() => db?.drop());

type Golden = Readonly<
  Record<string, Readonly<Record<string, readonly [type: string, length: string, scale: string, name: string]>>>
>;
const golden: Golden = JSON.parse(
  readFileSync(new URL('../connectors/postgresql/golden/column-types.json', import.meta.url), 'utf8'),
);

/** Records of the snapshot by `schema.table`, one each. */
async function snapshot(slot: string, more: Record<string, string>): Promise<Map<string, SourceRecord>> {
  const committed = new Committed();
  const prefix = `${db.name.slice(0, 50)}_${slot}`;
  await using task = await openTask(
    propsOf(db, {
      'slot.name': prefix,
      'topic.prefix': prefix,
      'publication.autocreate.mode': 'all_tables',
      'include.unknown.datatypes': 'true',
      ...more,
    }),
    committed,
  );
  await task.until(() => committed.get({ server: prefix })?.['snapshot_completed'] === true);
  return new Map(committed.records.map(record => [record.topic.slice(prefix.length + 1), record]));
}

const structIn = (schema: Schema | null | undefined): StructSchema => {
  if (schema?.type !== 'struct') expect.unreachable();
  return schema;
};
const rowOf = (record: SourceRecord | undefined): StructSchema =>
  structIn(structIn(record?.valueSchema).fields.find(({ name }) => name === 'after')?.schema);
const PREFIX = '__debezium.source.column.';
const sourceType = ({ parameters = {} }: Schema) =>
  ['type', 'length', 'scale', 'name'].map(name => parameters[PREFIX + name] ?? null);

test('every type has its parameters', async () => {
  const records = await snapshot('all', { 'column.propagate.source.type': '.*' });
  const differences: string[] = [];
  let compared = 0;
  for (const [id, columns] of Object.entries(golden)) {
    const record = records.get(id.replaceAll(/[^A-Za-z0-9._-]/g, '_'));
    // Only Debezium has generated columns in snapshots, and some tables are empty before the script's second run.
    if (record === undefined) continue;
    for (const { name, schema } of rowOf(record).fields) {
      const theirs = columns[name];
      if (theirs === undefined) continue;
      compared++;
      if (JSON.stringify(sourceType(schema)) !== JSON.stringify(theirs))
        differences.push(`${id}.${name}: ${sourceType(schema)}, not ${theirs}`);
    }
    const key = record.keySchema?.type === 'struct' ? record.keySchema.fields : [];
    expect(
      key.flatMap(({ schema }) => Object.keys(schema.parameters ?? {})).filter(one => one.startsWith(PREFIX)),
    ).toEqual([]);
  }
  expect(differences).toEqual(['public.t_num.c_num_neg: NUMERIC,5,-2,c_num_neg, not NUMERIC,5,2046,c_num_neg']);
  expect(compared).toBeGreaterThan(150);
});

test('selected columns and types have parameters, from which a sink creates columns', async () => {
  const records = await snapshot('some', {
    'column.propagate.source.type': 'PUBLIC.t_text.c_VARCHAR10, public\\.t_text\\.c_char5,c_text',
    'datatype.propagate.source.type': 'public\\.t_time\\.timestamp,.*\\.JSONB',
    'table.include.list': 'public\\.t_text,public\\.t_time',
  });
  const createdTypes = (table: string) => {
    const typedFields = rowOf(records.get(table)).fields.filter(({ schema }) => sourceType(schema)[0] !== null);
    return Object.fromEntries(typedFields.map(({ name, schema }) => [name, columnTypes(schema, 'public')[0]]));
  };
  expect(createdTypes('public.t_text')).toEqual({ c_varchar10: 'varchar(10)', c_char5: 'char(5)', c_jsonb: 'jsonb' });
  expect(createdTypes('public.t_time')).toEqual({
    c_ts: 'timestamp(6)',
    c_ts0: 'timestamp(0)',
    c_ts3: 'timestamp(3)',
    c_ts4: 'timestamp(4)',
    c_ts6: 'timestamp(6)',
  });
});
