import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { columnKeyNormalizer } from '../../connectors/jdbc-sink/values/column-key-normalizer.ts';
import { encoderFor } from '../../connectors/jdbc-sink/values/encoder-for.ts';
import { LogicalName, type Schema, schemaOf, structOf } from '../../src/api/index.ts';
import { recordsOf, TestSink } from '../integration/jdbc-sink/sink.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { generator } from '../support/generate/index.ts';

/** Keys that PostgreSQL considers equal despite different texts keep the order of their changes in a batch. */
const draw = generator(import.meta.url);
let db: TestDatabase;
beforeAll(async () => {
  db = await createDatabase('spellings');
});
afterAll(() => db.drop());

const digit = fc.integer({ min: 0, max: 3 }).map(String);
const decimals = fc
  .tuple(fc.constantFrom('', '-', '+'), digit, fc.array(fc.constantFrom('0', '4', '5', '9'), { maxLength: 4 }))
  .map(([sign, whole, fraction]) => `${sign}${whole}${fraction.length === 0 ? '' : '.'}${fraction.join('')}`);
const integers = fc.tuple(fc.constantFrom('', ' ', '-', '+', '0', '00'), digit).map(parts => parts.join(''));
const times = fc
  .tuple(
    fc.constantFrom('00', '01', '02'),
    fc.constantFrom('', '.0', '.000000', '.5', '.1234564', '.999999'),
    fc.constantFrom('Z', '+00:00', '+01:00', '-01'),
  )
  .map(([hour, fraction, zone]) => `2024-01-01T${hour}:00:00${fraction}${zone}`);
const hex = fc.constantFrom(
  'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11',
  'a0eebc999c0b4ef8bb6d6bb9bd380a11',
  '{a0eebc99-9c0b4ef8-bb6d6bb9-bd380a11}',
  'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a12',
);

const string = schemaOf('string');
const decimal = schemaOf('bytes', { name: LogicalName.Decimal, version: 1, parameters: { scale: '4' } });
const zoned = schemaOf('string', { name: 'io.debezium.time.ZonedTimestamp', version: 1 });

/** Type of the column, schema of the key, type that first parses its text, texts. */
const cases: readonly (readonly [string, Schema | null, string, fc.Arbitrary<string>])[] = [
  [
    'inet',
    string,
    'text',
    fc.constantFrom('10.0.0.1', '10.0.0.1/32', '10.0.0.1/8', '::1', '::1/128', '0::1', '10.0.0.2'),
  ],
  ['cidr', string, 'text', fc.constantFrom('10.0.0.0/8', '10/8', '10', '10.0.0.0', '10.0.0.0/32')],
  [
    'macaddr',
    string,
    'text',
    fc.constantFrom('08:00:2b:01:02:03', '08-00-2B-01-02-03', '08002b:010203', '08:00:2b:01:02:04'),
  ],
  ['uuid', string, 'text', hex],
  ['interval', string, 'text', fc.constantFrom('1 day', '24:00:00', '24 hours', 'P1D', '1 mon', '30 days', '1 hour')],
  ['timestamptz', zoned, 'timestamptz', times],
  ['timestamptz', string, 'text', times],
  ['timestamptz(0)', zoned, 'timestamptz', times],
  ['timestamp', string, 'text', times],
  ['date', string, 'text', fc.constantFrom('2024-01-01', '20240101', 'Jan 1, 2024', '2024-01-02')],
  ['numeric', string, 'text', decimals],
  ['numeric(6,1)', string, 'text', decimals],
  ['numeric(6,1)', decimal, 'numeric', decimals],
  ['numeric(6,-1)', decimal, 'numeric', fc.constantFrom('4', '5', '14.9', '15', '-5', '-4.9', '0', '10')],
  ['int4', decimal, 'numeric', decimals],
  ['int8', schemaOf('float64'), 'float8', decimals],
  ['int4', string, 'text', integers],
  [
    'float4',
    schemaOf('float64'),
    'float8',
    fc.constantFrom('0.1', '0.10000000149', '0.1000001', '16777216', '16777217'),
  ],
  ['float8', string, 'text', fc.constantFrom('0.1', '0.10', '1e-1', '9007199254740993', '9007199254740992', '1')],
  ['varchar(2)', string, 'text', fc.constantFrom('ab', 'ab ', 'ab   ', 'a', 'a ', 'A')],
  ['char(3)', string, 'text', fc.constantFrom('a', 'a ', 'A')],
  ['bool', string, 'text', fc.constantFrom('t', 'true', 'on', 'f', '0', 'no')],
  ['bytea', string, 'text', fc.constantFrom('\\x61', 'a', '\\141', 'b')],
  ['jsonb', string, 'text', fc.constantFrom('{"a":1}', '{"a": 1}', '{"a":1.0}', '{}')],
  ['timetz', string, 'text', fc.constantFrom('12:00:00Z', '12:00:00+00', '13:00:00+01')],
  ['money', string, 'text', fc.constantFrom('1', '1.001', '$1.00', '2')],
  ['text', string, 'text', fc.constantFrom('a', 'A', 'a ', '')],
];

describe('keys that are equal in a column have one canonical form', () => {
  test.each(cases.map((each, i) => [each[0], each[1]?.name ?? each[1]?.type, i] as const))(
    '%s of %s',
    async (type, _from, i) => {
      const [, schema, first, texts] = cases[i] as (typeof cases)[number];
      const [column] = await db.query<{ type: string; modifier: number; array: boolean }>(
        `SELECT t.typname AS type, a.atttypmod AS modifier, false AS array FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
       WHERE a.attrelid = $1::regclass AND a.attnum = 1`,
        [await table(type, i)],
      );
      const described = { ...column, name: 'id', cast: type, element: null, nondeterministic: false } as never;
      const form = columnKeyNormalizer(described, schema, encoderFor(schema, described, true));
      const pairs = fc.sample(fc.tuple(texts, texts), { numRuns: 400, seed: draw.value(fc.integer()) });
      // An assignment cast converts: excess spaces are cut, numbers are rounded.
      const target = `spelling_${i}`;
      const literal = (text: string) => `'${text.replaceAll("'", "''")}'${first === 'text' ? '' : `::${first}`}`;
      const values = pairs.flat().map((text, n) => `(${literal(text)}, ${n + 1})`);
      await db.query(`INSERT INTO ${target} (id, n) VALUES ${values.join()}`);
      const rows = await db.query<{ n: number }>(
        `SELECT a.n::int FROM ${target} a JOIN ${target} b ON b.n = a.n + 1 AND a.id = b.id WHERE a.n % 2 = 1`,
      );
      const equal = new Set(rows.map(({ n }) => (n - 1) / 2));
      expect(equal.size).toBeGreaterThan(0);
      for (const at of equal) {
        const [a, b] = pairs[at] as [string, string];
        const key = (text: string) => (type.startsWith('char') ? text.replace(/ +$/, '') : text);
        expect([a, b, form(key(a)) === form(key(b))]).toEqual([a, b, true]);
      }
    },
  );

  async function table(type: string, i: number): Promise<string> {
    await db.query(`CREATE TABLE spelling_${i} (id ${type}, n bigint)`);
    return `spelling_${i}`;
  }
});

test.each([
  ['inet', '10.0.0.1', '10.0.0.1/32'],
  ['interval', '1 day', '24:00:00'],
  ['timestamptz', '2024-01-01T00:00:00Z', '2024-01-01T01:00:00+01:00'],
  ['numeric(6,1)', '1.04', '1.0'],
  ['uuid', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', 'A0EEBC999C0B4EF8BB6D6BB9BD380A11'],
])('%s: changes of %s and %s keep their order', async (type, one, other) => {
  const topic = draw.topic(40);
  const column = draw.column();
  const quoted = `"${column.replaceAll('"', '""')}"`;
  const name = `ordered_${type.replace(/\W.*/, '')}`;
  await db.query(`CREATE TABLE ${name} (${quoted} ${type} PRIMARY KEY, v int)`);
  const key = structOf({ [column]: string });
  const { row, tombstone } = recordsOf(key, structOf({ [column]: string, v: schemaOf('int32') }), topic);
  const config = {
    'insert.mode': 'upsert',
    'pk.mode': 'record_key',
    'delete.enabled': 'true',
    'table.name.format': name,
  };
  await using sink = await TestSink.open(db, config, { assigned: [{ topic, partition: 0 }], connector: name });
  const shown = async () => (await db.query(`SELECT v FROM ${name}`)).map(({ v }) => v);
  await sink.write([row({ [column]: one, v: 1 }), tombstone({ [column]: other })]);
  expect(await shown()).toEqual([]);
  await sink.write([row({ [column]: one, v: 2 }), row({ [column]: other, v: 3 })]);
  expect(await shown()).toEqual([3]);
  await sink.write([tombstone({ [column]: other }), row({ [column]: one, v: 4 }), row({ [column]: other, v: 5 })]);
  expect(await shown()).toEqual([5]);
});
