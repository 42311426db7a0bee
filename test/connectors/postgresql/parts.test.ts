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

test('source.version is the version of the package', () => expect(VERSION).toBe(packageJson.version));

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
  test('do not depend on how their bytes are split into pieces', () => {
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
        const messagesRead: [number, string][] = [];
        const readFrames = () => {
          while (frames.next())
            messagesRead.push([frames.type, frames.bytes.toString('hex', frames.start, frames.end)]);
        };
        for (let start = 0, i = 0; start < all.length; i++) {
          const size = cuts[i % cuts.length] as number;
          frames.push(all.subarray(start, start + size));
          start += size;
          if (i % 3 === 0) readFrames();
        }
        readFrames();
        expect(messagesRead).toEqual(list.map(([type, body]) => [type, Buffer.from(body).toString('hex')]));
        expect(frames.available).toBe(0);
      }),
    );
  });
});

describe('visibility in a snapshot', () => {
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

  test('no transaction is active', () => expect(isVisible(parseVisibility('7:7:'), 6)).toBe(true));
  test('an invalid snapshot is rejected', () => expect(() => parseVisibility('7:7')).toThrow(SyntaxError));

  test('32-bit transaction ids are extended to 64 bits, also across an epoch boundary', () => {
    fc.assert(
      fc.property(fc.nat(2 ** 40), fc.integer({ min: -(2 ** 31) + 1, max: 2 ** 31 - 1 }), (near, distance) => {
        const xid = near + distance;
        fc.pre(xid >= 0);
        expect(widen(xid % 2 ** 32, near)).toBe(xid);
      }),
    );
  });
});

describe('name filters', () => {
  const none = { include: null, exclude: null };

  test('match complete names and ignore case', () => {
    const captured = tableTest(none, { include: 'public\\.orders, s.*\\.x', exclude: null });
    expect(captured('public', 'orders')).toBe(true);
    expect(captured('public', 'Orders')).toBe(true);
    expect(captured('public', 'orders2')).toBe(false);
    expect(captured('s9', 'x')).toBe(true);
  });

  test('do not capture system tables', () => {
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

  test('commas within expressions can be escaped', () => expect(splitList('a{1\\,2},b')).toEqual(['a{1,2}', 'b']));

  test('message.key.columns selects the key columns by table', () => {
    const keys = customKeys('inventory.customers:pk1,pk2;(.*).purchaseorders:pk.*');
    expect(keys('inventory', 'customers', ['pk2', 'pk1', 'x'])).toEqual(['pk1', 'pk2']);
    expect(keys('any', 'purchaseorders', ['a', 'pk8', 'pk9'])).toEqual(['pk8', 'pk9']);
    expect(keys('inventory', 'other', ['pk1'])).toBeUndefined();
    expect(() => customKeys('nonsense')).toThrow(SyntaxError);
  });
});

describe('names', () => {
  test('of topics contain only characters that Kafka accepts', () => {
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

  test('of topics omit the schema if the naming strategy does', () => {
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

  test('are adjusted for Avro', () => {
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

  test('is the key of the message if the catalogue has another one by now', () => {
    const { relation } = describeTable(columns, ['b']);
    const { facts } = describeTable(columns, ['a']);
    expect(keyColumns(relation, facts)).toEqual(['b']);
    expect(keyColumns(relation, undefined)).toEqual(['b']);
  });

  test('is the key of the catalogue with REPLICA IDENTITY FULL, where the message contains every column', () => {
    const { relation, facts } = describeTable(columns, ['a'], 'f');
    expect(keyColumns(relation, facts)).toEqual(['a']);
    expect(keyColumns(relation, undefined)).toEqual([]);
  });

  test('is empty without a primary key', () => {
    const { relation, facts } = describeTable(columns, []);
    expect(keyColumns(relation, facts)).toEqual([]);
  });
});

describe('defaults in schemas', () => {
  const defaultOf = (type: keyof typeof builtin, expression: string | null, notNull = true) => {
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
  ] as const)('%s %s', (type, expression, value) => expect(defaultOf(type, expression)).toEqual(value));

  test.each([
    ['timestamptz', 'now()', '1970-01-01T00:00:00.000000Z'],
    ['int4', "nextval('s'::regclass)", 0],
    ['text', "('a'::text || 'b'::text)", ''],
    ['uuid', 'gen_random_uuid()', '00000000-0000-0000-0000-000000000000'],
  ] as const)(
    '%s %s: the zero value for a NOT NULL column, no default for a nullable one',
    (type, expression, zero) => {
      expect(defaultOf(type, expression)).toBe(zero);
      expect(defaultOf(type, expression, false)).toBeUndefined();
    },
  );

  test('none', () => {
    expect(defaultOf('text', null)).toBeUndefined();
    expect(defaultOf('text', 'NULL::text')).toBeUndefined();
    expect(defaultOf('timestamptz', "'infinity'::timestamp with time zone")).toBeUndefined();
    // The default of bytea is omitted, like in Debezium.
    expect(defaultOf('bytea', "'\\x01'::bytea")).toBeUndefined();
  });
});

describe('configuration', () => {
  const valid = {
    'database.hostname': 'localhost',
    'database.user': 'u',
    'database.password': 'p',
    'database.dbname': 'd',
    'topic.prefix': 'shop',
    'value.converter': 'org.apache.kafka.connect.json.JsonConverter',
    'producer.override.linger.ms': '5',
  };
  const errorsOf = (more: Readonly<Record<string, string | null>>) =>
    Object.fromEntries(config.check({ ...valid, ...more }).errors);

  test('has the defaults of Debezium and ignores unknown keys', () => {
    const { config: read, errors } = config.check(valid);
    expect([...errors]).toEqual([]);
    expect(read).toMatchObject({
      'slot.name': 'debezium',
      'publication.name': 'dbz_publication',
      'snapshot.mode': 'initial',
    });
  });

  test('every missing key is an error', () => {
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
  ])('%s is rejected, not ignored', key => expect(errorsOf({ [key]: 'x' })[key]?.[0]).toContain('not supported'));

  test('unsupported keys are accepted with values that have no effect', () => {
    const nothing = {
      'signal.enabled.channels': 'source',
      'include.schema.comments': 'false',
      'xmin.fetch.interval.ms': '0',
      'topic.naming.strategy': 'io.debezium.schema.SchemaTopicNamingStrategy',
    };
    expect(errorsOf(nothing)).toEqual({});
  });

  test('snapshot.select.statement.overrides maps tables to statements', () => {
    const { config: read } = config.check({
      ...valid,
      'snapshot.select.statement.overrides': 's.t',
      'snapshot.select.statement.overrides.s.t': 'SELECT * FROM s.t WHERE x;',
    });
    expect(read?.overrides).toEqual(new Map([['s.t', 'SELECT * FROM s.t WHERE x']]));
  });
});
