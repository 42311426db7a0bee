import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Converter, ConverterFactory, Schema, Value } from '../../src/api/index.ts';
import { Bytes, schemaOf } from '../../src/api/index.ts';
import { byteArrayConverter } from '../../src/converters/byte-array.ts';
import { converters } from '../../src/converters/index.ts';
import {
  booleanConverter,
  doubleConverter,
  floatConverter,
  integerConverter,
  longConverter,
  shortConverter,
} from '../../src/converters/number.ts';
import { simpleHeaderConverter } from '../../src/converters/simple-header.ts';
import { stringConverter } from '../../src/converters/string.ts';
import { sameSchema, sameValue } from '../../src/data/schema-equality.ts';
import { DataError } from '../../src/errors.ts';
import type { Neutral, NeutralSchema } from './neutral.ts';
import { readLines, schemaFrom, valueFrom } from './neutral.ts';

function createConverter<C>(factory: ConverterFactory<C>, props: Record<string, string> = {}): Converter {
  const { config, errors } = factory.config.check(props);
  if (config === undefined) throw new Error([...errors.values()].join());
  return factory.create(config, false);
}

function write(converter: Converter, schema: Schema | null, value: Value): Buffer | null {
  const out = new Bytes(4);
  return converter.fromConnect('t', schema, value, out) ? out.take() : null;
}

// Cases of the golden files, which Kafka Connect 4.3.1 produced in UTC on JDK 25.
interface WriteCase {
  readonly schema: NeutralSchema;
  readonly value: Neutral;
  /** Output of SimpleHeaderConverter. */
  readonly text: string;
  /** Output of StringConverter; absent for bytes, which Java prints as an address, and for dates of the Julian calendar. */
  readonly string?: string;
}
interface ReadCase {
  readonly text: string;
  readonly schema: NeutralSchema | null;
  readonly value: Neutral;
  /** Documented difference: Connect keeps only the text before the comma, or accepts the 45th day of the 13th month. */
  readonly millrace?: 'string';
}

describe('text as Kafka Connect writes and reads it', () => {
  const header = createConverter(simpleHeaderConverter);
  const strings = createConverter(stringConverter);

  test('headers and strings written', () => {
    for (const c of readLines<WriteCase>('text-write.jsonl')) {
      const schema = schemaFrom(c.schema);
      const value = valueFrom(schema, c.value);
      expect(write(header, schema, value)?.toString()).toBe(c.text);
      if (c.string !== undefined) expect(write(strings, schema, value)?.toString()).toBe(c.string);
    }
  });

  test.each(readLines<ReadCase>('header-read.jsonl'))('header read: $text', c => {
    const { schema, value } = header.toConnect('t', Buffer.from(c.text));
    const expectedSchema = c.millrace === 'string' ? schemaOf('string') : c.schema && schemaFrom(c.schema);
    const expectedValue = c.millrace === 'string' ? c.text : expectedSchema && valueFrom(expectedSchema, c.value);
    expect(
      schema === null || expectedSchema === null ? schema === expectedSchema : sameSchema(schema, expectedSchema),
    ).toBe(true);
    expect(sameValue(value, expectedValue)).toBe(true);
  });

  test('strings survive in every encoding that can represent them', () => {
    const cases: [string, fc.Arbitrary<string>][] = [
      ['UTF-8', fc.string({ unit: 'grapheme' })],
      ['utf-16le', fc.string({ unit: 'binary' })],
      ['ISO-8859-1', fc.string({ unit: fc.nat(255).map(n => String.fromCharCode(n)) })],
      ['US-ASCII', fc.string()],
    ];
    for (const [encoding, text] of cases) {
      const converter = createConverter(stringConverter, { 'converter.encoding': encoding });
      fc.assert(
        fc.property(text, value => {
          const read = converter.toConnect('t', write(converter, null, value));
          expect(read).toEqual({ schema: schemaOf('string', { optional: true }), value });
        }),
      );
    }
    expect(stringConverter.config.check({ 'converter.encoding': 'KLINGON' }).errors.size).toBe(1);
  });
});

describe('bytes and numbers', () => {
  const numbers: [string, ConverterFactory<never>, Schema['type'], fc.Arbitrary<Value>, string, Value][] = [
    ['short', shortConverter, 'int16', fc.integer({ min: -32768, max: 32767 }), 'fffe', -2],
    ['integer', integerConverter, 'int32', fc.integer(), 'fffffffe', -2],
    ['long', longConverter, 'int64', fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), 'fffffffffffffffe', -2n],
    ['float', floatConverter, 'float32', fc.float(), '3fc00000', 1.5],
    ['double', doubleConverter, 'float64', fc.double(), '3ff8000000000000', 1.5],
    ['boolean', booleanConverter, 'boolean', fc.boolean(), '01', true],
  ] as never;

  test.each(numbers)('%s', (_name, factory, type, values, hex, value) => {
    const converter = createConverter(factory);
    expect(write(converter, null, value)?.toString('hex')).toBe(hex);
    fc.assert(
      fc.property(values, v => {
        const read = converter.toConnect('t', write(converter, null, v));
        expect(read.schema).toEqual(schemaOf(type as 'int8', { optional: true }));
        expect(sameValue(read.value, v)).toBe(true);
      }),
    );
    expect(write(converter, null, null)).toBeNull();
    expect(converter.toConnect('t', null).value).toBeNull();
    expect(() => write(converter, null, 'x')).toThrow(DataError);
    expect(() => converter.toConnect('t', Buffer.alloc(9))).toThrow(DataError);
  });

  test('integers out of range and invalid bytes are rejected', () => {
    expect(() => write(createConverter(shortConverter), null, 32768)).toThrow('Failed to serialize to short');
    expect(() => write(createConverter(longConverter), null, 2n ** 63n)).toThrow('Failed to serialize to long');
    expect(() => createConverter(booleanConverter).toConnect('t', Buffer.from([2]))).toThrow(DataError);
  });

  test('byte arrays pass unchanged', () => {
    const converter = createConverter(byteArrayConverter);
    const bytes = Buffer.from([1, 2, 3]);
    const { schema, value } = converter.toConnect('t', bytes);
    expect(value).toEqual(Buffer.from([1, 2, 3]));
    expect(schema).toEqual(schemaOf('bytes', { optional: true }));
    expect(write(converter, schemaOf('bytes'), Buffer.from([1]))).toEqual(Buffer.from([1]));
    expect(() => write(converter, schemaOf('string'), 'x')).toThrow(
      'Invalid schema type for ByteArrayConverter: STRING',
    );
    expect(() => write(converter, null, 'x')).toThrow(
      'ByteArrayConverter is not compatible with objects of type string',
    );
  });
});

test('every converter in the registry loads', async () => {
  for (const { names, load } of converters) {
    const factory = await load();
    const converter = factory.create(factory.config.check({}).config, false);
    expect(converter.toConnect('t', null).value, names[0]).toBeNull();
  }
});
