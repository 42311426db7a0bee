import fc from 'fast-check';
import type {
  ConnectRecord,
  PrimitiveSchema,
  Schema,
  SchemaOptions,
  StructSchema,
  Value,
} from '../../../src/api/index.ts';
import {
  arrayOf,
  Float64,
  LogicalName,
  mapOf,
  schemaOf,
  structOf,
  structOfFields,
  ValueStruct,
  withOptional,
} from '../../../src/api/index.ts';
import { sameInAnyJava, anyValue as scalarValue } from '../../converters/arbitrary.ts';

const fieldNames = fc.constantFrom('id', 'name', 'a', 'b', 'A', 'é', 'with space', 'a.b', 'constructor', '_1');

const options: fc.Arbitrary<SchemaOptions> = fc.record(
  {
    optional: fc.boolean(),
    name: fc.constantFrom('a.b.Value', 'io.debezium.time.ZonedTimestamp'),
    version: fc.integer({ min: 1, max: 3 }),
    doc: fc.constant('text'),
    parameters: fc.constant({ p: 'v' }),
  },
  { requiredKeys: ['optional'] },
);

const primitiveTypes = ['int8', 'int16', 'int32', 'int64', 'float32', 'float64', 'boolean', 'string', 'bytes'] as const;

const scalarSchema: fc.Arbitrary<PrimitiveSchema> = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(fc.constantFrom(...primitiveTypes), options).map(([type, o]) => schemaOf(type, o)) },
  fc
    .tuple(fc.constantFrom('Date', 'Time', 'Timestamp'), fc.boolean())
    .map(([name, optional]) =>
      schemaOf(name === 'Timestamp' ? 'int64' : 'int32', { optional, name: LogicalName[name], version: 1 }),
    ),
  fc
    .tuple(fc.integer({ min: -2, max: 9 }), fc.boolean())
    .map(([scale, optional]) =>
      schemaOf('bytes', { optional, name: LogicalName.Decimal, version: 1, parameters: { scale: String(scale) } }),
    ),
);

/** Texts, some of which Cast converts to numbers. Text with JSON escapes is covered by the tests of the converters. */
const text = fc.oneof(
  fc.constantFrom(
    '',
    'x',
    'é',
    'true',
    'FALSE',
    '5',
    '+7',
    '-12',
    '300',
    '1e3',
    '2.5',
    ' 5',
    'NaN',
    '2024-02-03 04:05:06.789',
  ),
  fc.integer().map(String),
);

function presentValue(schema: Schema): fc.Arbitrary<Value> {
  if (schema.name === LogicalName.Timestamp) return fc.integer().map(seconds => new Date(seconds * 1000 + 7));
  switch (schema.type) {
    case 'string':
      return text;
    case 'array':
      return fc.array(anyValue(schema.items), { maxLength: 3 });
    // A single entry, because the order of entries differs in Java.
    case 'map':
      return anyValue(schema.values).map(value => new Map([['k', value]]));
    case 'struct':
      return fc
        .tuple(...schema.fields.map(field => anyValue(field.schema)))
        .map(values => new ValueStruct(schema, values));
    default:
      return scalarValue({ ...schema, optional: false }, sameInAnyJava);
  }
}

function anyValue(schema: Schema): fc.Arbitrary<Value> {
  return schema.optional ? fc.option(presentValue(schema), { nil: null, freq: 4 }) : presentValue(schema);
}

/** Scalars, half of which have a default. */
const withDefault = scalarSchema.chain(schema =>
  fc
    .boolean()
    .chain(has =>
      has ? presentValue(schema).map((value): Schema => ({ ...schema, default: value })) : fc.constant<Schema>(schema),
    ),
);

const { fieldSchema } = fc.letrec<{ fieldSchema: Schema }>(tie => ({
  fieldSchema: fc.oneof(
    { maxDepth: 2, depthSize: 'small' },
    withDefault,
    withDefault,
    fc.tuple(tie('fieldSchema'), options).map(([items, o]) => arrayOf(items, o)),
    fc.tuple(tie('fieldSchema'), options).map(([values, o]) => mapOf(schemaOf('string'), values, o)),
    fc
      .tuple(
        fc.uniqueArray(fc.tuple(fieldNames, tie('fieldSchema')), { maxLength: 3, selector: ([name]) => name }),
        options,
      )
      .map(([fields, o]) =>
        structOfFields(
          fields.map(([name, schema]) => ({ name, schema })),
          o,
        ),
      ),
  ),
}));

const rowSchema: fc.Arbitrary<StructSchema> = fc
  .tuple(
    fc.uniqueArray(fieldNames, { minLength: 1, maxLength: 5 }),
    fc.record(
      { optional: fc.boolean(), name: fc.constantFrom('p.s.t.Value', 'row'), version: fc.integer({ min: 1, max: 3 }) },
      { requiredKeys: ['optional'] },
    ),
  )
  .chain(([names, options]) =>
    fc
      .tuple(...names.map(name => fieldSchema.map(schema => ({ name, schema }))))
      .map(fields => structOfFields(fields, options)),
  );

const source = structOf({
  version: schemaOf('string'),
  ts_ms: schemaOf('int64'),
  table: schemaOf('string'),
  lsn: schemaOf('int64', { optional: true }),
});
const transaction = structOf(
  { id: schemaOf('string'), total_order: schemaOf('int64'), data_collection_order: schemaOf('int64') },
  { optional: true, name: 'event.block', version: 1 },
);

/** A row in Debezium's envelope. */
const envelope: fc.Arbitrary<{ schema: Schema; value: Value }> = rowSchema.chain(generated => {
  const row = withOptional({ ...generated, name: 'p.s.t.Value' }, true) as StructSchema;
  const schema = structOf(
    {
      before: row,
      after: row,
      source,
      transaction,
      op: schemaOf('string'),
      ts_ms: schemaOf('int64', { optional: true }),
    },
    { name: 'p.s.t.Envelope', version: 2 },
  );
  return fc
    .tuple(fc.constantFrom('c', 'u', 'd', 'r'), anyValue(row), anyValue(row), anyValue(source), anyValue(transaction))
    .map(([op, before, after, from, block]) => {
      const values = [before, op === 'd' ? null : after, from, block, op, 1_700_000_000_000n];
      return { schema, value: new ValueStruct(schema, values) };
    });
});

const row = rowSchema.chain(schema => anyValue(schema).map(value => ({ schema, value })));
const single = fieldSchema.chain(schema => anyValue(schema).map(value => ({ schema, value })));
const tombstone = fc.constant({ schema: null, value: null });

interface Part {
  readonly schema: Schema | null;
  readonly value: Value;
}
const anyOf = (...parts: fc.Arbitrary<Part>[]): fc.Arbitrary<Part> => fc.oneof(...parts);

/** Members of every object without a schema, because Connect's transforms add missing members as null. */
export const plainNames = ['id', 'name', 'a', 'b'] as const;

const plainValue: fc.Arbitrary<Value> = fc.oneof(
  text,
  fc.constantFrom(null, true, false),
  fc.integer(),
  fc.constantFrom(0.5, -2.25, 1e10, 300).map(Float64.of),
);
const nested = fc.dictionary(
  fc.constantFrom('x', 'y.z'),
  fc.oneof(plainValue, fc.dictionary(fc.constant('w'), plainValue)),
  {
    noNullPrototype: true,
  },
) as fc.Arbitrary<Value>;
const plain: fc.Arbitrary<Part> = fc
  .tuple(...plainNames.map(() => fc.oneof(plainValue, nested, fc.array(plainValue, { maxLength: 2 }))))
  .map(values => ({ schema: null, value: Object.fromEntries(plainNames.map((name, i) => [name, values[i] ?? null])) }));

const record = (keys: fc.Arbitrary<Part>, values: fc.Arbitrary<Part>): fc.Arbitrary<ConnectRecord> =>
  fc
    .record({
      key: keys,
      value: values,
      headers: fc.array(
        fc.tuple(fc.constantFrom('h', 'drop', 'é'), single).map(([key, { schema, value }]) => ({ key, schema, value })),
        { maxLength: 2 },
      ),
    })
    .map(({ key, value, headers }) => ({
      topic: 'p.s.t',
      partition: 3,
      keySchema: key.schema,
      key: key.value,
      valueSchema: value.schema,
      value: value.value,
      timestamp: 1_700_000_000_123,
      headers,
    }));

export const records = record(
  anyOf(row, row, single, tombstone),
  anyOf(row, row, row, envelope, envelope, envelope, single, tombstone),
);
export const plainRecords = record(anyOf(plain, plain, tombstone), plain);
