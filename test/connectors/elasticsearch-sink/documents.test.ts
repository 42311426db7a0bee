import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type EncodeOptions, Encoders } from '../../../connectors/elasticsearch-sink/documents/encoders.ts';
import { writeSchemaless } from '../../../connectors/elasticsearch-sink/documents/schemaless.ts';
import { mappingOf } from '../../../connectors/elasticsearch-sink/indices/mapping.ts';
import type { ByteWriter, Schema, Struct, Value } from '../../../src/api/index.ts';
import {
  arrayOf,
  Bytes,
  Decimal,
  LogicalName,
  mapOf,
  schemaOf,
  structOf,
  ValueStruct,
} from '../../../src/api/index.ts';
import { DataError } from '../../../src/errors.ts';

function encoded(schema: Schema, value: Value, options: Partial<EncodeOptions> = {}): string {
  const out = new Bytes();
  new Encoders({ datesInMilliseconds: true, compactMaps: true, ...options }).encoderOf(schema)(value, out);
  return out.view().toString();
}

const decimal = schemaOf('bytes', { name: LogicalName.Decimal, parameters: { scale: '2' } });
const date = schemaOf('int32', { name: LogicalName.Date });

describe('a value with a schema', () => {
  it.each<[string, Schema, Value, string]>([
    ['the smallest int32', schemaOf('int32'), -(2 ** 31), '-2147483648'],
    ['an int64 beyond doubles', schemaOf('int64'), 2n ** 63n - 1n, '9223372036854775807'],
    ['a float32', schemaOf('float32'), Math.fround(0.1), '0.1'],
    ['a small float32', schemaOf('float32'), Math.fround(1e-45), '1e-45'],
    ['a whole float64', schemaOf('float64'), 1e21, '1e+21'],
    ['no number', schemaOf('float64'), Number.NaN, '"NaN"'],
    ['a decimal, digit for digit', decimal, new Decimal(123456789012345678901n, 2), '1234567890123456789.01'],
    ['a date', date, new Date('1969-12-31T00:00:00Z'), '-86400000'],
    ['bytes', schemaOf('bytes'), Buffer.from([251, 255]), '"+/8="'],
    ['text', schemaOf('string'), 'ä"\n\u{1f600}', '"ä\\"\\n\\uD83D\\uDE00"'],
    ['a default for null', schemaOf('int32', { default: 7 }), null, '7'],
    ['null', schemaOf('int32', { optional: true }), null, 'null'],
    ['an empty struct', structOf({}), new ValueStruct(structOf({}), []), '{}'],
    [
      'a map',
      mapOf(schemaOf('string'), schemaOf('int8')),
      new Map([
        ['a', 1],
        ['b', 2],
      ]),
      '{"a":1,"b":2}',
    ],
    ['a map of numbers', mapOf(schemaOf('int8'), schemaOf('int8')), new Map([[1, 2]]), '[{"key":1,"value":2}]'],
  ])('%s', (_, schema, value, text) => {
    expect(encoded(schema, value)).toBe(text);
  });

  it('dates are days without a date mapping', () => {
    expect(encoded(date, new Date('1969-12-31T00:00:00Z'), { datesInMilliseconds: false })).toBe('-1');
  });

  it('maps are lists unless they are compact', () => {
    const map = mapOf(schemaOf('string'), schemaOf('int8'));
    expect(
      encoded(
        map,
        new Map([
          ['a', 1],
          ['b', 2],
        ]),
        { compactMaps: false },
      ),
    ).toBe('[{"key":"a","value":1},{"key":"b","value":2}]');
  });

  it.each<[Schema, Value]>([
    [schemaOf('int32'), 1.5],
    [schemaOf('int32'), null],
    [schemaOf('string'), 1],
    [decimal, 1],
    [date, 1],
    [arrayOf(schemaOf('string')), 'a'],
    [mapOf(schemaOf('string'), schemaOf('string')), { a: 'b' }],
    [structOf({ a: schemaOf('string') }), { a: 'b' }],
  ])('an invalid value of %j is a data error', (schema, value) => {
    expect(() => encoded(schema, value)).toThrow(DataError);
  });

  it('a struct’s own JSON is used only if it equals that of the encoder', () => {
    class StructWithJson extends ValueStruct implements Struct {
      json(out: ByteWriter): void {
        out.ascii('"own"');
      }
    }
    const plain = structOf({ a: schemaOf('int64'), b: arrayOf(schemaOf('string')) });
    const dated = structOf({ a: date });
    const priced = structOf({ a: arrayOf(decimal) });
    expect(encoded(plain, new StructWithJson(plain, [1n, []]))).toBe('"own"');
    expect(encoded(dated, new StructWithJson(dated, [new Date(0)]))).toBe('{"a":0}');
    expect(encoded(dated, new StructWithJson(dated, [new Date(0)]), { datesInMilliseconds: false })).toBe('"own"');
    expect(encoded(priced, new StructWithJson(priced, [[new Decimal(1n, 0)]]))).toBe('{"a":[1]}');
  });
});

describe('a value without a schema', () => {
  it('is written unchanged', () => {
    fc.assert(
      fc.property(fc.jsonValue(), value => {
        const out = new Bytes();
        writeSchemaless(value as Value, out);
        const text = out.view().toString();
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
        // One line: the bulk API ends a document at the line's end.
        expect(text).not.toContain('\n');
      }),
    );
  });

  it('may contain values that JSON.parse does not return', () => {
    const out = new Bytes();
    writeSchemaless(
      { a: 2n ** 60n, b: Buffer.from('x'), c: new Map([['k', new Date(5)]]), d: new Decimal(5n, 1) },
      out,
    );
    expect(out.view().toString()).toBe('{"a":1152921504606846976,"b":"eA==","c":{"k":5},"d":0.5}');
  });
});

it('float32 values survive a round trip', () => {
  fc.assert(
    fc.property(fc.float({ noNaN: true, noDefaultInfinity: true }), value => {
      const text = encoded(schemaOf('float32'), value);
      expect(Math.fround(Number(text))).toBe(value);
      expect(text).toMatch(/[.e]/);
      expect(text.length).toBeLessThanOrEqual((Object.is(value, -0) ? '-0' : String(value)).length + 2);
    }),
  );
});

it('only structs have a mapping', () => {
  expect(mappingOf(schemaOf('string'), true)).toBeUndefined();
  expect(mappingOf(mapOf(schemaOf('string'), schemaOf('string')), true)).toBeUndefined();
  expect(mappingOf(structOf({}), true)).toEqual({ properties: {} });
  expect(mappingOf(structOf({ m: mapOf(schemaOf('string'), date) }), false)).toEqual({
    properties: {
      m: {
        properties: {
          key: { type: 'text', fields: { keyword: { type: 'keyword', ignore_above: 256 } } },
          value: { type: 'date' },
        },
      },
    },
  });
});
