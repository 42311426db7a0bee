import { afterAll, beforeAll, expect, test } from 'vitest';
import { Bytes, type SinkRecord, type Value } from '../../src/api/index.ts';
import type { KafkaClient } from '../../src/kafka/port.ts';
import { converter } from '../converters/neutral.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { generator } from '../support/generate/index.ts';
import { produce, testKafka } from '../support/produce.ts';
import { appendingSink } from '../support/table-connectors.ts';
import { TestWorker } from '../support/worker.ts';
import { transformOf } from '../transforms/golden.ts';

/** A missing field named `constructor`, `toString` and so on is as absent as any other. */
const names = Object.getOwnPropertyNames(Object.prototype);
const absent = 'absent';
const draw = generator(import.meta.url);
let worker: TestWorker;
let kafka: KafkaClient;
let db: TestDatabase;
beforeAll(async () => {
  kafka = testKafka();
  [worker, db] = await Promise.all([TestWorker.start('inherited'), createDatabase('inherited')]);
});
afterAll(async () => {
  await worker?.[Symbol.asyncDispose]();
  await kafka?.close();
  await db?.drop();
});

/** Settings that contain the field NAME, by type. */
const transforms: readonly (readonly [type: string, config: Readonly<Record<string, string>>])[] = [
  ['org.apache.kafka.connect.transforms.ExtractField$Value', { field: 'NAME' }],
  ['org.apache.kafka.connect.transforms.ExtractField$Value', { field: 'driver.NAME', 'field.syntax.version': 'V2' }],
  ['org.apache.kafka.connect.transforms.ValueToKey', { fields: 'id,NAME' }],
  ['org.apache.kafka.connect.transforms.Cast$Value', { spec: 'NAME:string' }],
  ['org.apache.kafka.connect.transforms.MaskField$Value', { fields: 'NAME' }],
  ['org.apache.kafka.connect.transforms.TimestampConverter$Value', { field: 'NAME', 'target.type': 'unix' }],
  ['org.apache.kafka.connect.transforms.HeaderFrom$Value', { fields: 'NAME', headers: 'h', operation: 'copy' }],
  ['org.apache.kafka.connect.transforms.HeaderFrom$Value', { fields: 'NAME', headers: 'h', operation: 'move' }],
  ['org.apache.kafka.connect.transforms.ReplaceField$Value', { exclude: 'NAME' }],
  ['org.apache.kafka.connect.transforms.ReplaceField$Value', { include: 'NAME,id' }],
  ['org.apache.kafka.connect.transforms.ReplaceField$Value', { renames: 'id:NAME' }],
  ['org.apache.kafka.connect.transforms.InsertField$Value', { 'static.field': 'NAME', 'static.value': 'v' }],
  ['org.apache.kafka.connect.transforms.HoistField$Value', { field: 'NAME' }],
  ['io.debezium.transforms.ExtractNewRecordState', { 'add.fields': 'NAME,source.NAME', 'route.by.field': 'NAME' }],
];

const values: readonly Value[] = [
  { id: 1, driver: { name: 'n' } },
  { op: 'c', source: { table: 't' }, before: null, after: { id: 1 } },
];

/** The result as JSON with `name` replaced by NAME, or the error message. */
async function outcome(type: string, config: Readonly<Record<string, string>>, value: Value, name: string) {
  const settings = Object.entries(config).map(([key, text]) => [key, text.replaceAll('NAME', name)]);
  const record: SinkRecord = {
    topic: 't',
    partition: 0,
    offset: 0,
    keySchema: null,
    key: null,
    valueSchema: null,
    value,
    timestamp: null,
    headers: [],
    originalTopic: 't',
    originalPartition: 0,
  };
  const json = (of: Value) => {
    const out = new Bytes();
    return converter({ 'schemas.enable': 'false' }).fromConnect('t', null, of, out) ? out.take().toString() : null;
  };
  try {
    const transformed = (await transformOf(type, Object.fromEntries(settings))).apply(record);
    const parts =
      transformed === null
        ? null
        : [transformed.topic, json(transformed.key), json(transformed.value), transformed.headers];
    return JSON.stringify(parts).replaceAll(name, 'NAME');
  } catch (error) {
    return String(error).replaceAll(name, 'NAME');
  }
}

test.each(transforms)('%s with %j', async (type, config) => {
  for (const value of values) {
    const expected = await outcome(type, config, value, absent);
    for (const name of names) expect(await outcome(type, config, value, name), name).toBe(expected);
  }
});

test('columns and schemas may have such names', async () => {
  const columns = names.map(name => `"${name}" text`).join(', ');
  await db.query(`CREATE TABLE plain (id int, ${columns}); CREATE TABLE typed (id int, ${columns})`);
  const [plain, typed] = [draw.topic(), draw.topic()];
  await produce(kafka, plain, ['{"id":1}', '{"id":2,"constructor":"c"}']);
  const fields = [
    { field: 'id', type: 'int32' },
    ...names.map(name => ({ field: name, type: 'string', optional: true, name })),
  ];
  const payload = JSON.stringify({ schema: { type: 'struct', fields, name: 'constructor' }, payload: { id: 3 } });
  await produce(kafka, typed, [payload]);
  await worker.create(draw.sinkName(), appendingSink(db, plain, 'plain'));
  await worker.create(draw.sinkName(), {
    ...appendingSink(db, typed, 'typed'),
    'value.converter.schemas.enable': 'true',
  });
  const count = async () => (await db.query('SELECT id FROM plain UNION ALL SELECT id FROM typed')).length;
  await eventually('the rows are written', async () => (await count()) === 3);
  const nothing = Object.fromEntries(names.map(name => [name, null]));
  expect(await db.query('SELECT * FROM plain ORDER BY id')).toEqual([
    { id: 1, ...nothing },
    { id: 2, ...nothing, constructor: 'c' },
  ]);
  expect(await db.query('SELECT * FROM typed')).toEqual([{ id: 3, ...nothing }]);
});
