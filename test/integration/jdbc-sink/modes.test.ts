import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { schemaOf, structOf } from '../../../src/api/index.ts';
import { DataError } from '../../../src/errors.ts';
import { createDatabase, type TestDatabase } from '../../support/database.ts';
import { record, recordsOf, rejection, struct, TestSink } from './sink.ts';

const key = structOf({ id: schemaOf('int64') });
const value = structOf({
  id: schemaOf('int64'),
  name: schemaOf('string', { optional: true }),
  n: schemaOf('int32', { optional: true }),
});
const { row, tombstone } = recordsOf(key, value);

let db: TestDatabase;
beforeAll(async () => {
  db = await createDatabase('jdbc_sink_modes');
});
afterAll(() => db.drop());
beforeEach(async () => {
  await db.query('DROP TABLE IF EXISTS orders, millrace_offsets');
  await db.query('CREATE TABLE orders (id bigint PRIMARY KEY, name text, n int)');
});

const rows = () => db.query<{ id: string; name: string | null; n: number | null }>('SELECT * FROM orders ORDER BY id');
const upsert = { 'insert.mode': 'upsert', 'pk.mode': 'record_key', 'delete.enabled': 'true' };

describe("upsert with the record's key", () => {
  it('inserts, updates and deletes, where the last change of each key in a batch wins', async () => {
    await using sink = await TestSink.open(db, upsert);
    await sink.write([
      row({ id: 1n, name: 'a', n: 1 }),
      row({ id: 2n, name: 'b', n: 2 }),
      row({ id: 1n, name: 'a2', n: null }),
      row({ id: 3n, name: 'c', n: 3 }),
      tombstone({ id: 3n }),
      tombstone({ id: 9n }),
    ]);
    expect(await rows()).toEqual([
      { id: '1', name: 'a2', n: null },
      { id: '2', name: 'b', n: 2 },
    ]);
    await sink.write([tombstone({ id: 1n }), row({ id: 1n, name: 'again', n: 5 }), tombstone({ id: 2n })]);
    expect(await rows()).toEqual([{ id: '1', name: 'again', n: 5 }]);
  });

  it('keeps columns that the record does not have, except those of a row deleted in between', async () => {
    await db.query("INSERT INTO orders VALUES (1, 'kept', 1), (2, 'gone', 2)");
    const partial = recordsOf(key, structOf({ id: schemaOf('int64'), n: schemaOf('int32') }));
    await using sink = await TestSink.open(db, upsert);
    await sink.write([partial.row({ id: 1n, n: 10 }), tombstone({ id: 2n }), partial.row({ id: 2n, n: 20 })]);
    expect(await rows()).toEqual([
      { id: '1', name: 'kept', n: 10 },
      { id: '2', name: null, n: 20 },
    ]);
  });

  it('applies rows of one key with different fields in order', async () => {
    const namedRecords = recordsOf(key, structOf({ name: schemaOf('string') }));
    const counted = recordsOf(key, structOf({ n: schemaOf('int32') }));
    await using sink = await TestSink.open(db, upsert);
    await sink.write([
      namedRecords.row({ id: 1n, name: 'x' }),
      counted.row({ id: 1n, n: 1 }),
      namedRecords.row({ id: 1n, name: 'y' }),
      row({ id: 2n, name: 'whole', n: 2 }),
      counted.row({ id: 2n, n: 3 }),
    ]);
    expect(await rows()).toEqual([
      { id: '1', name: 'y', n: 1 },
      { id: '2', name: 'whole', n: 3 },
    ]);
  });

  it("uses some of the key's fields, and a primitive key", async () => {
    await using some = await TestSink.open(db, { ...upsert, 'pk.fields': 'id' });
    const wide = recordsOf(structOf({ region: schemaOf('string'), id: schemaOf('int64') }), value);
    await some.write([wide.row({ region: 'eu', id: 1n, name: 'a', n: 1 })]);
    await using primitive = await TestSink.open(db, { ...upsert, 'pk.fields': 'id' }, { connector: 'primitive' });
    await primitive.write([
      record({
        keySchema: schemaOf('int64'),
        key: 2n,
        valueSchema: value,
        value: struct(value, { id: 7n, name: 'b', n: 2 }),
      }),
      record({ keySchema: schemaOf('int64'), key: 1n }),
    ]);
    expect(await rows()).toEqual([{ id: '2', name: 'b', n: 2 }]);
  });

  it('does nothing if all columns are key columns and the row exists', async () => {
    await using sink = await TestSink.open(db, upsert);
    const only = recordsOf(key, structOf({ id: schemaOf('int64') }));
    await sink.write([only.row({ id: 1n })]);
    await sink.write([only.row({ id: 1n }), only.row({ id: 2n })]);
    expect((await rows()).map(r => r.id)).toEqual(['1', '2']);
  });

  it('skips tombstones if deletes are disabled', async () => {
    await using sink = await TestSink.open(db, { ...upsert, 'delete.enabled': 'false' });
    await sink.write([row({ id: 1n, name: 'a', n: 1 }), tombstone({ id: 1n })]);
    expect(await rows()).toHaveLength(1);
  });

  it('names a missing index', async () => {
    await db.query('ALTER TABLE orders DROP CONSTRAINT orders_pkey');
    await using sink = await TestSink.open(db, upsert);
    const error = await rejection(sink.write([row({ id: 1n, name: 'a', n: 1 })]));
    expect(error).toMatchObject({
      code: 'SINK_SCHEMA',
      message: expect.stringMatching(/no primary key or unique index .* pk.mode and pk.fields/),
    });
  });
});

describe('composite keys', () => {
  it('are distinct even if their joined values are equal', async () => {
    await db.query('CREATE TABLE parts (a text, b text, n int, PRIMARY KEY (a, b))');
    const parts = recordsOf(
      structOf({ a: schemaOf('string'), b: schemaOf('string') }),
      structOf({ n: schemaOf('int32') }),
      'parts',
    );
    await using sink = await TestSink.open(db, upsert, { assigned: [{ topic: 'parts', partition: 0 }] });
    await sink.write([
      parts.row({ a: 'x', b: 'yz', n: 1 }),
      parts.row({ a: 'xy', b: 'z', n: 2 }),
      parts.row({ a: 'x,y', b: 'z', n: 3 }),
      parts.row({ a: 'x', b: 'yz', n: 4 }),
      parts.tombstone({ a: 'xy', b: 'z' }),
    ]);
    expect(await db.query('SELECT * FROM parts ORDER BY a, b')).toEqual([
      { a: 'x', b: 'yz', n: 4 },
      { a: 'x,y', b: 'z', n: 3 },
    ]);
    await db.query('DROP TABLE parts');
  });
});

describe('upsert with fields of the value', () => {
  it('uses the configured fields, or all', async () => {
    await using sink = await TestSink.open(db, {
      'insert.mode': 'upsert',
      'pk.mode': 'record_value',
      'pk.fields': 'id',
    });
    await sink.write([row({ id: 1n, name: 'a', n: 1 }), row({ id: 1n, name: 'b', n: 2 }), tombstone({ id: 1n })]);
    expect(await rows()).toEqual([{ id: '1', name: 'b', n: 2 }]);
  });
});

describe('insert', () => {
  const insert = { 'insert.mode': 'insert' };

  it('without a key appends every record', async () => {
    await db.query('ALTER TABLE orders DROP CONSTRAINT orders_pkey');
    await using sink = await TestSink.open(db, insert);
    await sink.write([row({ id: 1n, name: 'a', n: 1 }), row({ id: 1n, name: 'a', n: 1 })]);
    expect(await rows()).toHaveLength(2);
  });

  it("uses Kafka's coordinates as the key", async () => {
    await db.query(
      'CREATE TABLE events (__connect_topic text, __connect_partition int, __connect_offset bigint, name text, PRIMARY KEY (__connect_topic, __connect_partition, __connect_offset))',
    );
    await using sink = await TestSink.open(db, {
      ...insert,
      'pk.mode': 'kafka',
      'table.name.format': 'events',
      'fields.whitelist': 'name',
    });
    await sink.write([
      { ...row({ id: 1n, name: 'a', n: 1 }), offset: 5 },
      { ...row({ id: 1n, name: 'b', n: 1 }), offset: 6 },
    ]);
    expect(await db.query('SELECT * FROM events ORDER BY 3')).toEqual([
      { __connect_topic: 'orders', __connect_partition: 0, __connect_offset: '5', name: 'a' },
      { __connect_topic: 'orders', __connect_partition: 0, __connect_offset: '6', name: 'b' },
    ]);
    await db.query('DROP TABLE events');
  });

  it("upserts by Kafka's coordinates under configured names", async () => {
    await db.query('CREATE TABLE events (t text, p int, o bigint, name text, PRIMARY KEY (t, p, o))');
    await using sink = await TestSink.open(db, {
      'insert.mode': 'upsert',
      'pk.mode': 'kafka',
      'pk.fields': 't,p,o',
      'table.name.format': 'events',
      'fields.whitelist': 'name',
    });
    await sink.write([row({ id: 1n, name: 'a', n: 1 }), row({ id: 1n, name: 'b', n: 1 })]);
    expect(await db.query('SELECT t, p, name FROM events ORDER BY o')).toEqual([
      { t: 'orders', p: 0, name: 'a' },
      { t: 'orders', p: 0, name: 'b' },
    ]);
    await db.query('DROP TABLE events');
  });

  it('keeps the order of deletes and inserts of a key', async () => {
    await using sink = await TestSink.open(db, { ...insert, 'pk.mode': 'record_key', 'delete.enabled': 'true' });
    await sink.write([
      row({ id: 1n, name: 'a', n: 1 }),
      tombstone({ id: 1n }),
      row({ id: 1n, name: 'b', n: 2 }),
      row({ id: 2n, name: 'c', n: 3 }),
      tombstone({ id: 2n }),
    ]);
    expect(await rows()).toEqual([{ id: '1', name: 'b', n: 2 }]);
  });

  it('rejects the second record of a key, with its index, and writes nothing', async () => {
    await using sink = await TestSink.open(db, { ...insert, 'pk.mode': 'record_key', 'delete.enabled': 'true' });
    const error = await rejection(
      sink.write([
        row({ id: 1n, name: 'a', n: 1 }),
        row({ id: 2n, name: 'b', n: 1 }),
        row({ id: 1n, name: 'c', n: 1 }),
      ]),
    );
    expect(error).toBeInstanceOf(DataError);
    expect((error as DataError).index).toBe(2);
    expect(await rows()).toEqual([]);
  });
});

describe('update', () => {
  it('changes existing rows only', async () => {
    await db.query("INSERT INTO orders VALUES (1, 'a', 1), (3, 'c', 3)");
    await using sink = await TestSink.open(db, { ...upsert, 'insert.mode': 'update' });
    await sink.write([
      row({ id: 1n, name: 'b', n: 2 }),
      row({ id: 1n, name: 'c', n: null }),
      row({ id: 2n, name: 'x', n: 1 }),
      row({ id: 3n, name: 'y', n: 1 }),
      tombstone({ id: 3n }),
    ]);
    expect(await rows()).toEqual([{ id: '1', name: 'c', n: null }]);
  });

  it('does nothing for records with only a key', async () => {
    await db.query("INSERT INTO orders VALUES (1, 'a', 1)");
    const only = recordsOf(key, structOf({ id: schemaOf('int64') }));
    await using sink = await TestSink.open(db, { ...upsert, 'insert.mode': 'update' });
    await sink.write([only.row({ id: 1n })]);
    expect(await rows()).toEqual([{ id: '1', name: 'a', n: 1 }]);
  });
});

describe('headers as the key', () => {
  it('upserts by the last header of each name', async () => {
    const id = { key: 'id', schema: schemaOf('int64') };
    await using sink = await TestSink.open(
      db,
      { 'insert.mode': 'upsert', 'primary.key.mode': 'record_header', 'primary.key.fields': 'id' },
      { family: 'debezium' },
    );
    const body = structOf({ name: schemaOf('string') });
    const one = (name: string, ...ids: bigint[]) =>
      record({ headers: ids.map(value => ({ ...id, value })), valueSchema: body, value: struct(body, { name }) });
    await sink.write([one('a', 1n), one('b', 5n, 2n), one('c', 1n)]);
    expect(await rows()).toEqual([
      { id: '1', name: 'c', n: null },
      { id: '2', name: 'b', n: null },
    ]);
    expect(await rejection(sink.write([one('d')]))).toMatchObject({ code: 'RECORD_INVALID', index: 0 });
  });
});

describe('records without schemas', () => {
  it('take their types from the table', async () => {
    await using sink = await TestSink.open(db, upsert);
    await sink.write([
      record({ key: { id: 1 }, value: { id: 1, name: 'a', n: 1 } }),
      record({ key: { id: 2 }, value: { name: 'b' } }),
      record({ key: { id: 1 }, value: { n: 7 } }),
      record({ key: { id: 3 }, value: { name: 'c', n: null } }),
      record({ key: { id: 3 } }),
    ]);
    expect(await rows()).toEqual([
      { id: '1', name: 'a', n: 7 },
      { id: '2', name: 'b', n: null },
    ]);
  });

  it('may have any number of shapes', async () => {
    await db.query(`ALTER TABLE orders ${Array.from({ length: 60 }, (_, i) => `ADD COLUMN c${i} int`).join(', ')}`);
    await using sink = await TestSink.open(db, upsert);
    const shaped = (id: number) =>
      record({
        key: { id },
        value: { [`c${id % 60}`]: id, [`c${(id * 7 + 1) % 60}`]: id, [`c${(id * 13 + 2) % 59}`]: id },
      });
    await sink.write(Array.from({ length: 1500 }, (_, id) => shaped(id)));
    await sink.write(Array.from({ length: 1500 }, (_, id) => shaped(id)));
    expect(await db.query('SELECT count(*)::int AS n FROM orders')).toEqual([{ n: 1500 }]);
  });

  it('may have a primitive key', async () => {
    await using sink = await TestSink.open(db, { ...upsert, 'pk.fields': 'id' });
    await sink.write([record({ key: 5, value: { name: 'a' } }), record({ key: '6', value: { name: 'b' } })]);
    expect((await rows()).map(r => r.id)).toEqual(['5', '6']);
  });
});

describe('records that are not rows', () => {
  const is = (pattern: RegExp, index: number) => ({
    code: 'RECORD_INVALID',
    index,
    message: expect.stringMatching(pattern),
  });
  const good = row({ id: 1n, name: 'a', n: 1 });

  it.each([
    [
      'a primitive value',
      record({ keySchema: key, key: struct(key, { id: 1n }), valueSchema: schemaOf('string'), value: 'text' }),
      /neither a struct nor an object, but a string/,
    ],
    ['no key', record({ valueSchema: value, value: struct(value, { id: 1n }) }), /requires non-null record keys/],
    [
      'a null in the key',
      record({ keySchema: key, key: struct(key, {}), valueSchema: value, value: struct(value, { id: 1n }) }),
      /primary key column id has no value/,
    ],
    [
      'a primitive key without a configured name',
      record({ keySchema: schemaOf('int64'), key: 1n, valueSchema: value, value: struct(value, { id: 1n }) }),
      /Need exactly one PK column/,
    ],
  ])("%s: an error with the record's index, and nothing written", async (_what, bad, pattern) => {
    await using sink = await TestSink.open(db, upsert);
    expect(await rejection(sink.write([good, bad]))).toMatchObject(is(pattern, 1));
    expect(await rows()).toEqual([]);
    await sink.write([good]);
    expect(await rows()).toHaveLength(1);
  });

  it('a key that lacks a configured field', async () => {
    await using sink = await TestSink.open(db, { ...upsert, 'pk.fields': 'order_id' });
    expect(await rejection(sink.write([good]))).toMatchObject(is(/record key does not contain field: order_id/, 0));
  });
});
