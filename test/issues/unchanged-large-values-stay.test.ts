import { expect, test } from 'vitest';
import { type CopySettings, TableCopies } from '../support/table-copy.ts';

/**
 * PostgreSQL sends no value for an out-of-line column that an update leaves unchanged. The destination keeps the value
 * for any column type and record format.
 */
const elements = {
  bool: 'g % 3 = 0',
  int2: 'g',
  int4: 'g',
  int8: 'g',
  oid: 'g',
  float4: 'g + 0.5',
  float8: 'g + 0.5',
  numeric: 'g + 0.25',
  'numeric(12,3)': 'g',
  'numeric(60,2)': 'g',
  money: 'g',
  text: 'g',
  'varchar(10)': 'g',
  'char(5)': 'g',
  json: "'{}'",
  jsonb: "'[1]'",
  uuid: 'gen_random_uuid()',
  bytea: "'abc'",
  'bit(5)': "'10101'",
  varbit: "'10101'",
  date: "'2026-01-02'::date + g",
  time: "'12:34:56.789'",
  'time(3)': "'12:34:56.789'",
  timetz: "'12:34:56.789+00'",
  timestamp: "'2026-01-02 12:34:56.789012'",
  'timestamp(3)': "'2026-01-02 12:34:56.789'",
  timestamptz: "'2026-01-02 12:34:56.789012+00'",
  interval: "g * interval '1 hour'",
  inet: "'10.0.0.1'",
  int4range: "'[1,5)'",
  tsvector: "'a:1'",
  point: "'(1.5,2)'",
  mood: "'ok'",
} as const;
const scalars = {
  text: "repeat('äb', 2000)",
  'varchar(5000)': "repeat('x', 5000)",
  numeric: "repeat('123456789', 30)::numeric",
  'numeric(400,3)': "repeat('123456789', 30)::numeric",
  json: `('"' || repeat('x', 300) || '"')::json`,
  jsonb: `('"' || repeat('x', 300) || '"')::jsonb`,
  xml: "('<a>' || repeat('x', 300) || '</a>')::xml",
  bytea: "repeat('abc', 100)::bytea",
  varbit: "repeat('10', 500)::varbit",
  'bit(900)': "repeat('101', 300)::bit(900)",
  tsvector: "(SELECT string_agg(g::text, ' ') FROM generate_series(1, 100) g)::tsvector",
  hstore: "hstore('a', repeat('x', 300))",
};

const columns = [
  ...Object.entries(scalars).map(([type, value], i) => ({ name: `s${i}`, type, value })),
  ...Object.entries(elements).map(([type, element], i) => ({
    name: `a${i}`,
    type: `${type}[]`,
    value: `ARRAY(SELECT (${element})::${type} FROM generate_series(1, 200) g)`,
  })),
].flatMap(column => [
  { ...column, required: '' },
  { ...column, name: `${column.name}n`, required: ' NOT NULL' },
]);
const definition = (of: readonly (typeof columns)[number][]) => `
  CREATE EXTENSION hstore; CREATE TYPE mood AS ENUM ('sad', 'ok');
  CREATE TABLE e (id int PRIMARY KEY, v int, ${of.map(c => `${c.name} ${c.type}${c.required}`).join(', ')});
  ${of.map(c => `ALTER TABLE e ALTER ${c.name} SET STORAGE EXTERNAL;`).join('\n')}
  ALTER TABLE e SET (toast_tuple_target = 128)`;

/** Without a schema, the format of bits and points is unknown. */
const readable = ({ type }: { readonly type: string }) => !/bit|point|bytea\[|money/.test(type);
const schemaless = {
  'key.converter': 'org.apache.kafka.connect.json.JsonConverter',
  'value.converter': 'org.apache.kafka.connect.json.JsonConverter',
  'value.converter.schemas.enable': 'false',
};
const text = {
  'decimal.handling.mode': 'string',
  'time.precision.mode': 'isostring',
  'binary.handling.mode': 'base64',
  'interval.handling.mode': 'string',
  'hstore.handling.mode': 'map',
};
const coarse = { 'decimal.handling.mode': 'double', 'time.precision.mode': 'connect', 'binary.handling.mode': 'hex' };
const variants: Readonly<Record<string, CopySettings>> = {
  'by default': {},
  'as text': { source: text },
  'in doubles and Connect’s types': { source: coarse },
  'in nanoseconds': { source: { 'time.precision.mode': 'nanoseconds' } },
  'without schemas': {
    source: { ...text, 'column.exclude.list': columns.flatMap(c => (readable(c) ? [] : `public.e.${c.name}`)).join() },
    converters: schemaless,
  },
};

test('the destination keeps large values that an update leaves unchanged', async () => {
  await using copies = await TableCopies.start('unchanged_large');
  const { source } = copies;
  await source.query(definition(columns));
  const before = new Map<string, Record<string, string | null>[]>();
  await source.query(`INSERT INTO e SELECT 1, 0, ${columns.map(c => c.value).join(', ')}`);
  const startedCopies = Object.entries(variants).map(
    async ([name, settings]) =>
      [
        name,
        await copies.copyTo(definition(settings.converters ? columns.filter(readable) : columns), ['e'], settings),
      ] as const,
  );
  for (const [name, copy] of await Promise.all(startedCopies)) {
    await copy.awaitValue('e', 1, 0);
    before.set(name, await copy.rows('e'));
  }
  await source.query('UPDATE e SET v = 1');
  for (const [name, copy] of await Promise.all(startedCopies)) {
    await copy.awaitValue('e', 1, 1);
    expect(await copy.rows('e'), name).toEqual([{ ...before.get(name)?.[0], v: '1' }]);
  }
});
