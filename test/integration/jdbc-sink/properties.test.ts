import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { arrayOf, Decimal, LogicalName, mapOf, type SinkRecord, schemaOf, structOf } from '../../../src/api/index.ts';
import { DataError } from '../../../src/errors.ts';
import { createDatabase, type TestDatabase } from '../../support/database.ts';
import { record, recordsOf, rejection, struct, TestSink } from './sink.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await createDatabase('jdbc_sink_properties');
  await db.query('CREATE EXTENSION IF NOT EXISTS hstore');
});
afterAll(() => db.drop());
beforeEach(async () => {
  await db.query('DROP TABLE IF EXISTS orders, millrace_offsets');
});

const upsert = { 'insert.mode': 'upsert', 'pk.mode': 'record_key', 'delete.enabled': 'true' };
const key = structOf({ id: schemaOf('int32') });

/** Texts that PostgreSQL can store, with special characters more frequent than at random. */
const hostile = fc
  .array(
    fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom(
        '"',
        "'",
        '\\',
        '{',
        '}',
        ',',
        'NULL',
        '\n',
        '\t',
        '\r',
        '\\N',
        '\\.',
        '=>',
        ' ',
        '$1',
        '😀',
        '\u2028',
        '\ufeff',
        '\x7f',
        '\u0001',
      ),
    ),
  )
  .map(parts => parts.join('').replaceAll('\0', ''));

describe('unusual strings', () => {
  it('arrive unchanged in text, arrays, maps, JSON and keys', async () => {
    await db.query('CREATE TABLE orders (id text PRIMARY KEY, t text, v varchar, a text[], h hstore, j jsonb, p text)');
    const textKey = structOf({ id: schemaOf('string') });
    const value = structOf({
      t: schemaOf('string'),
      v: schemaOf('string'),
      a: arrayOf(schemaOf('string')),
      h: mapOf(schemaOf('string'), schemaOf('string')),
      j: mapOf(schemaOf('string'), schemaOf('string')),
    });
    await using sink = await TestSink.open(db, upsert);
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(hostile, { minLength: 1, maxLength: 20 }), async texts => {
        await sink.write(
          texts.map(text =>
            record({
              keySchema: textKey,
              key: struct(textKey, { id: text }),
              valueSchema: value,
              value: struct(value, {
                t: text,
                v: text,
                a: [text, text],
                h: new Map([[text, text]]),
                j: new Map([['k', text]]),
              }),
            }),
          ),
        );
        await sink.write(texts.map(text => record({ key: { id: text }, value: { p: text } })));
        const storedRows = await db.query<{
          id: string;
          t: string;
          v: string;
          a: string[];
          h: string;
          j: { k: string };
          p: string;
        }>('SELECT id, t, v, a, h -> id AS h, j, p FROM orders WHERE id = ANY($1)', [texts]);
        expect(new Map(storedRows.map(({ id, ...rest }) => [id, rest]))).toEqual(
          new Map(texts.map(text => [text, { t: text, v: text, a: [text, text], h: text, j: { k: text }, p: text }])),
        );
        await sink.write(texts.map(text => record({ keySchema: textKey, key: struct(textKey, { id: text }) })));
        expect(await db.query('SELECT 1 FROM orders')).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });

  it('that PostgreSQL cannot store are data errors that name the column and the record', async () => {
    await db.query('CREATE TABLE orders (id int PRIMARY KEY, t text)');
    const { row } = recordsOf(key, structOf({ t: schemaOf('string') }));
    await using sink = await TestSink.open(db, upsert);
    const impossible = fc
      .tuple(hostile, fc.constantFrom('\0', '\ud800', '\udc00', '\udbff\ud800'), hostile)
      .map(parts => parts.join(''))
      .filter(text => text.includes('\0') || !text.isWellFormed());
    await fc.assert(
      fc.asyncProperty(impossible, fc.nat(30), async (text, index) => {
        const error = await rejection(
          sink.write(Array.from({ length: 31 }, (_, id) => row({ id, t: id === index ? text : 'fine' }))),
        );
        expect(error).toBeInstanceOf(DataError);
        expect(error).toMatchObject({
          index,
          message: expect.stringMatching(/column t of "public"."orders" received text with/),
        });
      }),
      { numRuns: 40 },
    );
    expect(await db.query('SELECT 1 FROM orders')).toEqual([]);
  });
});

describe('values', () => {
  it('of every numeric and time type arrive exactly', async () => {
    await db.query(
      'CREATE TABLE orders (id int PRIMARY KEY, i int, l bigint, d double precision, f real, n numeric, b bytea, dt date, ts timestamp, tz timestamptz, tm time)',
    );
    const optional = { optional: true };
    const value = structOf({
      i: schemaOf('int32', optional),
      l: schemaOf('int64', optional),
      d: schemaOf('float64', optional),
      f: schemaOf('float32', optional),
      n: schemaOf('bytes', { ...optional, name: LogicalName.Decimal }),
      b: schemaOf('bytes', optional),
      dt: schemaOf('int32', { ...optional, name: 'io.debezium.time.Date' }),
      ts: schemaOf('int64', { ...optional, name: 'io.debezium.time.MicroTimestamp' }),
      tz: schemaOf('string', { ...optional, name: 'io.debezium.time.ZonedTimestamp' }),
      tm: schemaOf('int64', { ...optional, name: 'io.debezium.time.MicroTime' }),
    });
    const { row } = recordsOf(key, value);
    const nullable = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: null });
    const values = fc.record({
      i: nullable(fc.integer()),
      l: nullable(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
      d: nullable(fc.double()),
      f: nullable(fc.float()),
      n: nullable(
        fc
          .tuple(
            fc.oneof(fc.bigInt(), fc.bigInt({ min: -(10n ** 60n), max: 10n ** 60n })),
            fc.integer({ min: -20, max: 40 }),
          )
          .map(([u, s]) => new Decimal(u, s)),
      ),
      b: nullable(fc.uint8Array()),
      // 4000 BC to 9999
      dt: nullable(fc.integer({ min: -2_180_000, max: 2_932_896 })),
      ts: nullable(fc.bigInt({ min: -188_000_000_000_000_000n, max: 253_402_300_799_999_999n })),
      tz: nullable(
        fc
          .date({ min: new Date('0001-01-01T00:00:00Z'), max: new Date('9999-12-31T23:59:59Z'), noInvalidDate: true })
          .map(date => date.toISOString()),
      ),
      tm: nullable(fc.bigInt({ min: 0n, max: 86_399_999_999n })),
    });
    await using sink = await TestSink.open(db, upsert);
    await fc.assert(
      fc.asyncProperty(fc.array(values, { minLength: 1, maxLength: 30 }), async list => {
        await sink.write(list.map((each, id) => row({ id, ...each })));
        const storedTexts = await db.query<Record<string, string | number | null>>(
          `SELECT i::text, l::text, d::float8, f::float4, n::text, encode(b, 'hex') AS b, (dt - '1970-01-01'::date)::int AS dt,
             (extract(epoch FROM ts) * 1000000)::bigint::text AS ts, (extract(epoch FROM tz) * 1000)::bigint::text AS tz,
             (extract(epoch FROM tm) * 1000000)::bigint::text AS tm
           FROM orders WHERE id < $1 ORDER BY id`,
          [list.length],
        );
        const text = (each: unknown) => (each === null ? null : String(each));
        expect(storedTexts).toEqual(
          list.map(each => ({
            i: text(each.i),
            l: text(each.l),
            d: each.d,
            f: each.f === null ? null : expect.toSatisfy((seen: number) => Object.is(Math.fround(seen), each.f)),
            n: text(each.n),
            b: each.b === null ? null : Buffer.from(each.b).toString('hex'),
            dt: each.dt,
            ts: text(each.ts),
            tz: each.tz === null ? null : String(Date.parse(each.tz)),
            tm: text(each.tm),
          })),
        );
      }),
      { numRuns: 60 },
    );
  });
});

describe('any sequence of changes, split anywhere into batches', () => {
  const unavailable = '__debezium_unavailable_value';
  const full = structOf({ a: schemaOf('string', { optional: true }), n: schemaOf('int32') });
  const part = structOf({ n: schemaOf('int32') });
  const fullRecords = recordsOf(key, full);
  const partRecords = recordsOf(key, part);

  type Change = { readonly id: number; readonly kind: 'full' | 'part' | 'toast' | 'delete'; readonly n: number };
  const change: fc.Arbitrary<Change> = fc.record({
    id: fc.integer({ min: 0, max: 5 }),
    kind: fc.constantFrom('full', 'part', 'toast', 'delete'),
    n: fc.nat(1000),
  });

  function recordOf({ id, kind, n }: Change): SinkRecord {
    switch (kind) {
      case 'full':
        return fullRecords.row({ id, a: `a${n}`, n });
      case 'toast':
        return fullRecords.row({ id, a: unavailable, n });
      case 'part':
        return partRecords.row({ id, n });
      case 'delete':
        return fullRecords.tombstone({ id });
    }
  }

  /** Applies changes one after the other. */
  function apply(rows: Map<number, { id: number; a: string | null; n: number }>, { id, kind, n }: Change): void {
    if (kind === 'delete') rows.delete(id);
    else rows.set(id, { id, a: kind === 'full' ? `a${n}` : (rows.get(id)?.a ?? null), n });
  }

  it('gives the result of applying them one by one', async () => {
    await db.query('CREATE TABLE orders (id int PRIMARY KEY, a text, n int)');
    await using sink = await TestSink.open(db, upsert);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(change, { minLength: 1, maxLength: 25 }), { minLength: 1, maxLength: 4 }),
        async batches => {
          await db.query('TRUNCATE orders');
          const rows = new Map<number, { id: number; a: string | null; n: number }>();
          for (const batch of batches) {
            for (const each of batch) apply(rows, each);
            await sink.write(batch.map(recordOf));
            expect(await db.query('SELECT * FROM orders ORDER BY id')).toEqual(
              [...rows.values()].sort((x, y) => x.id - y.id),
            );
          }
        },
      ),
      { numRuns: 80 },
    );
  });
});

describe('large batches', () => {
  it('20,000 rows, then the same with half of them deleted, do not block the event loop', async () => {
    await db.query('CREATE TABLE orders (id int PRIMARY KEY, a text, n int)');
    const { row, tombstone } = recordsOf(key, structOf({ a: schemaOf('string'), n: schemaOf('int32') }));
    await using sink = await TestSink.open(db, upsert);
    // CPU time of this thread only, independent of other processes.
    const spent = () => {
      const { user, system } = process.threadCpuUsage();
      return (user + system) / 1000;
    };
    let longest = 0;
    let last = spent();
    const watch = setInterval(() => {
      const now = spent();
      longest = Math.max(longest, now - last);
      last = now;
    }, 1);
    const first = Array.from({ length: 20_000 }, (_, id) => row({ id, a: `row ${id} ${'x'.repeat(100)}`, n: id }));
    const second = first.map((_, id) => (id % 2 === 0 ? tombstone({ id }) : row({ id, a: 'y', n: -id })));
    last = spent();
    await sink.write(first);
    await sink.write(second);
    clearInterval(watch);
    expect(
      await db.query(
        "SELECT count(*)::int AS n, sum(n)::int AS s, count(*) FILTER (WHERE a = 'y')::int AS y FROM orders",
      ),
    ).toEqual([{ n: 10_000, s: -(10_000 ** 2), y: 10_000 }]);
    expect(longest).toBeLessThan(50);
  });

  it('a few very large values are written', async () => {
    await db.query('CREATE TABLE orders (id int PRIMARY KEY, a text)');
    const { row } = recordsOf(key, structOf({ a: schemaOf('string') }));
    await using sink = await TestSink.open(db, upsert);
    await sink.write(
      Array.from({ length: 12 }, (_, id) => row({ id, a: String.fromCharCode(97 + id).repeat(3_000_000) })),
    );
    expect(
      await db.query('SELECT count(*)::int AS n, sum(length(a))::int AS l, max(right(a, 1)) AS z FROM orders'),
    ).toEqual([{ n: 12, l: 36_000_000, z: 'l' }]);
  });
});
