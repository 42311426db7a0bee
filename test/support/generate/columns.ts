import fc from 'fast-check';
import * as pg from '../../connectors/postgresql/pg-text.ts';

/** A column of a PostgreSQL table with values as text, or null. */
export interface GeneratedColumn {
  readonly name: string;
  readonly type: string;
  readonly values: readonly (string | null)[];
}

interface TypeValues {
  /** Edge cases of the type. */
  readonly edges: readonly string[];
  readonly any: fc.Arbitrary<string>;
}

const texts = {
  edges: [
    '',
    ' ',
    'NULL',
    'null',
    '{}',
    '{"a"}',
    '"',
    "'",
    '\\',
    'a\\"b',
    ',',
    'a,b',
    '\t\n\r',
    'ä🦀e\u0301',
    '\u2028',
    '\\x00',
  ],
  any: pg.text.filter(text => text.isWellFormed()),
};
const short = { edges: texts.edges.filter(text => [...text].length <= 3), any: fc.constantFrom('a', 'äß', 'x y') };
const json = {
  edges: ['null', '{}', '[]', '""', '"\\u00e4"', '1e400', '{"a": {"b": [1, null]}}', '12345678901234567890'],
  any: fc.json(),
};
const integers = (any: fc.Arbitrary<string>, bits: number): TypeValues => ({
  edges: ['0', '-1', String(-(2n ** BigInt(bits - 1))), String(2n ** BigInt(bits - 1) - 1n)],
  any,
});
/** Values without trailing zeros, which a numeric without a scale does not keep. */
const numerics = {
  edges: ['0', '-1', '0.1', '1e20', '-1e-20', '123456789012345678901234567890.123456789'],
  any: pg.int64,
};
/** Years in the range of 64-bit microseconds. */
const times = (edges: readonly string[], any: fc.Arbitrary<string>): TypeValues => ({ edges, any });
const isWithinInt64 = (text: string): boolean => !/^(2942[4-9]|29[4-9]\d\d\d)/.test(text);

/** Types that arrive unchanged in every mode; exceptions are in docs/guides/jdbc-sink.md. */
const types: Readonly<Record<string, TypeValues>> = {
  bool: { edges: ['t', 'f'], any: pg.boolean },
  int2: integers(pg.int16, 16),
  int4: integers(pg.int32, 32),
  int8: integers(pg.int64, 64),
  oid: { edges: ['0', '2147483648', '4294967295'], any: pg.oid },
  float4: { edges: ['NaN', 'Infinity', '-Infinity', '-0', '1e-45', '3.4028235e38', '16777217'], any: pg.float32 },
  float8: {
    edges: ['NaN', 'Infinity', '-Infinity', '-0', '5e-324', '1.7976931348623157e308', '9007199254740993'],
    any: pg.float64,
  },
  numeric: numerics,
  'numeric(40,2)': { edges: ['0.00', '-0.01', '1e37'], any: pg.numeric(2).filter(text => text.length < 38) },
  'numeric(5,-2)': { edges: ['0', '1200', '-9999900'], any: fc.constantFrom('100', '4200') },
  money: { edges: ['0', '-0.01', '92233720368547758.07', '-92233720368547758.08'], any: fc.constantFrom('1.5', '-42') },
  text: texts,
  varchar: texts,
  'varchar(3)': short,
  'char(3)': short,
  name: { edges: ['', 'a b', 'ä'.repeat(20)], any: fc.constantFrom('x', 'select') },
  json,
  jsonb: { ...json, edges: json.edges.filter(text => text !== '1e400') },
  xml: { edges: ['<a/>', '<a b="c">&lt;</a>', 'text'], any: fc.constant('<x>ä</x>') },
  uuid: { edges: ['00000000-0000-0000-0000-000000000000', 'ffffffff-ffff-ffff-ffff-ffffffffffff'], any: pg.uuid },
  bytea: { edges: ['\\x', '\\x00', '\\xff00ff', '\\x5c7830'], any: pg.bytea },
  bit: { edges: ['0', '1'], any: fc.constantFrom('0', '1') },
  'bit(9)': {
    edges: ['000000000', '111111111', '000000001', '100000000'],
    any: fc.constantFrom('010101010', '000100000'),
  },
  /** Leading zeros are not kept. */
  varbit: { edges: ['1', '10000000', '111111111'], any: pg.bits.map(text => `1${text}`) },
  date: times(['infinity', '-infinity', '4713-01-01 BC', '0001-12-31 BC', '5874897-12-31', '1969-12-31'], pg.date),
  time: times(['24:00:00', '00:00:00', '23:59:59.999999', '00:00:00.000001'], pg.time),
  'time(0)': times(['24:00:00', '23:59:59'], fc.constantFrom('12:34:56')),
  'time(3)': times(['24:00:00', '23:59:59.999'], fc.constantFrom('12:34:56.7')),
  timetz: times(['24:00:00+00', '23:59:59.999999+00'], fc.constantFrom('12:34:56+00')),
  timestamp: times(
    ['infinity', '-infinity', '4713-01-01 00:00:00 BC', '1969-12-31 23:59:59.999999', '294240-12-31 00:00:00'],
    pg.timestamp.filter(isWithinInt64),
  ),
  'timestamp(3)': times(
    ['infinity', '-infinity', '1969-12-31 23:59:59.999', '0001-01-01 00:00:00 BC'],
    fc.constantFrom('2026-01-02 03:04:05.6'),
  ),
  timestamptz: times(
    ['infinity', '-infinity', '4713-01-01 00:00:00+00 BC', '1969-12-31 23:59:59.999999+00', '294240-12-31 00:00:00+00'],
    pg.timestamptz.filter(isWithinInt64),
  ),
  'timestamptz(0)': times(['infinity', '1969-12-31 23:59:59+00'], fc.constantFrom('2026-01-02 03:04:05+14')),
  interval: {
    edges: [
      'PT0S',
      '-178000000 years',
      '178000000 years',
      '1 mon -1 day 00:00:00.000001',
      '-0.5 seconds',
      '-23:59:59.999999',
    ],
    any: pg.interval,
  },
  inet: { edges: ['0.0.0.0/0', '::', '::ffff:1.2.3.4', 'fe80::1/64'], any: fc.ipV4() },
  cidr: { edges: ['0.0.0.0/0', '10.0.0.0/8', '::/0'], any: fc.ipV4() },
  macaddr: { edges: ['00:00:00:00:00:00'], any: fc.constant('08:00:2b:01:02:03') },
  macaddr8: { edges: ['00:00:00:00:00:00:00:00'], any: fc.constant('08:00:2b:01:02:03:04:05') },
  int4range: { edges: ['empty', '(,)', '[1,1]', '[1,5)'], any: fc.constant('(,3)') },
  numrange: { edges: ['empty', '(,)', '[0.1,2)'], any: fc.constant('(,3.5]') },
  tstzrange: { edges: ['empty', '(,infinity)', '["2026-01-01 00:00:00+00",)'], any: fc.constant('(,)') },
  tsvector: { edges: ['', "'a b':1A,2", "'\\\\'"], any: fc.constantFrom('a:1 b:2') },
  point: { edges: ['(-0,0)', '(1e300,5e-324)', '(1.5,-2)'], any: pg.point },
  line: { edges: ['{1,2,3}', '{-0.5,1e300,0}'], any: fc.constant('{0,1,0}') },
  lseg: { edges: ['[(1,2),(1,2)]', '[(-0,1e300),(3,4.5)]'], any: fc.constant('[(0,0),(1,1)]') },
  box: { edges: ['(1,1),(1,1)', '(3,4),(-1.5,-2)'], any: pg.box },
  path: { edges: ['[(0,0)]', '((0,0))', '[(1,2),(3,4)]'], any: pg.path },
  polygon: { edges: ['((0,0))', '((1,2),(3,4),(5,6))', '((1,2),(3,4),(1,2))'], any: fc.constant('((0,0),(0,1))') },
  circle: { edges: ['<(0,0),0>', '<(-0,1e300),5e-324>'], any: fc.constant('<(1,2),3>') },
  mood: { edges: ['', 'NULL', 'a,b', '{"x"}', 'ä'], any: fc.constant('ok') },
  price: { edges: ['0.00', '-999999.99'], any: fc.constant('1.50') },
  citext: texts,
  hstore: { edges: ['', '""=>""', 'a=>NULL', '"NULL"=>"NULL"', '"\\"=>\\\\"=>"{}"', '__proto__=>1'], any: pg.hstore },
  ltree: { edges: ['', 'a', 'a.B_1.c'], any: fc.constant('x.y') },
};

/** Statements that create the types of `columns` that are not built in. */
export const typeDefinitions = `
  CREATE EXTENSION citext; CREATE EXTENSION hstore; CREATE EXTENSION ltree;
  CREATE TYPE mood AS ENUM ('', 'NULL', 'a,b', '{"x"}', 'ä', 'ok'); CREATE DOMAIN price AS numeric(8,2)`;

const quoted = (text: string | null): string => (text === null ? 'NULL' : `"${text.replace(/["\\]/g, '\\$&')}"`);

const columnOf = (rows: number) => (type: string) => {
  const { edges, any } = types[type] as TypeValues;
  const one = fc.option(fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...edges) }, { weight: 1, arbitrary: any }), {
    freq: 8,
  });
  const delimiter = type === 'box' ? ';' : ',';
  const list = fc.array(one, { maxLength: 4 }).map(items => `{${items.map(quoted).join(delimiter)}}`);
  const listed = fc.tuple(
    fc.constant(`{${[...edges, null].map(quoted).join(delimiter)}}`),
    fc.array(fc.option(list), { minLength: rows - 1, maxLength: rows - 1 }),
  );
  const scalars = fc
    .array(one, { minLength: rows, maxLength: rows })
    .map(drawn => [...edges.slice(0, rows), ...drawn].slice(0, rows));
  return fc.tuple(scalars, listed).map(([values, [first, others]]) => [
    { type, values },
    { type: `${type}[]`, values: [first, ...others] },
  ]);
};

/** One column of every type and one of its array type, each with `rows` values: edge cases first, then random ones. */
export const columnsOfEveryType = (rows: number): fc.Arbitrary<GeneratedColumn[]> =>
  fc
    .tuple(...Object.keys(types).map(columnOf(rows)))
    .map(columns => columns.flat().map((column, i) => ({ ...column, name: `c${i}` })));
