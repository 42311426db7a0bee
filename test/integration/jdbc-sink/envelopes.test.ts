import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  arrayOf,
  mapOf,
  type StructSchema,
  schemaOf,
  structOf,
  type Value,
  withOptional,
} from '../../../src/api/index.ts';
import { createDatabase, type TestDatabase } from '../../support/database.ts';
import { type Family, record, recordsOf, rejection, struct, TestSink } from './sink.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await createDatabase('jdbc_sink_envelopes');
});
afterAll(() => db.drop());
beforeEach(async () => {
  await db.query('DROP TABLE IF EXISTS orders, customers, millrace_offsets');
  await db.query('CREATE TABLE orders (id int PRIMARY KEY, name text NOT NULL, note text)');
});

const key = structOf({ id: schemaOf('int32') });
const row = structOf(
  { id: schemaOf('int32'), name: schemaOf('string'), note: schemaOf('string', { optional: true }) },
  { name: 'shop.public.orders.Value' },
);
const source = structOf({ db: schemaOf('string'), schema: schemaOf('string'), table: schemaOf('string') });
const eventFields = {
  before: withOptional(row, true),
  after: withOptional(row, true),
  source,
  op: schemaOf('string'),
  ts_ms: schemaOf('int64', { optional: true }),
};
const envelope = structOf(eventFields, { name: 'shop.public.orders.Envelope' });
const origin = { db: 'shop', schema: 'public', table: 'orders' };

type Values = Readonly<Record<string, Value>>;

function event(op: string, before: Values | null, after: Values | null, table = 'orders') {
  const id = (after ?? before)?.['id'] ?? null;
  const nested = (values: Values | null) => (values === null ? null : struct(row, values));
  return record({
    keySchema: key,
    key: id === null ? null : struct(key, { id }),
    valueSchema: envelope,
    value: struct(envelope, {
      before: nested(before),
      after: nested(after),
      source: struct(source, { ...origin, table }),
      op,
    }),
  });
}

function plainEvent(op: string, before: Values | null, after: Values | null) {
  const id = (after ?? before)?.['id'] ?? null;
  return record({ key: { id }, value: { before, after, source: origin, op, ts_ms: 1 } });
}

const families: [Family, Record<string, string>][] = [
  ['confluent', { 'insert.mode': 'upsert', 'pk.mode': 'record_key', 'delete.enabled': 'true' }],
  ['debezium', { 'insert.mode': 'upsert', 'primary.key.mode': 'record_key', 'delete.enabled': 'true' }],
];
const rows = () => db.query('SELECT * FROM orders ORDER BY id');

describe.each(families)("Debezium's events for %s", (family, config) => {
  it.each([
    ['with schemas', event],
    ['without', plainEvent],
  ])('%s: snapshot, create, update, delete and tombstone', async (_how, make) => {
    await using sink = await TestSink.open(db, config, { family });
    await sink.write([
      make('r', null, { id: 1, name: 'a', note: null }),
      make('c', null, { id: 2, name: 'b', note: 'n' }),
      make('c', null, { id: 3, name: 'c', note: 'n' }),
    ]);
    await sink.write([
      make('u', { id: 1, name: 'a', note: null }, { id: 1, name: 'a2', note: 'm' }),
      make('d', { id: 2, name: 'b', note: 'n' }, null),
      record({ keySchema: key, key: struct(key, { id: 2 }) }),
      make('d', { id: 3, name: 'c', note: 'n' }, null),
      make('c', null, { id: 3, name: 'again', note: null }),
    ]);
    expect(await rows()).toEqual([
      { id: 1, name: 'a2', note: 'm' },
      { id: 3, name: 'again', note: null },
    ]);
  });

  it('skip deletes, truncates and messages if they are disabled', async () => {
    await using sink = await TestSink.open(db, { ...config, 'delete.enabled': 'false' }, { family });
    await sink.write([
      event('c', null, { id: 1, name: 'a', note: null }),
      event('d', { id: 1, name: 'a', note: null }, null),
      event('t', null, null),
      event('m', null, null),
    ]);
    expect(await rows()).toHaveLength(1);
  });

  it('name the operation of an event without its row', async () => {
    await using sink = await TestSink.open(db, config, { family });
    const good = event('c', null, { id: 1, name: 'a', note: null });
    const bad = event('c', { id: 2, name: 'b', note: null }, null);
    expect(await rejection(sink.write([good, bad]))).toMatchObject({ code: 'RECORD_INVALID', index: 1 });
  });
});

describe('CloudEvents', () => {
  const cloudEvent = (name: string, data: StructSchema) =>
    structOf({ id: schemaOf('string'), source: schemaOf('string'), data: withOptional(data, true) }, { name });
  const defaultName = 'shop.public.orders.CloudEvents.Envelope';

  it.each([
    ['with a change event', defaultName, structOf(eventFields), {}],
    ['with a row', defaultName, row, {}],
    ['of another name', 'events.Order', row, { 'cloud.events.schema.name.pattern': 'events\\..*' }],
  ])('%s: the row is in the data attribute', async (_what, name, data, config) => {
    await using sink = await TestSink.open(db, { ...families[1]?.[1], ...config }, { family: 'debezium' });
    const schema = cloudEvent(name, data);
    const write = (id: number, values: Values | null) =>
      record({
        keySchema: key,
        key: struct(key, { id }),
        valueSchema: schema,
        value: struct(schema, { id: 'e', source: 's', data: values === null ? null : struct(data, values) }),
      });
    const isRow = data === row;
    const values = (id: number) => ({ id, name: 'a', note: null });
    const event = (id: number) =>
      isRow ? values(id) : { before: null, after: struct(row, values(id)), source: struct(source, origin), op: 'c' };
    await sink.write([write(1, event(1)), write(2, event(2)), write(1, null)]);
    expect(await rows()).toEqual([values(2)]);
  });
});

it('a column named __deleted is a column', async () => {
  await db.query('ALTER TABLE orders ADD COLUMN __deleted text');
  const flat = recordsOf(
    key,
    structOf({ id: schemaOf('int32'), name: schemaOf('string'), __deleted: schemaOf('string') }),
  );
  await using sink = await TestSink.open(db, families[0]?.[1] ?? {});
  await sink.write([flat.row({ id: 1, name: 'a', __deleted: 'true' })]);
  expect(await rows()).toEqual([{ id: 1, name: 'a', note: null, __deleted: 'true' }]);
});

describe('truncate events', () => {
  it('empty the table, in order with the other events', async () => {
    await db.query("INSERT INTO orders VALUES (9, 'old', null)");
    await using sink = await TestSink.open(
      db,
      { ...families[1]?.[1], 'truncate.enabled': 'true' },
      { family: 'debezium' },
    );
    await sink.write([
      event('c', null, { id: 1, name: 'before', note: null }),
      event('t', null, null),
      event('c', null, { id: 2, name: 'after', note: null }),
    ]);
    expect(await rows()).toEqual([{ id: 2, name: 'after', note: null }]);
  });
});

describe('tables named by the source block', () => {
  it('events of one topic without a source block are skipped', async () => {
    await db.query('CREATE TABLE customers (id int PRIMARY KEY, name text NOT NULL, note text)');
    const format = '$'.concat('{source.schema}.$', '{source.table}');
    await using sink = await TestSink.open(
      db,
      { ...families[1]?.[1], 'collection.name.format': format },
      { family: 'debezium' },
    );
    await sink.write([
      event('c', null, { id: 1, name: 'o', note: null }),
      event('c', null, { id: 1, name: 'c', note: null }, 'customers'),
      record({ keySchema: key, key: struct(key, { id: 1 }) }),
    ]);
    expect(await rows()).toEqual([{ id: 1, name: 'o', note: null }]);
    expect(await db.query('SELECT name FROM customers')).toEqual([{ name: 'c' }]);
  });
});

describe('values that Debezium did not have', () => {
  const unavailable = '__debezium_unavailable_value';
  const config = families[0]?.[1] ?? {};

  it("keep the destination's values, also if the column is NOT NULL", async () => {
    await db.query("INSERT INTO orders VALUES (1, 'kept', 'kept too'), (2, 'kept', 'kept too')");
    await using sink = await TestSink.open(db, config);
    await sink.write([
      event('u', null, { id: 1, name: unavailable, note: 'new' }),
      event('u', null, { id: 2, name: 'new', note: unavailable }),
      event('u', null, { id: 2, name: unavailable, note: unavailable }),
    ]);
    expect(await rows()).toEqual([
      { id: 1, name: 'kept', note: 'new' },
      { id: 2, name: 'new', note: 'kept too' },
    ]);
  });

  it('are taken from an earlier change of the same batch', async () => {
    await db.query("INSERT INTO orders VALUES (3, 'old', 'old')");
    await using sink = await TestSink.open(db, config);
    await sink.write([
      event('c', null, { id: 1, name: 'a', note: 'long' }),
      event('u', null, { id: 1, name: 'b', note: unavailable }),
      event('c', null, { id: 2, name: 'long', note: null }),
      event('u', null, { id: 2, name: unavailable, note: 'x' }),
      event('u', null, { id: 2, name: unavailable, note: 'y' }),
      event('u', null, { id: 3, name: unavailable, note: 'n' }),
      event('u', null, { id: 3, name: 'm', note: unavailable }),
    ]);
    expect(await rows()).toEqual([
      { id: 1, name: 'b', note: 'long' },
      { id: 2, name: 'long', note: 'y' },
      { id: 3, name: 'm', note: 'n' },
    ]);
  });

  it('are null in a missing row, or an error if the column is NOT NULL', async () => {
    await using sink = await TestSink.open(db, config);
    await sink.write([event('u', null, { id: 1, name: 'a', note: unavailable })]);
    expect(await rows()).toEqual([{ id: 1, name: 'a', note: null }]);
    const error = await rejection(
      sink.write([
        event('u', null, { id: 1, name: unavailable, note: 'x' }),
        event('u', null, { id: 2, name: unavailable, note: 'x' }),
      ]),
    );
    expect(error).toMatchObject({ code: 'RECORD_INVALID', index: 1 });
  });

  it('do not return after the row was deleted', async () => {
    await db.query("INSERT INTO orders VALUES (1, 'a', 'secret')");
    await using sink = await TestSink.open(db, config);
    await sink.write([
      event('d', { id: 1, name: 'a', note: null }, null),
      event('u', null, { id: 1, name: 'b', note: unavailable }),
    ]);
    expect(await rows()).toEqual([{ id: 1, name: 'b', note: null }]);
  });

  it('are left unchanged by updates', async () => {
    await db.query("INSERT INTO orders VALUES (1, 'a', 'kept')");
    await using sink = await TestSink.open(db, { ...config, 'insert.mode': 'update' });
    await sink.write([event('u', null, { id: 1, name: 'b', note: unavailable })]);
    expect(await rows()).toEqual([{ id: 1, name: 'b', note: 'kept' }]);
  });

  it('may be bytes, arrays and maps', async () => {
    await db.query(
      'DROP TABLE orders; CREATE TABLE orders (id int PRIMARY KEY, b bytea, t text[], i int[], u uuid[], m jsonb)',
    );
    await db.query(
      `INSERT INTO orders VALUES (1, '\\x01', '{a}', '{1}', '{0ce5f6bc-9b52-4b11-8df0-3f4d3b1ea0a2}', '{"a":"b"}')`,
    );
    const wide = recordsOf(
      key,
      structOf({
        b: schemaOf('bytes'),
        t: arrayOf(schemaOf('string')),
        i: arrayOf(schemaOf('int32')),
        u: arrayOf(schemaOf('string', { name: 'io.debezium.data.Uuid' })),
        m: mapOf(schemaOf('string'), schemaOf('string')),
      }),
    );
    const bytes = Buffer.from(unavailable);
    await using sink = await TestSink.open(db, config);
    const before = await rows();
    await sink.write([
      wide.row({
        id: 1,
        b: bytes,
        t: [unavailable],
        i: [...bytes],
        u: ['b68a35a7-17ad-35b3-af2a-ae46edb4545a'],
        m: new Map([[unavailable, unavailable]]),
      }),
    ]);
    expect(await rows()).toEqual(before);
  });
});
