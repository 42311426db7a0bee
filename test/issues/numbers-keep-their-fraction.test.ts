import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { KafkaClient } from '../../src/kafka/port.ts';
import { createDatabase } from '../support/database.ts';
import { TestIndex } from '../support/elasticsearch.ts';
import { eventually } from '../support/eventually.ts';
import { quoted } from '../support/generate/identifiers.ts';
import { generator } from '../support/generate/index.ts';
import { produce, testKafka } from '../support/produce.ts';
import { appendingSink, debeziumSource } from '../support/table-connectors.ts';
import { topicRecords } from '../support/topic-records.ts';
import { TestWorker } from '../support/worker.ts';

/** A whole float is written as a float, because readers derive a field's type from its form. */
const draw = generator(import.meta.url);
const json = { 'value.converter': 'JsonConverter', 'value.converter.schemas.enable': 'false' };
let worker: TestWorker;
let kafka: KafkaClient;
beforeAll(async () => {
  kafka = testKafka();
  worker = await TestWorker.start('fractions');
});
afterAll(async () => {
  await worker?.[Symbol.asyncDispose]();
  await kafka?.close();
});

test('JSON without a schema keeps floats, through transforms and beside integers', async () => {
  const [topic, name] = [draw.topic(), draw.sinkName()];
  await produce(kafka, topic, ['{"price":10.0,"n":10,"in":{"a":[1.0,1,2.5,-0.0,1e2]}}', '{"price":1.0E10,"n":-7}']);
  const file = join(worker.folder, 'lines');
  await worker.create(name, {
    'connector.class': 'FileStreamSink',
    file,
    topics: topic,
    ...json,
    transforms: 'rename,cast',
    'transforms.rename.type': 'org.apache.kafka.connect.transforms.ReplaceField$Value',
    'transforms.rename.renames': 'price:cost',
    'transforms.cast.type': 'org.apache.kafka.connect.transforms.Cast$Value',
    'transforms.cast.spec': 'n:float64',
  });
  const lines = await eventually('the lines are written', async () => {
    const text = await readFile(file, 'utf8').catch(() => '');
    return text.split('\n').length > 2 && text;
  });
  expect(lines).toBe('{cost=10.0, n=10.0, in={a=[1.0, 1, 2.5, -0.0, 100.0]}}\n{cost=1.0E10, n=-7.0}\n');
});

test('columns keep floats in snapshot and stream, as in Debezium', async () => {
  await using db = await createDatabase('fractions');
  const [table, name] = [draw.table(), draw.connectorName()];
  await db.query(`CREATE TABLE ${quoted(table)} (id int PRIMARY KEY, d float8, f float4, n numeric(9,2), a float8[])`);
  const insert = (id: number) =>
    db.query(`INSERT INTO ${quoted(table)} VALUES (${id}, 8, 1e10, 3, '{-0,1e-5,12345678}')`);
  await insert(1);
  await worker.create(name, {
    ...debeziumSource(db),
    ...json,
    'decimal.handling.mode': 'double',
    'topic.creation.default.replication.factor': '1',
    'topic.creation.default.partitions': '1',
    transforms: 'unwrap,route',
    'transforms.unwrap.type': 'io.debezium.transforms.ExtractNewRecordState',
    'transforms.route.type': 'org.apache.kafka.connect.transforms.RegexRouter',
    'transforms.route.regex': '.*',
    'transforms.route.replacement': db.name,
  });
  const values = async () => (await topicRecords(db.name).catch(() => [])).map(({ value }) => value);
  await eventually('the snapshot is written', async () => (await values()).length === 1);
  await insert(2);
  await eventually('the change is written', async () => (await values()).length === 2);
  const columns = '"d":8.0,"f":1.0E10,"n":3.0,"a":[-0.0,1.0E-5,1.2345678E7]';
  expect(await values()).toEqual([1, 2].map(id => `{"id":${id},${columns}}`));
});

test('JSON without a schema keeps floats in columns of every kind, as values and keys', async () => {
  await using db = await createDatabase('fractions');
  const [topic, name] = [draw.topic(), draw.sinkName()];
  await db.query(
    'CREATE TABLE t (id int PRIMARY KEY, i bigint, n numeric, f float8, t text, j json, at timestamp, a float8[], r int[])',
  );
  const row = (id: string, i: string) =>
    `{"id":${id},"i":${i},"n":10.0,"f":1.0E10,"t":10.0,"j":{"x":[1.0,2]},"at":86400000000.0,"a":[1.0,2.5],"r":[3.0]}`;
  await produce(kafka, topic, [row('1.0', '1'), row('1', '2.0'), row('2', '3.0')]);
  await worker.create(name, {
    ...appendingSink(db, topic, 't'),
    'insert.mode': 'upsert',
    'pk.mode': 'record_value',
    'pk.fields': 'id',
  });
  await eventually('the rows are written', async () => (await db.query('SELECT id FROM t')).length === 2);
  const rows = await db.query('SELECT id, i, n, f, t, j::text, at::text, a::text, r::text FROM t ORDER BY id');
  const others = { n: '10', f: 1e10, t: '10', j: '{"x":[1.0,2]}', at: '1970-01-02 00:00:00', a: '{1,2.5}', r: '{3}' };
  expect(rows).toEqual([
    { id: 1, i: '2', ...others },
    { id: 2, i: '3', ...others },
  ]);
});

test('Elasticsearch maps a float field for documents', async () => {
  await using index = new TestIndex('fractions');
  const name = draw.sinkName();
  const schema = { type: 'struct', fields: [{ field: 'rate', type: 'double' }] };
  await produce(kafka, index.name, ['{"price":10.0}', '{"price":10.5}']);
  const typed = new TestIndex('typed');
  await produce(kafka, typed.name, [JSON.stringify({ schema, payload: { rate: 10 } })]);
  const sink = (topic: string) => ({
    'connector.class': 'ElasticsearchSinkConnector',
    'connection.url': index.url,
    topics: topic,
    'key.ignore': 'true',
    'schema.ignore': 'true',
  });
  await worker.create(name, { ...sink(index.name), ...json });
  await worker.create(`${name}-typed`, { ...sink(typed.name), 'value.converter': 'JsonConverter' });
  const mapped = async (of: TestIndex) => (await of.properties().catch(() => undefined)) ?? {};
  await eventually(
    'the fields are mapped',
    async () => 'price' in (await mapped(index)) && 'rate' in (await mapped(typed)),
  );
  expect([await mapped(index), await mapped(typed)]).toEqual([
    { price: { type: 'float' } },
    { rate: { type: 'float' } },
  ]);
  await typed[Symbol.asyncDispose]();
}, 60_000);
