import { expect, test } from 'vitest';
import type { ConnectRecord, Schema, Value } from '../../src/api/index.ts';
import { arrayOf, Bytes, Decimal, LogicalName, mapOf, schemaOf, structOf, ValueStruct } from '../../src/api/index.ts';
import { simpleHeaderConverter } from '../../src/converters/simple-header.ts';
import { stringConverter } from '../../src/converters/string.ts';
import { insertHeader } from '../../src/transforms/connect/insert-header.ts';
import { castValue } from '../../src/transforms/record/cast-value.ts';

/** For a comparison with Connect's own class see test/converters/values-differential. */
const headers = simpleHeaderConverter.create({}, false);
const read = (text: string) => headers.toConnect('t', Buffer.from(text));

function toHeaderText(schema: Schema | null, value: Value, converter = headers): string {
  const out = new Bytes(16);
  converter.fromConnect('t', schema, value, out);
  return out.take().toString('latin1');
}

const date = schemaOf('int32', { name: LogicalName.Date, version: 1 });

test('arrays and maps in brackets are parsed with the common type of their items', () => {
  expect(read('[1, 300]')).toMatchObject({ schema: arrayOf(schemaOf('int16')), value: [1, 300] });
  expect(read('[1, 3000000000]')).toMatchObject({ schema: arrayOf(schemaOf('int64')), value: [1n, 3_000_000_000n] });
  expect(read('{"a": [true], "b": []}').value).toEqual(
    new Map([
      ['a', [true]],
      ['b', []],
    ]),
  );
  expect(read('{"a": 1.5, "b": 2,}')).toMatchObject({
    schema: mapOf(schemaOf('string'), schemaOf('float32')),
    value: new Map([
      ['a', 1.5],
      ['b', 2],
    ]),
  });
  expect(read('[2024-02-29, "2024-03-01"]')).toMatchObject({
    schema: arrayOf(date),
    value: [new Date('2024-02-29'), new Date('2024-03-01')],
  });
});

test('times match the type of later timestamps', () => {
  const timestamp = schemaOf('int64', { name: LogicalName.Timestamp, version: 1 });
  expect(read('[[12:00:00.000Z],[2106-04-03T04:42:38.149Z]]')).toMatchObject({
    schema: arrayOf(arrayOf(timestamp)),
    value: [[new Date(43_200_000)], [new Date('2106-04-03T04:42:38.149Z')]],
  });
});

test('values without a type in Connect have no schema; partly parsed ones remain text', () => {
  expect(read('[1,"a",null]')).toMatchObject({ schema: null, value: [1, 'a', null] });
  expect(read('[[1],[300]]')).toMatchObject({ schema: null, value: [[1], [300]] });
  for (const text of ['[1,2', '[1] x', '{"a":1', '[1,null]', '[1,,2]', '{1}', '{{}:1}', '12,13', '["a"] 5'])
    expect(read(text)).toEqual({ schema: schemaOf('string'), value: text });
});

test('dates before 1582 are Julian, and days that do not exist are text', () => {
  expect(read('1500-03-01')).toEqual({ schema: date, value: new Date('1500-03-11') });
  expect(read('2023-02-29').value).toBe('2023-02-29');
  expect(read('12\\:30\\:00.000Z').value).toEqual(new Date(45_000_000));
});

test('a number is rounded to a float once', () => {
  const text = '1.00000017881393432617187499';
  expect(read(text).value).toBe(Math.fround(1.0000001192092896));
  expect(castValue(schemaOf('string'), text, 'float32')).toBe(Math.fround(1.0000001192092896));
  expect(castValue(schemaOf('int64'), 9_007_199_791_611_905n, 'float32')).toBe(9_007_200_328_482_816);
  expect(castValue(null, new Decimal(9_007_199_791_611_905n, 0), 'float32')).toBe(9_007_200_328_482_816);
});

test('white space around a literal is as in Java', () => {
  expect(read('\u0000 7\u001f').value).toBe(7);
  expect(read('\u00a07').value).toBe('\u00a07');
  expect(() => castValue(schemaOf('string'), '\u00a07', 'float64')).toThrow('out of range');
});

test('the default of a field is written for null', () => {
  const schema = structOf({ a: schemaOf('int32', { optional: true, default: 7 }) });
  expect(toHeaderText(schema, new ValueStruct(schema, [null]))).toBe('{"a":7}');
});

test('a character outside of the character set is written as a question mark', () => {
  expect(toHeaderText(null, 'a\ud800b')).toBe('a?b');
  const latin = stringConverter.create(
    { ...stringConverter.config.check({}).config, 'converter.encoding': 'ISO-8859-1' } as never,
    false,
  );
  expect(toHeaderText(null, 'é€🦀', latin)).toBe('\u00e9??');
});

test('InsertHeader parses its literal in the same way', () => {
  const record = { headers: [] as ConnectRecord['headers'] } as ConnectRecord;
  const { headers: added } = insertHeader
    .create({ header: 'h', 'value.literal': '["a"]' })
    .apply(record) as ConnectRecord;
  expect(added).toMatchObject([{ key: 'h', schema: arrayOf(schemaOf('string')), value: ['a'] }]);
});
