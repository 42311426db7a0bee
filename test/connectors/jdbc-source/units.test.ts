import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Session } from '../../../connectors/jdbc-source/database/session.ts';
import { hasWriterSince } from '../../../connectors/jdbc-source/mysql/transactions.ts';
import { numericType } from '../../../connectors/jdbc-source/postgresql/columns.ts';
import { readOffset, sourcePartition, writeOffset } from '../../../connectors/jdbc-source/read/offsets.ts';
import type { RelationMetadata } from '../../../connectors/jdbc-source/read/relation-metadata.ts';
import { groupStatement, maximumSql, rangeStatement } from '../../../connectors/jdbc-source/read/statements.ts';
import { tableFilter } from '../../../connectors/jdbc-source/tables/filter.ts';
import { distributeTables } from '../../../connectors/jdbc-source/tables/plan.ts';
import { decimal, int32, int64 } from '../../../connectors/jdbc-source/values/decoders.ts';
import { formatLocal, parseInstant, parseTimeOfDay } from '../../../connectors/jdbc-source/values/instants.ts';
import { zoneOf } from '../../../connectors/jdbc-source/values/time-zone.ts';
import { Decimal, structOf } from '../../../src/api/index.ts';

const utc = zoneOf('UTC');
const berlin = zoneOf('Europe/Berlin');

describe('time zones', () => {
  test.each([
    // A clock that is set forward skips an hour, one that is set back shows it twice.
    ['2024-03-31 01:59:59', '2024-03-31T00:59:59Z'],
    ['2024-03-31 02:30:00', '2024-03-31T01:30:00Z'],
    ['2024-03-31 03:00:00', '2024-03-31T01:00:00Z'],
    ['2024-10-27 01:59:59', '2024-10-26T23:59:59Z'],
    ['2024-10-27 02:30:00', '2024-10-27T01:30:00Z'],
    ['2024-07-01 12:00:00', '2024-07-01T10:00:00Z'],
  ])('%s in Berlin is %s', (local, instant) => {
    expect(parseInstant(local, berlin).ms).toBe(Date.parse(instant));
  });

  test('local times convert back to their instants, except in the repeated hour', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4_000_000_000 }), seconds => {
        const ms = seconds * 1000;
        const back = berlin.toInstant(berlin.toLocal(ms));
        expect([ms, ms + 3_600_000]).toContain(back);
      }),
    );
  });

  test('fixed offsets', () => {
    expect(zoneOf('+05:30').toLocal(0)).toBe(19_800_000);
    expect(zoneOf('UTC-3').toInstant(0)).toBe(10_800_000);
    expect(() => zoneOf('Nowhere')).toThrow();
  });
});

describe('values', () => {
  test.each([
    ['2024-01-02 03:04:05.678901', Date.UTC(2024, 0, 2, 3, 4, 5, 678), 678_901_000],
    ['2024-01-02 03:04:05+02', Date.UTC(2024, 0, 2, 1, 4, 5), 0],
    ['2024-01-02 03:04:05-03:30', Date.UTC(2024, 0, 2, 6, 34, 5), 0],
    ['1969-12-31 23:59:59.5', -500, 500_000_000],
    ['2024-01-02', Date.UTC(2024, 0, 2), 0],
    ['12024-01-02 00:00:00', Date.UTC(12024, 0, 2), 0],
  ])('%s', (text, ms, nanos) => {
    expect(parseInstant(text, utc)).toEqual({ ms, nanos });
  });

  test('zero dates and infinities are rejected; years BC are parsed', () => {
    for (const text of ['0000-00-00 00:00:00', '2024-00-10', 'infinity', '-infinity', '290000-01-01 00:00:00'])
      expect(() => parseInstant(text, utc)).toThrow(/not instants|not exist in the calendar|out of range/);
    expect(parseInstant('0044-03-15 BC', utc).ms).toBe(new Date('-000043-03-15T00:00:00Z').getTime());
  });

  test('times of day', () => {
    expect(parseTimeOfDay('12:34:56.789123')).toBe(45_296_789);
    expect(parseTimeOfDay('00:30:00+02')).toBe(81_000_000);
    expect(() => parseTimeOfDay('25:00:00')).toThrow('not within a day');
    expect(() => parseTimeOfDay('-00:00:01')).toThrow('not within a day');
  });

  test('numbers keep every digit', () => {
    expect(decimal(2).decode('-12.3')).toEqual(new Decimal(-1230n, 2));
    expect(() => decimal(2).decode('NaN')).toThrow('has no NaN');
    expect(() => decimal(1).decode('1.25')).toThrow('more than 1 fractional digits');
    expect(int64.decode('9223372036854775807')).toBe(9_223_372_036_854_775_807n);
    expect(() => int64.decode('18446744073709551615')).toThrow('out of the range of int64');
    expect(() => int32.decode('4294967295')).toThrow('out of the range of int32');
  });

  const typmod = (precision: number, scale: number) => ((precision << 16) | (scale & 0x7ff)) + 4;
  test.each([
    ['none', 5, 0, 'bytes'],
    ['precision_only', 2, 0, 'int8'],
    ['precision_only', 4, 0, 'int16'],
    ['precision_only', 9, 0, 'int32'],
    ['precision_only', 18, 0, 'int64'],
    ['precision_only', 19, 0, 'bytes'],
    ['precision_only', 9, 2, 'bytes'],
    ['best_fit', 9, 2, 'float64'],
    ['best_fit', 19, 2, 'bytes'],
    ['best_fit', 3, -2, 'int32'],
    ['best_fit_eager_double', 30, 2, 'float64'],
    ['best_fit_eager_double', 18, 0, 'int64'],
  ] as const)('numeric.mapping=%s of numeric(%i, %i) is %s', (mapping, precision, scale, type) => {
    expect(numericType(typmod(precision, scale), mapping).schema(true).type).toBe(type);
  });
});

describe('stored positions', () => {
  test('partitions and offsets have Confluent’s format', () => {
    const table = { catalog: 'test', schema: null, name: 'login' };
    expect(sourcePartition({ kind: 'table', table })).toEqual({ protocol: '1', table: 'test.login' });
    expect(sourcePartition({ kind: 'query', sql: 'x' })).toEqual({ query: 'query' });
    const place = { time: '2024-01-02 03:04:05.678901', number: 7n, group: null };
    expect(writeOffset(place, 'local', utc)).toEqual({
      timestamp: Date.UTC(2024, 0, 2, 3, 4, 5, 678),
      timestamp_nanos: 678_901_000,
      incrementing: 7,
    });
  });

  test('offsets without nanoseconds are accepted', () => {
    expect(readOffset({ timestamp: 1500 }, 'instant', berlin).time).toBe('1970-01-01 00:00:01.500000');
    expect(readOffset({ timestamp: 1500 }, 'local', berlin).time).toBe('1970-01-01 01:00:01.500000');
  });

  test('positions survive a round trip through JSON', () => {
    const text = fc
      .tuple(fc.integer({ min: 0, max: 4_000_000_000 }), fc.integer({ min: 0, max: 999_999 }))
      .map(([seconds, micros]) => formatLocal({ ms: seconds * 1000, nanos: micros * 1000 }, utc));
    const group = fc.record({
      time: text,
      hash: fc.oneof(fc.constant(''), fc.stringMatching(/^[0-9a-f]{32}$/)),
      rows: fc.nat(),
    });
    const places = fc.record({
      time: text,
      number: fc.option(fc.bigInt({ min: -1n, max: 2n ** 63n - 1n })),
      group: fc.option(group),
    });
    fc.assert(
      fc.property(places, fc.constantFrom('local', 'instant') as fc.Arbitrary<'local' | 'instant'>, (place, clock) => {
        const stored = JSON.parse(JSON.stringify(writeOffset(place, clock, berlin)));
        expect(readOffset(stored, clock, berlin)).toEqual(place);
      }),
    );
  });

  test('a number that a JSON parser rounded resumes at an earlier position, never at a later one', () => {
    const number = 9_007_199_254_740_993_123n;
    const place = readOffset({ incrementing: Number(number) }, null, utc);
    expect((place.number ?? 0n) < number).toBe(true);
  });

  test.each([{ timestamp: 'yesterday' }, { timestamp: 1.5 }, { incrementing: 'x' }])('%j is rejected', offset => {
    expect(() => readOffset(offset, 'local', utc)).toThrow('reset the connector');
  });
});

const session = {
  quote: (name: string) => `"${name}"`,
  literal: (text: string) => `'${text}'`,
  hash: (row: string) => `md5(${row})`,
} as unknown as Session;
const sourceWith = (more: Partial<RelationMetadata>): RelationMetadata => ({
  relation: { kind: 'query', sql: '' },
  name: 't',
  topic: 't',
  mode: 'bulk',
  from: '"t"',
  columns: [],
  schema: structOf({}),
  decoders: [],
  time: null,
  number: null,
  suffix: '',
  ...more,
});
const time = { sql: 'at', timeKind: 'local', hasMicroseconds: true } as const;

describe('SQL', () => {
  const place = { time: 'T', number: 5n, group: null };
  const bound = { time: 'E', number: '9' };
  test.each([
    [{}, 'SELECT millrace_row.* FROM "t" millrace_row'],
    [{ suffix: 'LIMIT 3' }, 'SELECT millrace_row.* FROM "t" millrace_row LIMIT 3'],
    [{ number: 'id' }, 'SELECT millrace_row.*, id FROM "t" millrace_row WHERE id > 5 AND id <= 9 ORDER BY id ASC'],
    [{ time }, "SELECT millrace_row.*, at FROM \"t\" millrace_row WHERE at < 'E' AND at > 'T' ORDER BY at ASC"],
    [
      { time, number: 'id' },
      "SELECT millrace_row.*, at, id FROM \"t\" millrace_row WHERE at < 'E' AND (at > 'T' OR (at = 'T' AND id > 5)) AND at >= 'T' ORDER BY at ASC, id ASC",
    ],
  ])('%j', (more, sql) => {
    expect(rangeStatement(session, sourceWith(more), place, bound)).toBe(sql);
  });

  test('the maximum query, and the query for rows of one time', () => {
    expect(maximumSql(sourceWith({ number: 'id' }), { time: null, number: null, group: null })).toBe(
      'SELECT MAX(id) FROM "t" millrace_row WHERE id > -1',
    );
    expect(groupStatement(session, sourceWith({ time }), 'T', 'ab')).toBe(
      "SELECT millrace_row.*, at, md5(millrace_row) FROM \"t\" millrace_row WHERE at = 'T' AND md5(millrace_row) >= 'ab' ORDER BY md5(millrace_row) ASC",
    );
  });
});

describe('tables', () => {
  const lists = { 'table.whitelist': [], 'table.blacklist': [], 'table.include.list': [], 'table.exclude.list': [] };
  const table = { catalog: 'shop', schema: 'public', name: 'orders' };
  test.each([
    [{}, true],
    [{ 'table.whitelist': ['orders'] }, true],
    [{ 'table.whitelist': ['public.orders'] }, true],
    [{ 'table.whitelist': ['"public"."orders"'] }, true],
    [{ 'table.whitelist': ['shop.public.orders'] }, true],
    [{ 'table.whitelist': ['order'] }, false],
    [{ 'table.blacklist': ['orders'] }, false],
    [{ 'table.include.list': ['public\\.o.*'] }, true],
    [{ 'table.include.list': ['orders'] }, false],
    [{ 'table.include.list': ['public.*'], 'table.exclude.list': ['.*\\.orders'] }, false],
  ])('%j', (more, passes) => {
    expect(tableFilter({ ...lists, ...more })(table)).toBe(passes);
  });

  test('tables are distributed evenly; the first task discovers new tables', () => {
    const tables = ['a', 'b', 'c', 'd', 'e'].map(name => ({ catalog: 'd', schema: null, name }));
    expect(distributeTables(tables, 2)).toEqual([
      { tables: '["d.a","d.b","d.c"]', 'tables.of.others': '["d.d","d.e"]' },
      { tables: '["d.d","d.e"]' },
    ]);
    expect(distributeTables(tables, 9)).toHaveLength(5);
    expect(distributeTables([], 3)).toEqual([{ tables: '[]', 'tables.of.others': '[]' }]);
  });
});

describe('InnoDB’s list of transactions', () => {
  const status = (...transactions: string[]) =>
    `LIST OF TRANSACTIONS FOR EACH SESSION:\n${transactions.map(one => `---TRANSACTION ${one}`).join('\n')}\n--------\nFILE I/O`;
  const writer = (seconds: number) =>
    `229, ACTIVE ${seconds} sec\n1 lock struct(s), heap size 1128, undo log entries 1`;
  const inserting = '230, ACTIVE 9 sec inserting\nmysql tables in use 1, locked 1\n0 lock struct(s)';
  const reading = '421, ACTIVE 900 sec fetching rows\nmysql tables in use 1, locked 0\n0 lock struct(s)';
  test.each([
    [status('421, not started\n0 lock struct(s)'), 5, false],
    [status(reading), 5, false],
    [status(reading, writer(5)), 5, true],
    [status(writer(4)), 5, true],
    [status(writer(3)), 5, false],
    [status(inserting), 5, true],
    [status('7, ACTIVE (PREPARED) 60 sec recovered trx\n0 lock struct(s)'), 5, true],
    ['LIST OF TRANSACTIONS FOR EACH SESSION:\n... truncated...\n', 5, true],
  ])('%j', (text, seconds, writes) => {
    expect(hasWriterSince(text, seconds)).toBe(writes);
  });
});
