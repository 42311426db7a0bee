import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  arrayOf,
  Decimal,
  LogicalName,
  mapOf,
  type Schema,
  type SchemaOptions,
  schemaOf,
  structOf,
  type Value,
} from '../../../src/api/index.ts';
import { createDatabase, type TestDatabase } from '../../support/database.ts';
import { record, recordsOf, rejection, struct, TestSink } from './sink.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await createDatabase('jdbc_sink_types');
  await db.query('CREATE EXTENSION IF NOT EXISTS hstore');
  await db.query("CREATE TYPE mood AS ENUM ('sad', 'so so', 'happy')");
  await db.query('CREATE DOMAIN amount AS numeric(8,2) CHECK (VALUE >= 0)');
  await db.query('CREATE DOMAIN price AS amount');
});
afterAll(() => db.drop());
beforeEach(async () => {
  await db.query('DROP TABLE IF EXISTS orders, millrace_offsets');
});

const key = structOf({ id: schemaOf('int32') });
const upsert = { 'insert.mode': 'upsert', 'pk.mode': 'record_key' };
const namedSchema = (type: Parameters<typeof schemaOf>[0], name: string, options: SchemaOptions = {}) =>
  schemaOf(type, { name, optional: true, ...options });
const time = (name: string, type: Parameters<typeof schemaOf>[0] = 'int64') =>
  namedSchema(type, `io.debezium.time.${name}`);
const data = (name: string, type: Parameters<typeof schemaOf>[0] = 'string', options: SchemaOptions = {}) =>
  namedSchema(type, `io.debezium.data.${name}`, options);
const decimal = (scale: number, options: Record<string, string> = {}) =>
  namedSchema('bytes', LogicalName.Decimal, { parameters: { scale: String(scale), ...options } });
const point = structOf(
  {
    x: schemaOf('float64'),
    y: schemaOf('float64'),
    wkb: schemaOf('bytes', { optional: true }),
    srid: schemaOf('int32', { optional: true }),
  },
  { name: 'io.debezium.data.geometry.Point', optional: true },
);
const variable = structOf(
  { scale: schemaOf('int32'), value: schemaOf('bytes') },
  { name: 'io.debezium.data.VariableScaleDecimal', optional: true },
);
const optional = { optional: true };

/** Writes values (and a null) of a schema to a column, and returns them as text. */
async function through(
  schema: Schema,
  column: string | null,
  values: readonly Value[],
  config: Record<string, string> = {},
) {
  if (column !== null) await db.query(`CREATE TABLE orders (id int PRIMARY KEY, v ${column})`);
  await using sink = await TestSink.open(db, { ...upsert, 'auto.create': String(column === null), ...config });
  const { row } = recordsOf(key, structOf({ v: { ...schema, optional: true } as Schema }));
  await sink.write([...values, null].map((v, id) => row({ id, v })));
  const rows = await db.query<{ v: string | null }>('SELECT v::text FROM orders ORDER BY id');
  expect(rows.at(-1)?.v).toBeNull();
  return rows.slice(0, -1).map(({ v }) => v);
}

const columnType = async () =>
  (
    await db.query<{ type: string }>(
      "SELECT format_type(atttypid, atttypmod) AS type FROM pg_attribute WHERE attrelid = 'orders'::regclass AND attname = 'v'",
    )
  )[0]?.type;

const big = 9_007_199_254_740_993n;

/** Schema, values, their text in the database, and the type of the created column. */
const created: [string, Schema, Value[], (string | null)[], string][] = [
  ['int8', schemaOf('int8'), [-128, 127], ['-128', '127'], 'smallint'],
  ['int16', schemaOf('int16'), [-32768, 32767], ['-32768', '32767'], 'smallint'],
  ['int32', schemaOf('int32'), [-(2 ** 31), 2 ** 31 - 1, 0], ['-2147483648', '2147483647', '0'], 'integer'],
  [
    'int64',
    schemaOf('int64'),
    [-(2n ** 63n), 2n ** 63n - 1n, big, -1n],
    [String(-(2n ** 63n)), String(2n ** 63n - 1n), String(big), '-1'],
    'bigint',
  ],
  ['float32', schemaOf('float32'), [1.5, Number.NaN, Number.POSITIVE_INFINITY], ['1.5', 'NaN', 'Infinity'], 'real'],
  [
    'float64',
    schemaOf('float64'),
    [0.1, -0, 1e300, Number.NaN, Number.NEGATIVE_INFINITY],
    ['0.1', '-0', '1e+300', 'NaN', '-Infinity'],
    'double precision',
  ],
  ['boolean', schemaOf('boolean'), [true, false], ['true', 'false'], 'boolean'],
  [
    'string',
    schemaOf('string'),
    ['', 'a', 'NULL', 'grüße 😀', 'x'.repeat(5000), `"'\\{},`],
    ['', 'a', 'NULL', 'grüße 😀', 'x'.repeat(5000), `"'\\{},`],
    'text',
  ],
  ['bytes', schemaOf('bytes'), [new Uint8Array(0), Buffer.from([0, 1, 255])], ['\\x', '\\x0001ff'], 'bytea'],
  [
    'Decimal',
    decimal(2),
    [new Decimal(0n, 2), new Decimal(-123456n, 2), new Decimal(5n, 2), new Decimal(10n ** 30n, 2)],
    ['0.00', '-1234.56', '0.05', '10000000000000000000000000000.00'],
    'numeric',
  ],
  [
    'Decimal with precision',
    decimal(2, { 'connect.decimal.precision': '12' }),
    [new Decimal(100n, 2)],
    ['1.00'],
    'numeric(12,2)',
  ],
  [
    'Connect Date',
    namedSchema('int32', LogicalName.Date),
    [new Date(0), new Date('2026-02-28')],
    ['1970-01-01', '2026-02-28'],
    'date',
  ],
  [
    'Connect Time',
    namedSchema('int32', LogicalName.Time),
    [new Date(0), new Date(86_399_999)],
    ['00:00:00', '23:59:59.999'],
    'time without time zone',
  ],
  [
    'Connect Timestamp',
    namedSchema('int64', LogicalName.Timestamp),
    [new Date('2026-01-02T03:04:05.678Z'), new Date(-1), new Date('+012026-01-01T00:00:00Z')],
    ['2026-01-02 03:04:05.678', '1969-12-31 23:59:59.999', '12026-01-01 00:00:00'],
    'timestamp without time zone',
  ],
  [
    'Date',
    time('Date', 'int32'),
    [0, -719162, 2 ** 31 - 1, -(2 ** 31)],
    ['1970-01-01', '0001-01-01', 'infinity', '-infinity'],
    'date',
  ],
  ['Time', time('Time', 'int32'), [1], ['00:00:00.001'], 'time without time zone'],
  ['MicroTime', time('MicroTime'), [86_399_999_999n], ['23:59:59.999999'], 'time without time zone'],
  ['NanoTime', time('NanoTime'), [1_999n], ['00:00:00.000001'], 'time without time zone'],
  [
    'Timestamp',
    time('Timestamp'),
    [1_767_225_600_123n, -1n],
    ['2026-01-01 00:00:00.123', '1969-12-31 23:59:59.999'],
    'timestamp without time zone',
  ],
  [
    'MicroTimestamp',
    time('MicroTimestamp'),
    [1_767_225_600_123_456n, -62_198_755_200_000_000n, 9_223_372_036_825_200_000n, -9_223_372_036_832_400_000n],
    ['2026-01-01 00:00:00.123456', '0002-01-01 00:00:00 BC', 'infinity', '-infinity'],
    'timestamp without time zone',
  ],
  [
    'NanoTimestamp',
    time('NanoTimestamp'),
    [1_767_225_600_123_456_789n, -1n],
    ['2026-01-01 00:00:00.123456', '1969-12-31 23:59:59.999999'],
    'timestamp without time zone',
  ],
  [
    'ZonedTimestamp',
    time('ZonedTimestamp', 'string'),
    [
      '2026-01-01T00:00:00Z',
      '2026-01-01T00:00:00.123456Z',
      '2026-01-01T00:00:00.1Z',
      '2026-01-01T02:00:00+02:00',
      '2000-02-29T23:59:59.9999999Z',
      '1969-12-31T23:59:59.999Z',
      'infinity',
      '+12026-01-01T00:00:00Z',
    ],
    [
      '2026-01-01 00:00:00+00',
      '2026-01-01 00:00:00.123456+00',
      '2026-01-01 00:00:00.1+00',
      '2026-01-01 00:00:00+00',
      '2000-03-01 00:00:00+00',
      '1969-12-31 23:59:59.999+00',
      'infinity',
      '12026-01-01 00:00:00+00',
    ],
    'timestamp with time zone',
  ],
  ['ZonedTime', time('ZonedTime', 'string'), ['10:20:30.123456Z'], ['10:20:30.123456+00'], 'time with time zone'],
  ['Interval', time('Interval', 'string'), ['P1Y2M3DT4H5M6.78S'], ['1 year 2 mons 3 days 04:05:06.78'], 'interval'],
  ['MicroDuration', time('MicroDuration'), [-1_500_000n, 3_600_000_000n], ['-00:00:01.5', '01:00:00'], 'interval'],
  ['Year', namedSchema('int32', 'io.debezium.time.Year'), [1999], ['1999'], 'integer'],
  ['Uuid', data('Uuid'), ['0ce5f6bc-9b52-4b11-8df0-3f4d3b1ea0a2'], ['0ce5f6bc-9b52-4b11-8df0-3f4d3b1ea0a2'], 'uuid'],
  ['Json', data('Json'), ['{"a": 1}'], ['{"a": 1}'], 'json'],
  [
    'Json of jsonb',
    data('Json', 'string', { parameters: { '__debezium.source.column.type': 'JSONB' } }),
    ['{"a":1}'],
    ['{"a": 1}'],
    'jsonb',
  ],
  ['Xml', data('Xml'), ['<a>1</a>'], ['<a>1</a>'], 'xml'],
  ['Enum', data('Enum', 'string', { parameters: { allowed: 'a,b' } }), ['a'], ['a'], 'text'],
  [
    'Bits',
    data('Bits', 'bytes', { parameters: { length: '10' } }),
    [Buffer.from([0b00000101, 0b10])],
    ['1000000101'],
    'bit(10)',
  ],
  ['Bits without length', data('Bits', 'bytes'), [Buffer.from([5])], ['101'], 'bit varying'],
  ['Ltree without the extension', data('Ltree'), ['a.b'], ['a.b'], 'text'],
  ['Point', point, [struct(point, { x: 1.5, y: -2 })], ['(1.5,-2)'], 'point'],
  [
    'VariableScaleDecimal',
    variable,
    [struct(variable, { scale: 3, value: Buffer.from([0xff, 0x85]) })],
    ['-0.123'],
    'numeric',
  ],
  ['array of int32', arrayOf(schemaOf('int32', optional)), [[], [1, null, -3]], ['{}', '{1,NULL,-3}'], 'integer[]'],
  [
    'array of string',
    arrayOf(schemaOf('string', optional)),
    [['', 'a"b', 'c\\d', 'NULL', 'e,f', '{g}']],
    ['{"","a\\"b","c\\\\d","NULL","e,f","{g}"}'],
    'text[]',
  ],
  [
    'array of arrays',
    arrayOf(arrayOf(schemaOf('int32'))),
    [
      [
        [1, 2],
        [3, 4],
      ],
    ],
    ['{{1,2},{3,4}}'],
    'integer[]',
  ],
  ['array of Decimal', arrayOf(decimal(1)), [[new Decimal(15n, 1)]], ['{1.5}'], 'numeric[]'],
  [
    'array of ZonedTimestamp',
    arrayOf(time('ZonedTimestamp', 'string')),
    [['2026-01-01T00:00:00Z']],
    ['{"2026-01-01 00:00:00+00"}'],
    'timestamp with time zone[]',
  ],
  ['array of Date', arrayOf(time('Date', 'int32')), [[0]], ['{1970-01-01}'], 'date[]'],
  ['array of bytes', arrayOf(schemaOf('bytes')), [[Buffer.from([1])]], ['{"\\\\x01"}'], 'bytea[]'],
  [
    'map of strings',
    mapOf(schemaOf('string'), schemaOf('string', optional)),
    [
      new Map([
        ['a"\\', 'b'],
        ['c', null],
      ]),
    ],
    ['"c"=>NULL, "a\\"\\\\"=>"b"'],
    'hstore',
  ],
  ['map of numbers', mapOf(schemaOf('string'), schemaOf('int64')), [new Map([['a', big]])], [`{"a": ${big}}`], 'jsonb'],
  [
    'struct',
    structOf({ a: schemaOf('int32'), b: arrayOf(schemaOf('string')) }),
    [struct(structOf({ a: schemaOf('int32'), b: arrayOf(schemaOf('string')) }), { a: 1, b: ['x'] })],
    ['{"a": 1, "b": ["x"]}'],
    'jsonb',
  ],
  [
    'varchar',
    schemaOf('string', {
      parameters: { '__debezium.source.column.type': 'VARCHAR', '__debezium.source.column.length': '5' },
    }),
    ['abc'],
    ['abc'],
    'character varying(5)',
  ],
  [
    'char',
    schemaOf('string', {
      parameters: { '__debezium.source.column.type': 'BPCHAR', '__debezium.source.column.length': '5' },
    }),
    ['abc'],
    ['abc'],
    'character(5)',
  ],
  [
    'timestamp(3)',
    namedSchema('int64', 'io.debezium.time.Timestamp', { parameters: { '__debezium.source.column.length': '3' } }),
    [0n],
    ['1970-01-01 00:00:00'],
    'timestamp(3) without time zone',
  ],
  [
    'inet',
    schemaOf('string', { parameters: { '__debezium.source.column.type': 'INET' } }),
    ['10.0.0.1/8'],
    ['10.0.0.1/8'],
    'inet',
  ],
];

describe('columns created for a schema', () => {
  it.each(created)('%s', async (_name, schema, values, expected, type) => {
    expect(await through(schema, null, values)).toEqual(expected);
    expect(await columnType()).toBe(type);
  });
});

const into: [string, Schema, string, Value[], (string | null)[]][] = [
  ['int32 into bigint', schemaOf('int32'), 'bigint', [-5], ['-5']],
  ['int32 into smallint', schemaOf('int32'), 'smallint', [7], ['7']],
  ['int16 into numeric', schemaOf('int16'), 'numeric(10,2)', [7], ['7.00']],
  ['int32 into text', schemaOf('int32'), 'text', [7], ['7']],
  ['int32 into boolean', schemaOf('int32'), 'boolean', [0, 1], ['false', 'true']],
  ['int64 into int', schemaOf('int64'), 'int', [7n], ['7']],
  ['int64 into varchar', schemaOf('int64'), 'varchar(20)', [big], [String(big)]],
  ['float64 into real', schemaOf('float64'), 'real', [0.5], ['0.5']],
  [
    'float64 into numeric, every digit',
    schemaOf('float64'),
    'numeric',
    [0.30000000000000004, 1e21],
    ['0.30000000000000004', '1000000000000000000000'],
  ],
  ['boolean into smallint', schemaOf('boolean'), 'smallint', [true, false], ['1', '0']],
  ['boolean into bit', schemaOf('boolean'), 'bit(1)', [true, false], ['1', '0']],
  ['boolean into text', schemaOf('boolean'), 'text', [true], ['true']],
  ['string into int', schemaOf('string'), 'int', ['42'], ['42']],
  ['string into jsonb', schemaOf('string'), 'jsonb', ['{"a":1}'], ['{"a": 1}']],
  ['string into an enum', schemaOf('string'), 'mood', ['so so'], ['so so']],
  [
    'string into uuid',
    schemaOf('string'),
    'uuid',
    ['0CE5F6BC9B524B118DF03F4D3B1EA0A2'],
    ['0ce5f6bc-9b52-4b11-8df0-3f4d3b1ea0a2'],
  ],
  ['string into char(5)', schemaOf('string'), 'char(5)', ['ab'], ['ab']],
  ['string into an array', schemaOf('string'), 'int[]', ['{1,2}'], ['{1,2}']],
  ['string into tsvector', schemaOf('string'), 'tsvector', ["'a' 'b'"], ["'a' 'b'"]],
  [
    'string into timestamptz',
    schemaOf('string'),
    'timestamptz',
    ['2026-01-01 10:00:00+02'],
    ['2026-01-01 08:00:00+00'],
  ],
  ['Decimal into bigint', decimal(0), 'bigint', [new Decimal(12n, 0)], ['12']],
  ['Decimal into float', decimal(2), 'double precision', [new Decimal(125n, 2)], ['1.25']],
  ['Decimal into text', decimal(2), 'text', [new Decimal(125n, 2)], ['1.25']],
  ['Decimal into money', decimal(2), 'money', [new Decimal(125n, 2)], ['$1.25']],
  ['Decimal of negative scale', decimal(-3), 'numeric', [new Decimal(12n, -3)], ['12000']],
  ['Decimal into a domain of a domain', decimal(2), 'price', [new Decimal(125n, 2)], ['1.25']],
  ['float64 into a domain', schemaOf('float64'), 'amount', [2.5], ['2.50']],
  ['MicroTimestamp into timestamptz', time('MicroTimestamp'), 'timestamptz', [1n], ['1970-01-01 00:00:00.000001+00']],
  ['MicroTimestamp into date', time('MicroTimestamp'), 'date', [86_400_000_000n], ['1970-01-02']],
  ['MicroTimestamp into bigint', time('MicroTimestamp'), 'bigint', [5n], ['5']],
  ['MicroTimestamp into text', time('MicroTimestamp'), 'text', [0n], ['1970-01-01 00:00:00']],
  [
    'ZonedTimestamp into timestamp',
    time('ZonedTimestamp', 'string'),
    'timestamp',
    ['2026-01-01T01:00:00+01:00'],
    ['2026-01-01 00:00:00'],
  ],
  [
    'ZonedTimestamp into text, unchanged',
    time('ZonedTimestamp', 'string'),
    'text',
    ['2026-01-01T01:00:00+01:00'],
    ['2026-01-01T01:00:00+01:00'],
  ],
  [
    'ZonedTimestamp into timestamptz(0)',
    time('ZonedTimestamp', 'string'),
    'timestamptz(0)',
    ['2026-01-01T00:00:00.6Z'],
    ['2026-01-01 00:00:01+00'],
  ],
  [
    'Connect Timestamp into timestamptz',
    namedSchema('int64', LogicalName.Timestamp),
    'timestamptz',
    [new Date(0)],
    ['1970-01-01 00:00:00+00'],
  ],
  ['Date into text', time('Date', 'int32'), 'text', [-719_528], ['0001-01-01 BC']],
  ['Date into timestamp', time('Date', 'int32'), 'timestamp', [1], ['1970-01-02 00:00:00']],
  ['ZonedTime into time', time('ZonedTime', 'string'), 'time', ['10:00:00Z'], ['10:00:00']],
  ['Json into hstore', data('Json'), 'hstore', ['{"a":"1","b":null}'], ['"a"=>"1", "b"=>NULL']],
  ['Json into text', data('Json'), 'text', ['{"a":1}'], ['{"a":1}']],
  ['Bits into bytea', data('Bits', 'bytes', { parameters: { length: '8' } }), 'bytea', [Buffer.from([5])], ['\\x05']],
  [
    'Bits into a bit column of its own length',
    data('Bits', 'bytes', { parameters: { length: '8' } }),
    'bit(4)',
    [Buffer.from([5])],
    ['0101'],
  ],
  [
    'bytes into uuid',
    schemaOf('bytes'),
    'uuid',
    [Buffer.from('0ce5f6bc9b524b118df03f4d3b1ea0a2', 'hex')],
    ['0ce5f6bc-9b52-4b11-8df0-3f4d3b1ea0a2'],
  ],
  ['array into jsonb', arrayOf(schemaOf('int32')), 'jsonb', [[1, 2]], ['[1, 2]']],
  ['array into an array of another type', arrayOf(schemaOf('int32')), 'text[]', [[1, 2]], ['{1,2}']],
  ['map into json', mapOf(schemaOf('string'), schemaOf('string')), 'json', [new Map([['a', 'b']])], ['{"a":"b"}']],
  [
    'Point into jsonb',
    point,
    'jsonb',
    [struct(point, { x: 1, y: 2 })],
    ['{"x": 1, "y": 2, "wkb": null, "srid": null}'],
  ],
];

describe('existing columns', () => {
  it.each(into)('%s', async (_name, schema, column, values, expected) => {
    expect(await through(schema, column, values)).toEqual(expected);
  });
});

describe('values without schemas', () => {
  const plain: [string, string, Value[], (string | null)[]][] = [
    ['numbers', 'int', [1, '2', true], ['1', '2', '1']],
    ['big numbers', 'numeric', [1e21, 0.1, big], ['1000000000000000000000', '0.1', String(big)]],
    ['booleans', 'boolean', [true, 'f', 1], ['true', 'false', 'true']],
    ['strings for any type', 'text', ['a', 1.5, true, { a: [1] }], ['a', '1.5', 'true', '{"a":[1]}']],
    ['JSON', 'jsonb', [{ a: 1 }, [1, 'x'], 5, '{"raw":true}'], ['{"a": 1}', '[1, "x"]', '5', '{"raw": true}']],
    ['base64', 'bytea', ['AAH/', ''], ['\\x0001ff', '\\x']],
    ['arrays', 'text[]', [['a', null, 'b"'], '{x}'], ['{a,NULL,"b\\""}', '{x}']],
    [
      'arrays of arrays',
      'int[]',
      [
        [
          [1, 2],
          [3, 4],
        ],
      ],
      ['{{1,2},{3,4}}'],
    ],
    ['hstore', 'hstore', [{ a: 'b', c: null }], ['"a"=>"b", "c"=>NULL']],
    ['days', 'date', [1, '2026-01-01'], ['1970-01-02', '2026-01-01']],
    ['milliseconds', 'timestamp(3)', [1_767_225_600_123], ['2026-01-01 00:00:00.123']],
    ['microseconds', 'timestamp', [1_767_225_600_123_456], ['2026-01-01 00:00:00.123456']],
    [
      'microseconds and texts with a zone',
      'timestamptz',
      [0, '2026-01-01T00:00:00Z'],
      ['1970-01-01 00:00:00+00', '2026-01-01 00:00:00+00'],
    ],
    ['microseconds of the day', 'time', [1_000_000], ['00:00:01']],
    ['bits', 'bit(1)', [true, '0'], ['1', '0']],
  ];
  it.each(plain)('%s', async (_name, column, values, expected) => {
    await db.query(`CREATE TABLE orders (id int PRIMARY KEY, v ${column})`);
    await using sink = await TestSink.open(db, upsert);
    await sink.write([...values, null].map((v, id) => record({ key: { id }, value: { v } })));
    const rows = await db.query<{ v: string | null }>('SELECT v::text FROM orders ORDER BY id');
    expect(rows.map(({ v }) => v)).toEqual([...expected, null]);
  });
});

describe('time zones', () => {
  it('convert between timestamps without time zone and instants', async () => {
    await db.query('CREATE TABLE orders (id int PRIMARY KEY, wall timestamp, instant timestamptz, clock timestamptz)');
    const value = structOf({
      wall: namedSchema('int64', LogicalName.Timestamp),
      instant: time('ZonedTimestamp', 'string'),
      clock: time('MicroTimestamp'),
    });
    await using sink = await TestSink.open(db, { ...upsert, 'db.timezone': 'America/New_York' });
    await sink.write([
      recordsOf(key, value).row({
        id: 1,
        wall: new Date('2026-07-01T12:00:00Z'),
        instant: '2026-07-01T12:00:00Z',
        clock: 1_782_907_200_000_000n,
      }),
    ]);
    expect(
      await db.query(
        "SELECT wall::text, (instant AT TIME ZONE 'UTC')::text AS instant, (clock AT TIME ZONE 'UTC')::text AS clock FROM orders",
      ),
    ).toEqual([{ wall: '2026-07-01 08:00:00', instant: '2026-07-01 12:00:00', clock: '2026-07-01 16:00:00' }]);
  });

  it('may be offsets', async () => {
    await db.query('CREATE TABLE orders (id int PRIMARY KEY, wall timestamp)');
    await using sink = await TestSink.open(db, { ...upsert, 'db.timezone': 'UTC+05:30' });
    await sink.write([
      recordsOf(key, structOf({ wall: namedSchema('int64', LogicalName.Timestamp) })).row({ id: 1, wall: new Date(0) }),
    ]);
    expect(await db.query('SELECT wall::text FROM orders')).toEqual([{ wall: '1970-01-01 05:30:00' }]);
  });
});

describe('values that do not fit', () => {
  it.each([
    ['text that is too long', schemaOf('string'), 'varchar(3)', 'abcd'],
    ['text that is not a number', schemaOf('string'), 'int', 'x'],
    ['a number out of range', schemaOf('int32'), 'smallint', 40_000],
    ['a value outside of the domain', schemaOf('float64'), 'amount', -1],
    ['an unknown member of the enum', schemaOf('string'), 'mood', 'angry'],
    ['text where the schema requires a number', schemaOf('int32'), 'int', 'x'],
    ["a number outside of the schema's range", schemaOf('int32'), 'int', 2 ** 31],
    ['a fraction where the schema requires int64', schemaOf('int64'), 'bigint', 0.5],
    ['a number where the schema requires text', schemaOf('string'), 'text', 5],
    ['an invalid date', namedSchema('int64', LogicalName.Timestamp), 'timestamp', new Date(Number.NaN)],
    ['an invalid timestamp', time('ZonedTimestamp', 'string'), 'timestamptz', '2026-02-30T00:00:00Z'],
    ['a timestamp out of range', time('MicroTimestamp'), 'timestamp', -300_000_000_000_000_000n],
    ['a Decimal too large for the column', decimal(0), 'numeric(3)', new Decimal(1000n, 0)],
    ['broken JSON', data('Json'), 'json', '{'],
  ] as [string, Schema, string, Value][])(
    "%s: an error with the record's index and without the value",
    async (_name, schema, column, bad) => {
      await db.query(`CREATE TABLE orders (id int PRIMARY KEY, v ${column})`);
      await using sink = await TestSink.open(db, upsert);
      const { row } = recordsOf(key, structOf({ v: { ...schema, optional: true } as Schema }));
      const error = await rejection(
        sink.write([row({ id: 1, v: null }), row({ id: 2, v: bad }), row({ id: 3, v: null })]),
      );
      expect(error).toMatchObject({ code: 'RECORD_INVALID', index: 1 });
      if (typeof bad === 'string' && bad.length > 1) expect(error.message).not.toContain(bad);
      expect(await db.query('SELECT count(*)::int AS n FROM orders')).toEqual([{ n: 0 }]);
    },
  );
});
