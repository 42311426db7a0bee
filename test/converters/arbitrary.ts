import fc from 'fast-check';
import type { Field, Schema, SchemaOptions, Value } from '../../src/api/index.ts';
import { arrayOf, Decimal, LogicalName, mapOf, schemaOf, structOfFields, ValueStruct } from '../../src/api/index.ts';

/** Strings that are difficult to write: quotes, control characters, lone surrogates, U+2028, characters beyond U+FFFF. */
export const hostileText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({
    unit: fc.constantFrom('"', '\\', '/', '\u0000', '\u001f', '\u007f', '\u2028', '\ud800', '\udc00', '😀', 'a'),
  }),
  fc.string(),
);

const options: fc.Arbitrary<SchemaOptions> = fc.record(
  {
    optional: fc.boolean(),
    name: fc.constantFrom('a.b.Value', 'io.debezium.time.ZonedTimestamp', '"x"'),
    version: fc.integer({ min: 1, max: 9 }),
    doc: hostileText,
    parameters: fc.dictionary(fc.constantFrom('a', 'b', 'é'), hostileText, { minKeys: 1 }),
  },
  { requiredKeys: ['optional'] },
);

const primitive = fc
  .tuple(
    fc.constantFrom('int8', 'int16', 'int32', 'int64', 'float32', 'float64', 'boolean', 'string', 'bytes'),
    options,
  )
  .map(([type, o]) => schemaOf(type, o));

const logical = fc
  .tuple(fc.constantFrom('Decimal', 'Date', 'Time', 'Timestamp'), fc.boolean(), fc.integer({ min: -2, max: 9 }))
  .map(([name, optional, scale]) => {
    const type = name === 'Decimal' ? 'bytes' : name === 'Timestamp' ? 'int64' : 'int32';
    const parameters = name === 'Decimal' ? { parameters: { scale: String(scale) } } : {};
    return schemaOf(type, { optional, name: LogicalName[name], version: 1, ...parameters });
  });

export const { anySchema } = fc.letrec<{ anySchema: Schema }>(tie => ({
  anySchema: fc.oneof(
    { maxDepth: 3, depthSize: 'small' },
    primitive,
    logical,
    fc.tuple(tie('anySchema'), options).map(([items, o]) => arrayOf(items, o)),
    fc
      .tuple(fc.constantFrom('string', 'int32'), tie('anySchema'), options)
      .map(([keys, values, o]) => mapOf(schemaOf(keys), values, o)),
    structSchema(tie('anySchema')),
  ),
}));

export function structSchema(fields: fc.Arbitrary<Schema>): fc.Arbitrary<Schema & { type: 'struct' }> {
  return fc
    .tuple(
      fc.uniqueArray(fc.oneof(fc.constantFrom('id', 'name', '0', '__proto__'), hostileText), { maxLength: 6 }),
      options,
    )
    .chain(([names, o]) =>
      fc.tuple(...names.map(name => fields.map(schema => ({ name, schema })))).map(list => structOfFields(list, o)),
    );
}

/** Options of the generated values. */
export interface ValueOptions {
  readonly float32: fc.Arbitrary<number>;
  readonly float64: fc.Arbitrary<number>;
  /** Maximum number of entries of a map. */
  readonly entries: number;
}

const anyValues: ValueOptions = { float32: fc.float(), float64: fc.double(), entries: 4 };

/** Leaves out floats that Java before 19 prints with extra digits, and maps of several entries, whose order differs in Java. */
export const sameInAnyJava: ValueOptions = {
  float32: fc.oneof(fc.constantFrom(0.5, -2, 300.75, 131072), fc.integer({ min: -99_999, max: 99_999 })),
  float64: fc.oneof(fc.constantFrom(0.1, -2.5, 300, 1e10, -(2 ** 40), 1e300), fc.integer()),
  entries: 1,
};

/** A value of a schema, or null if the schema is optional. */
export function anyValue(schema: Schema, valueOptions: ValueOptions = anyValues): fc.Arbitrary<Value> {
  const present = presentValue(schema, valueOptions);
  return schema.optional ? fc.option(present, { nil: null, freq: 4 }) : present;
}

function presentValue(schema: Schema, valueOptions: ValueOptions): fc.Arbitrary<Value> {
  switch (schema.name) {
    case LogicalName.Decimal:
      return fc.bigInt().map(unscaled => new Decimal(unscaled, Number(schema.parameters?.['scale'])));
    case LogicalName.Date:
      return fc.integer({ min: -1e6, max: 1e6 }).map(day => new Date(day * 86_400_000));
    case LogicalName.Time:
      return fc.integer({ min: 0, max: 86_399_999 }).map(ms => new Date(ms));
    case LogicalName.Timestamp:
      return fc.maxSafeInteger().map(ms => new Date(ms % 8.64e15));
  }
  switch (schema.type) {
    case 'int8':
      return fc.integer({ min: -128, max: 127 });
    case 'int16':
      return fc.integer({ min: -32768, max: 32767 });
    case 'int32':
      return fc.integer();
    case 'int64':
      return fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
    case 'float32':
      return valueOptions.float32;
    case 'float64':
      return valueOptions.float64;
    case 'boolean':
      return fc.boolean();
    case 'string':
      return hostileText;
    case 'bytes':
      return fc.uint8Array({ maxLength: 100 });
    case 'array':
      return fc.array(anyValue(schema.items, valueOptions), { maxLength: 4 });
    case 'map':
      return fc
        .uniqueArray(fc.tuple(anyValue(schema.keys, valueOptions), anyValue(schema.values, valueOptions)), {
          maxLength: valueOptions.entries,
          selector: ([key]) => key,
        })
        .map(entries => new Map(entries));
    case 'struct':
      return fc
        .tuple(...schema.fields.map((field: Field) => anyValue(field.schema, valueOptions)))
        .map(values => new ValueStruct(schema, values));
  }
}

export const schemaAndValue = anySchema.chain(schema => anyValue(schema).map(value => ({ schema, value })));
