import { describe, expect, test } from 'vitest';
import type { Schema, SinkRecord, Value } from '../../src/api/index.ts';
import { arrayOf, Bytes, mapOf, schemaOf, structOf, ValueStruct } from '../../src/api/index.ts';
import { MAX_DEPTH } from '../../src/data/json/json-reader.ts';
import { DataError } from '../../src/errors.ts';
import { pluginRegistry } from '../../src/plugins.ts';
import { converter } from '../converters/neutral.ts';
import { transformOf } from './golden.ts';

/** Values with the maximum depth that converters accept: every transform processes them or throws a DataError. */

const configs: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  Cast: { spec: 'a:string' },
  DropHeaders: { headers: 'h' },
  ExtractField: { field: 'a' },
  ExtractNewRecordState: {},
  Filter: {},
  Flatten: {},
  HeaderFrom: { fields: 'a', headers: 'b', operation: 'copy' },
  HoistField: { field: 'b' },
  InsertField: { 'static.field': 'b', 'static.value': 'x' },
  InsertHeader: { header: 'b', 'value.literal': '1' },
  MaskField: { fields: 'a' },
  RegexRouter: { regex: '.*', replacement: 'x' },
  ReplaceField: { renames: 'a:b' },
  SetSchemaMetadata: { 'schema.name': 'x' },
  TimestampConverter: { 'target.type': 'string', format: 'yyyy', field: 'a' },
  TimestampRouter: {},
  ValueToKey: { fields: 'a' },
};

const nested = (levels: number, innermost: Value, wrapSchema: (inner: Value) => Value): Value => {
  let value = innermost;
  for (let i = 0; i < levels; i++) value = wrapSchema(value);
  return value;
};

function nestedStruct(levels: number): readonly [Schema, Value] {
  let schema: Schema = schemaOf('int32');
  let value: Value = 1;
  for (let i = 0; i < levels; i++) {
    const outer = structOf({ a: schema });
    [schema, value] = [outer, new ValueStruct(outer, [value])];
  }
  return [schema, value];
}

function nestedSchema(levels: number, wrapSchema: (inner: Schema) => Schema, wrap: (inner: Value) => Value) {
  let schema: Schema = schemaOf('int32');
  for (let i = 0; i < levels; i++) schema = wrapSchema(schema);
  return [schema, nested(levels, 1, wrap)] as const;
}

const [structSchema, struct] = nestedStruct(MAX_DEPTH / 2);
const [arraySchema, array] = nestedSchema(MAX_DEPTH / 2, arrayOf, inner => [inner]);
const [mapSchema, map] = nestedSchema(
  MAX_DEPTH / 2,
  inner => mapOf(schemaOf('string'), inner),
  inner => new Map([['a', inner]]) as Value,
);
const wrapInA = (schema: Schema, value: Value): readonly [Schema, Value] => {
  const outer = structOf({ a: schema });
  return [outer, new ValueStruct(outer, [value])];
};

const values: readonly (readonly [string, Schema | null, Value])[] = [
  ['objects', null, nested(MAX_DEPTH, 1, inner => ({ a: inner }))],
  ['arrays', null, { a: nested(MAX_DEPTH - 1, 1, inner => [inner]) }],
  ['structs', structSchema, struct],
  ['arrays of a schema', ...wrapInA(arraySchema, array)],
  ['maps of a schema', ...wrapInA(mapSchema, map)],
];

const record = (schema: Schema | null, value: Value): SinkRecord => ({
  topic: 't',
  partition: 0,
  keySchema: schema,
  key: value,
  valueSchema: schema,
  value,
  timestamp: 5,
  headers: [{ key: 'h', schema, value }],
  offset: 7,
  originalTopic: 't',
  originalPartition: 0,
});

const classes = pluginRegistry()
  .list(false)
  .flatMap(({ type, class: name }) => (type === 'transformation' ? [name] : []));
const json = converter({});

describe.each(classes)('%s', name => {
  const shortName = name.replace(/^.*\.|\$.*$/g, '');
  test.each(values)('processes or rejects nested %s', async (_name, schema, value) => {
    const config = configs[shortName];
    if (config === undefined) throw new Error(`no configuration of ${shortName}`);
    const apply = async () => {
      const out = (await transformOf(name, config)).apply(record(schema, value));
      if (out !== null) json.fromConnect('t', out.valueSchema, out.value, new Bytes(64));
    };
    await expect(apply().catch(error => (error instanceof DataError ? undefined : error))).resolves.toBeUndefined();
  });
});
