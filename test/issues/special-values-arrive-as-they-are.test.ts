import { afterAll, beforeAll, expect, test } from 'vitest';
import { type CopySettings, TableCopies } from '../support/table-copy.ts';

/**
 * Values at the limits of types, before Christ, at the end of a day, and shapes, through change data capture and the
 * JDBC sink.
 */
const values: Readonly<Record<string, readonly string[]>> = {
  date: ['infinity', '-infinity', '0044-03-15 BC', '4713-01-01 BC', '0001-12-31 BC', '9999-12-31', '10000-01-01'],
  timestamp: [
    'infinity',
    '-infinity',
    '0044-03-15 12:34:56.789012 BC',
    '1969-12-31 23:59:59.999999',
    '10000-01-01 00:00:00',
  ],
  'timestamp(3)': ['infinity', '-infinity', '0044-03-15 12:34:56.789 BC', '1969-12-31 23:59:59.999'],
  timestamptz: [
    'infinity',
    '-infinity',
    '0044-03-15 12:34:56.789012+00 BC',
    '1969-12-31 23:59:59.999999+00',
    '10000-01-01 00:00:00+00',
  ],
  time: ['24:00:00', '00:00:00', '23:59:59.999999'],
  'time(3)': ['24:00:00', '23:59:59.999'],
  float8: ['NaN', 'Infinity', '-Infinity', '-0', '5e-324', '1.7976931348623157e308'],
  float4: ['NaN', 'Infinity', '-Infinity', '-0', '1e-45', '3.4028235e38'],
  bit: ['1', '0'],
  'bit(9)': ['000000001', '100000000', '000000000'],
  point: ['(1.5,-2)', '(-0,1e300)'],
  line: ['{1,2,3}', '{-0.5,1e300,0}'],
  lseg: ['[(1,2),(3,4.5)]', '[(-1,0),(-1,0)]'],
  box: ['(3,4),(1,2)', '(0,0),(-1.5,-2)'],
  path: ['((1,2),(3,4),(5,6))', '[(1,2),(3,4)]', '[(0,0)]'],
  polygon: ['((1,2),(3,4),(5,6))', '((0,0))'],
  circle: ['<(1,2),3.5>', '<(-1,0),0>'],
};
const columns = Object.entries(values).flatMap(([type, list], i) => [
  { name: `s${i}`, type, texts: list.map(text => `'${text}'`) },
  {
    name: `a${i}`,
    type: `${type}[]`,
    texts: [`ARRAY[${list.map(text => `'${text}'`).join()},NULL]::${type}[]`, `'{}'`],
  },
]);
const definition = `CREATE TABLE t (id int PRIMARY KEY, v int, ${columns.map(({ name, type }) => `${name} ${type}`).join(', ')})`;
const rows = Math.max(...columns.map(({ texts }) => texts.length));
const inserts = (from: number) =>
  Array.from(
    { length: rows },
    (_, i) => `INSERT INTO t VALUES (${from + i}, 0, ${columns.map(({ texts }) => texts[i] ?? 'NULL').join(', ')})`,
  ).join(';');

const variants: Readonly<Record<string, CopySettings>> = {
  'by default': {},
  'in microseconds': { source: { 'time.precision.mode': 'microseconds' } },
  'as ISO 8601': { source: { 'time.precision.mode': 'isostring' } },
};

let copies: TableCopies;
beforeAll(async () => {
  copies = await TableCopies.start('special_values');
  await copies.source.query(`${definition}; ${inserts(1)}`);
});
afterAll(() => copies?.[Symbol.asyncDispose]());

test('values are equal in snapshot and stream, in each time precision mode', async () => {
  const startedCopies = Object.entries(variants).map(
    async ([name, settings]) => [name, await copies.copyTo(definition, ['t'], settings)] as const,
  );
  for (const [, copy] of await Promise.all(startedCopies)) await copy.awaitValue('t', rows, 0);
  await copies.source.query(inserts(101));
  for (const [name, copy] of await Promise.all(startedCopies)) {
    await copy.awaitValue('t', 100 + rows, 0);
    expect(await copy.rows('t'), name).toEqual(await copies.rows('t'));
  }
});

test('tables created by the sink have columns of dates, times and shapes', async () => {
  await copies.source.query(
    `CREATE TABLE typed (id int PRIMARY KEY, v int, d date, t time, s timestamp, l line, c circle);
     INSERT INTO typed VALUES (1, 0, '0044-03-15 BC', '24:00', 'infinity', '{1,2,3}', '<(1,2),3>')`,
  );
  const copy = await copies.copyTo('SELECT', ['typed'], {
    source: { 'time.precision.mode': 'isostring' },
    sink: { 'auto.create': 'true' },
  });
  await copy.awaitValue('typed', 1, 0);
  expect(await copy.rows('typed')).toEqual(await copies.rows('typed'));
  const types = `SELECT attname, atttypid::regtype::text AS type FROM pg_attribute
    WHERE attrelid = 'typed'::regclass AND attnum > 2 ORDER BY attnum`;
  expect(await copy.database.query(types)).toEqual(await copies.source.query(types));
});

test('a value outside of its representation is a data error, not another value', async () => {
  const beyond = 'CREATE TABLE beyond (id int PRIMARY KEY, v int, i interval, s timestamp, a timestamp[])';
  await copies.source.query(beyond);
  const insert = (values: string) => copies.source.query(`INSERT INTO beyond VALUES ${values}`);
  await insert(`(1, 0, '1 hour', now(), NULL)`);
  const tolerant = { 'errors.tolerance': 'all', 'errors.log.enable': 'true' };
  const copy = await copies.copyTo(beyond, ['beyond'], { source: tolerant });
  await insert(`(2, 0, NULL, '294276-12-31', NULL), (3, 0, NULL, NULL, '{294276-12-31}'), (4, 0, NULL, NULL, NULL)`);
  await copy.awaitValue('beyond', 4, 0);
  expect((await copy.rows('beyond')).map(({ id }) => id)).toEqual(['1', '4']);
  expect(await copies.worker.log()).toMatch(/column s has a value that its type cannot represent/);
  await insert(`(5, 0, '-178000000 years', NULL, NULL)`);
  const { trace } = await copies.worker.awaitState(`${copy.name}-sink`, 'FAILED');
  expect(trace).toMatch(/The column i .* a duration beyond 64 bits .* interval\.handling\.mode=string/);
});
