import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { keyColumns } from '../../../connectors/postgresql/catalog/relation.ts';
import { config, type PostgresConfig } from '../../../connectors/postgresql/config/config.ts';
import { capturedTables } from '../../../connectors/postgresql/config/settings.ts';
import { formatLsn, lsnOf, parseLsn, readLsn, writeUint64 } from '../../../connectors/postgresql/position/lsn.ts';
import { Frames } from '../../../connectors/postgresql/session/frames.ts';
import { isVisible, parseVisibility, widen } from '../../../connectors/postgresql/snapshot/visibility.ts';
import { defaultValue } from '../../../connectors/postgresql/types/default-value.ts';
import { codecOf } from '../../../connectors/postgresql/types/resolve.ts';
import { VERSION } from '../../../connectors/postgresql/version.ts';
import packageJson from '../../../package.json' with { type: 'json' };
import { columnTest, customKeys, splitList, tableTest } from '../../../src/cdc/filter/name-filters.ts';
import { nameAdjuster, topicNaming } from '../../../src/cdc/naming/topic-naming.ts';
import { describeTable, settings } from './tuples.ts';
import { builtin, types } from './types.ts';

test("source.version is the package's", () => expect(VERSION).toBe(packageJson.version));

describe('LSN', () => {
  test('text and bytes', () => {
    expect(formatLsn(lsnOf(0x16b374d848))).toBe('16/B374D848');
    expect(parseLsn('16/B374D848')).toBe(0x16b374d848);
    expect(parseLsn('0/0000000A')).toBe(10);
    expect(() => parseLsn('x/1')).toThrow(RangeError);
    fc.assert(
      fc.property(fc.nat(Number.MAX_SAFE_INTEGER).map(lsnOf), lsn => {
        const bytes = Buffer.alloc(9);
        writeUint64(bytes, 1, lsn);
        expect(readLsn(bytes, 1)).toBe(lsn);
        expect(parseLsn(formatLsn(lsn))).toBe(lsn);
      }),
    );
  });
});

describe('messages of the server', () => {
  test('are the same however their bytes are cut into pieces', () => {
    const messages = fc.array(fc.tuple(fc.integer({ min: 1, max: 255 }), fc.uint8Array({ maxLength: 40 })));
    fc.assert(
      fc.property(messages, fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }), (list, cuts) => {
        const all = Buffer.concat(
          list.map(([type, body]) => {
            const head = Buffer.from([type, 0, 0, 0, 0]);
            head.writeUInt32BE(body.length + 4, 1);
            return Buffer.concat([head, body]);
          }),
        );
        const frames = new Frames();
        const seen: [number, string][] = [];
        const drain = () => {
          while (frames.next()) seen.push([frames.type, frames.bytes.toString('hex', frames.start, frames.end)]);
        };
        for (let at = 0, i = 0; at < all.length; i++) {
          const size = cuts[i % cuts.length] as number;
          frames.push(all.subarray(at, at + size));
          at += size;
          if (i % 3 === 0) drain();
        }
        drain();
        expect(seen).toEqual(list.map(([type, body]) => [type, Buffer.from(body).toString('hex')]));
        expect(frames.available).toBe(0);
      }),
    );
  });
});

describe('what a snapshot saw', () => {
  const snapshot = parseVisibility('100:110:103,107');

  test.each([
    [99, true],
    [100, true],
    [103, false],
    [104, true],
    [107, false],
    [109, true],
    [110, false],
    [5_000_000_000, false],
  ])('transaction %i: %s', (xid, seen) => expect(isVisible(snapshot, xid)).toBe(seen));

  test('nothing runs', () => expect(isVisible(parseVisibility('7:7:'), 6)).toBe(true));
  test('what is no snapshot', () => expect(() => parseVisibility('7:7')).toThrow(SyntaxError));

  test('lower halves of ids become whole, across the turn of an epoch', () => {
    fc.assert(
      fc.property(fc.nat(2 ** 40), fc.integer({ min: -(2 ** 31) + 1, max: 2 ** 31 - 1 }), (near, distance) => {
        const xid = near + distance;
        fc.pre(xid >= 0);
        expect(widen(xid % 2 ** 32, near)).toBe(xid);
      }),
    );
  });
});

describe('lists', () => {
  const none = { include: null, exclude: null };

  test('name whole names, whatever the case', () => {
    const captured = tableTest(none, { include: 'public\\.orders, s.*\\.x', exclude: null });
    expect(captured('public', 'orders')).toBe(true);
    expect(captured('public', 'Orders')).toBe(true);
    expect(captured('public', 'orders2')).toBe(false);
    expect(captured('s9', 'x')).toBe(true);
  });

  test('tables of the system are not captured', () => {
    const props = { 'database.hostname': 'h', 'database.user': 'u', 'database.dbname': 'd', 'topic.prefix': 'p' };
    const captured = capturedTables(config.check(props).config as PostgresConfig);
    expect(captured('pg_catalog', 'pg_class')).toBe(false);
    expect(captured('pg_temp_3', 'orders')).toBe(false);
    expect(captured('public', 'pg_mine')).toBe(true);
  });

  test('exclude', () => {
    const captured = tableTest({ include: null, exclude: 'private' }, { include: null, exclude: '.*\\.tmp_.*' });
    expect(captured('private', 'a')).toBe(false);
    expect(captured('public', 'tmp_a')).toBe(false);
    expect(captured('public', 'a')).toBe(true);
    const column = columnTest({ include: null, exclude: 'public\\.a\\.(b|c)' });
    expect([column('public', 'a', 'b'), column('public', 'a', 'd')]).toEqual([false, true]);
  });

  test('commas within expressions are escaped', () => expect(splitList('a{1\\,2},b')).toEqual(['a{1,2}', 'b']));

  test('keys of messages', () => {
    const keys = customKeys('inventory.customers:pk1,pk2;(.*).purchaseorders:pk.*');
    expect(keys('inventory', 'customers', ['pk2', 'pk1', 'x'])).toEqual(['pk1', 'pk2']);
    expect(keys('any', 'purchaseorders', ['a', 'pk8', 'pk9'])).toEqual(['pk8', 'pk9']);
    expect(keys('inventory', 'other', ['pk1'])).toBeUndefined();
    expect(() => customKeys('nonsense')).toThrow(SyntaxError);
  });
});

describe('names', () => {
  test('of topics have no character that Kafka does not take', () => {
    const naming = topicNaming({
      prefix: 'p',
      delimiter: '.',
      withSchema: true,
      heartbeatPrefix: '__hb',
      transaction: 'tx',
    });
    expect(naming.table('Odd Schema', 'Tab-le.Ünï')).toBe('p.Odd_Schema.Tab-le._n_');
    expect([naming.heartbeat, naming.transaction, naming.message]).toEqual(['__hb.p', 'p.tx', 'p.message']);
  });

  test('of topics are without the schema where the strategy leaves it out', () => {
    const naming = topicNaming({
      prefix: 'p',
      delimiter: '_',
      withSchema: false,
      heartbeatPrefix: '__hb',
      transaction: 'tx',
    });
    expect(naming.table('public', 'a b')).toBe('p_a_b');
    expect([naming.heartbeat, naming.transaction, naming.message]).toEqual(['__hb_p', 'p_tx', 'p.message']);
  });

  test('for Avro', () => {
    expect(nameAdjuster('avro', true)('p-1.a b.Value')).toBe('p_1.a_b.Value');
    expect(nameAdjuster('avro', false)('1.a')).toBe('_1_a');
    expect(nameAdjuster('avro', true)('1.a')).toBe('_.a');
    expect(nameAdjuster('avro_unicode', false)('a-b_c')).toBe('a_u002db_u005fc');
    expect(nameAdjuster('none', false)('a-b')).toBe('a-b');
  });
});

describe("the key of a table's records", () => {
  const columns = [
    { name: 'a', type: 'int4' },
    { name: 'b', type: 'int4' },
  ] as const;

  test('is the primary key, in its own order', () => {
    const { relation, facts } = describeTable(columns, ['b', 'a']);
    expect(keyColumns(relation, facts)).toEqual(['b', 'a']);
  });

  test('is what the message names, where the catalogue knows another one by now', () => {
    const { relation } = describeTable(columns, ['b']);
    const { facts } = describeTable(columns, ['a']);
    expect(keyColumns(relation, facts)).toEqual(['b']);
    expect(keyColumns(relation, undefined)).toEqual(['b']);
  });

  test("is the catalogue's under REPLICA IDENTITY FULL, where the message names every column", () => {
    const { relation, facts } = describeTable(columns, ['a'], 'f');
    expect(keyColumns(relation, facts)).toEqual(['a']);
    expect(keyColumns(relation, undefined)).toEqual([]);
  });

  test('is none without a key', () => {
    const { relation, facts } = describeTable(columns, []);
    expect(keyColumns(relation, facts)).toEqual([]);
  });
});

describe('defaults in schemas', () => {
  const of = (type: keyof typeof builtin, expression: string | null, notNull = true) => {
    const codec = codecOf(types, builtin[type], -1, settings.types);
    return codec && defaultValue(codec, expression, notNull);
  };

  test.each([
    ['text', "'it''s'::text", "it's"],
    ['text', "E'a\\\\b'::text", 'a\\b'],
    ['int4', '5', 5],
    ['int4', "'-5'::integer", -5],
    ['int8', "'5000000000'::bigint", 5_000_000_000n],
    ['bool', 'true', true],
    ['float8', "'NaN'::double precision", Number.NaN],
    ['timestamptz', "'2020-01-02 01:04:05+00'::timestamp with time zone", '2020-01-02T01:04:05.000000Z'],
    ['varchar', "'x'::character varying(10)", 'x'],
  ] as const)('%s %s', (type, expression, value) => expect(of(type, expression)).toEqual(value));

  test.each([
    ['timestamptz', 'now()', '1970-01-01T00:00:00.000000Z'],
    ['int4', "nextval('s'::regclass)", 0],
    ['text', "('a'::text || 'b'::text)", ''],
    ['uuid', 'gen_random_uuid()', '00000000-0000-0000-0000-000000000000'],
  ] as const)(
    '%s %s: the zero of a column that cannot be null, and none where null could become it',
    (type, expression, zero) => {
      expect(of(type, expression)).toBe(zero);
      expect(of(type, expression, false)).toBeUndefined();
    },
  );

  test('none', () => {
    expect(of('text', null)).toBeUndefined();
    expect(of('text', 'NULL::text')).toBeUndefined();
    expect(of('timestamptz', "'infinity'::timestamp with time zone")).toBeUndefined();
    // No default is told of bytea, as in Debezium.
    expect(of('bytea', "'\\x01'::bytea")).toBeUndefined();
  });
});

describe('configuration', () => {
  const right = {
    'database.hostname': 'localhost',
    'database.user': 'u',
    'database.password': 'p',
    'database.dbname': 'd',
    'topic.prefix': 'shop',
    'value.converter': 'org.apache.kafka.connect.json.JsonConverter',
    'producer.override.linger.ms': '5',
  };
  const errorsOf = (more: Readonly<Record<string, string | null>>) =>
    Object.fromEntries(config.check({ ...right, ...more }).errors);

  test("Debezium's defaults, and keys of others are none of its business", () => {
    const { config: read, errors } = config.check(right);
    expect([...errors]).toEqual([]);
    expect(read).toMatchObject({
      'slot.name': 'debezium',
      'publication.name': 'dbz_publication',
      'snapshot.mode': 'initial',
    });
  });

  test('every missing key is named', () => {
    const { errors } = config.check({});
    expect([...errors.keys()]).toEqual(['database.hostname', 'database.user', 'database.dbname', 'topic.prefix']);
  });

  test.each([
    [{ 'slot.name': 'Not-Good' }, 'slot.name'],
    [{ 'topic.prefix': 'a b' }, 'topic.prefix'],
    [{ 'table.include.list': '(' }, 'table.include.list'],
    [{ 'table.include.list': 'a', 'table.exclude.list': 'b' }, 'table.exclude.list'],
    [{ 'plugin.name': 'decoderbufs' }, 'plugin.name'],
    [{ 'skipped.operations': 'x' }, 'skipped.operations'],
    [{ 'snapshot.select.statement.overrides': 's.t' }, 'snapshot.select.statement.overrides.s.t'],
    [{ 'message.key.columns': 'x' }, 'message.key.columns'],
  ])('%j', (more, key) => expect(Object.keys(errorsOf(more))).toEqual([key]));

  test.each([
    'column.mask.with.10.chars',
    'column.mask.hash.SHA-256.with.salt.x',
    'column.truncate.to.5.chars',
    'converters',
    'signal.data.collection',
  ])('%s is refused, not ignored', key => expect(errorsOf({ [key]: 'x' })[key]?.[0]).toContain('not supported'));

  test('what asks for nothing is taken', () => {
    const nothing = {
      'signal.enabled.channels': 'source',
      'include.schema.comments': 'false',
      'xmin.fetch.interval.ms': '0',
      'topic.naming.strategy': 'io.debezium.schema.SchemaTopicNamingStrategy',
    };
    expect(errorsOf(nothing)).toEqual({});
  });

  test('statements of snapshots', () => {
    const { config: read } = config.check({
      ...right,
      'snapshot.select.statement.overrides': 's.t',
      'snapshot.select.statement.overrides.s.t': 'SELECT * FROM s.t WHERE x;',
    });
    expect(read?.overrides).toEqual(new Map([['s.t', 'SELECT * FROM s.t WHERE x']]));
  });
});
