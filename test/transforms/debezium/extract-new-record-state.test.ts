import { describe, expect, test } from 'vitest';
import type { ByteWriter, ConnectRecord, Struct, StructSchema, Value } from '../../../src/api/index.ts';
import { Bytes, isStruct, schemaOf, structOf, ValueStruct, withOptional } from '../../../src/api/index.ts';
import { converter } from '../../converters/neutral.ts';
import { expectCase, transformCases, transformOf } from '../golden.ts';

const name = 'io.debezium.transforms.ExtractNewRecordState';

describe('same results as Debezium', () => {
  test.each(transformCases('extract-new-record-state.jsonl'))('$name', expectCase);
});

const row = structOf({ id: schemaOf('int64'), name: schemaOf('string', { optional: true }) }, { name: 'a.b.Value' });
const source = structOf({ table: schemaOf('string'), ts_ms: schemaOf('int64') });
const envelope = structOf(
  { before: withOptional(row, true), after: withOptional(row, true), source, op: schemaOf('string') },
  { name: 'a.b.Envelope' },
);

/** A row that keeps the text from the database. */
class TextRow implements Struct {
  readonly schema: StructSchema;
  readonly id: string;
  constructor(schema: StructSchema, id: string) {
    this.schema = schema;
    this.id = id;
  }
  at(index: number): Value {
    return index === 0 ? BigInt(this.id) : null;
  }
  json(out: ByteWriter): void {
    out.ascii(`{"id":${this.id},"name":null}`);
  }
}

const changeEvent = (after: Struct | null, before: Struct | null, op: string): ConnectRecord => ({
  topic: 'a.b',
  partition: null,
  keySchema: null,
  key: null,
  valueSchema: envelope,
  value: new ValueStruct(envelope, [before, after, new ValueStruct(source, ['b', 5n]), op]),
  timestamp: null,
  headers: [],
});
const text = (record: ConnectRecord | null) => {
  const out = new Bytes();
  converter({ 'schemas.enable': 'false' }).fromConnect('t', record?.valueSchema ?? null, record?.value ?? null, out);
  return out.take().toString();
};

describe('cost', () => {
  test('the row object is passed through, with one schema for all records', async () => {
    const transform = await transformOf(name, {});
    const rows = ['1', '2'].map(id => new TextRow(withOptional(row, true), id));
    const results = rows.map(textRow => transform.apply(changeEvent(textRow, null, 'c')));
    expect(results.map(result => result?.value)).toEqual(rows);
    expect(results[0]?.value).toBe(rows[0]);
    expect(results[0]?.valueSchema).toBe(results[1]?.valueSchema);
    expect(results[0]?.valueSchema?.optional).toBe(false);
    expect(text(results[1] ?? null)).toBe('{"id":2,"name":null}');
  });

  test("added fields are appended to the row's own JSON", async () => {
    const transform = await transformOf(name, {
      'add.fields': 'op,source.ts_ms',
      'delete.tombstone.handling.mode': 'rewrite',
    });
    const result = transform.apply(changeEvent(null, new TextRow(withOptional(row, true), '7'), 'd'));
    expect(text(result)).toBe('{"id":7,"name":null,"__deleted":"true","__op":"d","__source_ts_ms":5}');
    const value = result?.value ?? null;
    expect(isStruct(value) && value.schema.fields.map(field => value.at(field.index))).toEqual([
      7n,
      null,
      'true',
      'd',
      5n,
    ]);
  });
});

describe('without schemas', () => {
  const schemalessRecord = (value: Value): ConnectRecord => ({
    ...changeEvent(null, null, 'c'),
    valueSchema: null,
    value,
  });
  const created = { before: null, after: { id: 1, to: 'there' }, source: { table: 'b', ts_ms: 5 }, op: 'c', ts_ms: 6 };
  const deleted = { ...created, before: { id: 1, to: 'there' }, after: null, op: 'd' };

  test.each<[Record<string, string>, Value, Value | undefined]>([
    [{}, created, { id: 1, to: 'there' }],
    [{}, deleted, null],
    [{ 'delete.tombstone.handling.mode': 'drop' }, deleted, undefined],
    [{ 'delete.tombstone.handling.mode': 'rewrite' }, deleted, { id: 1, to: 'there', __deleted: 'true' }],
    [
      { 'add.fields': 'op,table,source.ts_ms:when,nope' },
      created,
      { id: 1, to: 'there', __op: 'c', __table: 'b', __when: 5 },
    ],
    [{}, { any: 'thing' }, { any: 'thing' }],
    [{}, null, undefined],
    [{}, { ...created, after: null, op: 't' }, undefined],
  ])('%j on %j', async (config, value, expected) => {
    const result = (await transformOf(name, config)).apply(schemalessRecord(value));
    if (expected === undefined) expect(result).toBeNull();
    else expect(result).toMatchObject({ valueSchema: null, value: expected });
  });

  test('headers and routes', async () => {
    const transform = await transformOf(name, { 'add.headers': 'op', 'route.by.field': 'to' });
    expect(transform.apply(schemalessRecord(created))).toMatchObject({
      topic: 'there',
      headers: [{ key: '__op', schema: null, value: 'c' }],
    });
  });
});

test.each([
  [{ 'drop.tombstones': 'true', 'delete.handling.mode': 'drop' }, undefined, undefined],
  [{ 'drop.tombstones': 'false' }, null, undefined],
  [{ 'drop.tombstones': 'false', 'delete.handling.mode': 'rewrite' }, 'row', null],
  [{ 'delete.handling.mode': 'none' }, null, undefined],
])('former keys: %j', async (config, onDelete, onTombstone) => {
  const transform = await transformOf(name, config);
  const deleted = transform.apply(changeEvent(null, new TextRow(withOptional(row, true), '7'), 'd'));
  if (onDelete === 'row') expect(text(deleted)).toBe('{"id":7,"name":null,"__deleted":"true"}');
  else expect(deleted?.value).toBe(onDelete);
  const tombstone = transform.apply({ ...changeEvent(null, null, 'd'), value: null, valueSchema: null });
  expect(tombstone?.value).toBe(onTombstone);
});
