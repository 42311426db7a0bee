import { expect, test } from 'vitest';
import { Decimal, type SourceRecord, type StructSchema, type Value } from '../../../src/api/index.ts';
import { Committed, payloadOf } from '../../support/source-task.ts';
import { mariadbSource, openTask, type Props, postgresSource, propsOf, type Source } from './harness.ts';

/** Column: SQL type, literal, schema (`type`, or `type Name`), value. */
type Cases = Readonly<Record<string, readonly [sql: string, literal: string, schema: string, value: Value]>>;

async function readOnce(db: Source, table: string, count: number, more: Props = {}): Promise<readonly SourceRecord[]> {
  const committed = new Committed();
  await using running = await openTask(
    propsOf(db, { mode: 'incrementing', 'incrementing.column.name': 'id', 'table.whitelist': table, ...more }),
    committed,
  );
  await running.exactly(count);
  return committed.records;
}

const structOf = (record: SourceRecord | undefined): StructSchema => record?.valueSchema as StructSchema;

const schemaText = (record: SourceRecord | undefined, field: string): string => {
  const schema = structOf(record).byName.get(field)?.schema;
  const name = schema?.name?.replace('org.apache.kafka.connect.data.', '');
  return [schema?.type, name, schema?.parameters?.['scale']].filter(part => part !== undefined).join(' ');
};
const fieldOf = (record: SourceRecord | undefined, field: string): Value => {
  const struct = record?.value as { at(index: number): Value };
  return struct.at(structOf(record).byName.get(field)?.index ?? -1);
};

async function check(db: Source, cases: Cases): Promise<void> {
  const names = Object.keys(cases);
  const columns = names.map(name => `${name} ${cases[name]?.[0]} NULL`);
  await db.run(`CREATE TABLE types (id int NOT NULL PRIMARY KEY, ${columns.join(', ')})`);
  await db.run(`INSERT INTO types VALUES (1, ${names.map(name => cases[name]?.[1]).join(', ')})`);
  await db.run('INSERT INTO types (id) VALUES (2)');
  const [full, empty] = await readOnce(db, 'types', 2);
  expect(Object.fromEntries(names.map(name => [name, schemaText(full, name)]))).toEqual(
    Object.fromEntries(names.map(name => [name, cases[name]?.[2]])),
  );
  expect(Object.fromEntries(names.map(name => [name, fieldOf(full, name)]))).toEqual(
    Object.fromEntries(names.map(name => [name, cases[name]?.[3]])),
  );
  const { fields } = structOf(full);
  expect(fields.filter(({ schema }) => !schema.optional).map(({ name }) => name)).toEqual(['id']);
  // Nulls, as in JSON.
  expect(payloadOf(empty as SourceRecord)).toEqual({ id: 2, ...Object.fromEntries(names.map(name => [name, null])) });
}

const at = (iso: string): Date => new Date(iso);

test('PostgreSQL: every common type is read', async () => {
  await using db = await postgresSource();
  await db.run("CREATE TYPE mood AS ENUM ('glad', 'sad'); CREATE DOMAIN short AS varchar(5)");
  await check(db, {
    c_bool: ['boolean', 'true', 'boolean', true],
    c_int2: ['smallint', '-32768', 'int16', -32768],
    c_int4: ['integer', '2147483647', 'int32', 2147483647],
    c_int8: ['bigint', '9223372036854775807', 'int64', 9223372036854775807n],
    c_real: ['real', '1.5', 'float32', 1.5],
    c_double: ['double precision', '0.1', 'float64', 0.1],
    c_nan: ['double precision', "'NaN'", 'float64', Number.NaN],
    c_numeric: ['numeric(10,2)', '-12.30', 'bytes Decimal 2', new Decimal(-1230n, 2)],
    c_numeric_any: ['numeric', '1.5', 'bytes Decimal 127', new Decimal(15n * 10n ** 126n, 127)],
    c_money: ['money', "'1.50'", 'string', '$1.50'],
    c_char: ['char(4)', "'ab'", 'string', 'ab  '],
    c_varchar: ['varchar(9)', "'häß€😀'", 'string', 'häß€😀'],
    c_text: ['text', "''", 'string', ''],
    c_bytea: ['bytea', "'\\x00ff'", 'bytes', Buffer.from([0, 255])],
    c_date: ['date', "'2024-02-29'", 'int32 Date', at('2024-02-29T00:00:00Z')],
    c_date_bc: ['date', "'0001-12-31 BC'", 'int32 Date', at('0000-12-31T00:00:00Z')],
    c_time: ['time', "'12:34:56.789'", 'int32 Time', at('1970-01-01T12:34:56.789Z')],
    c_timetz: ['timetz', "'12:34:56+02'", 'int32 Time', at('1970-01-01T10:34:56Z')],
    c_timestamp: ['timestamp', "'2024-02-29 12:34:56.789123'", 'int64 Timestamp', at('2024-02-29T12:34:56.789Z')],
    c_timestamptz: ['timestamptz', "'2024-02-29 12:34:56+02'", 'int64 Timestamp', at('2024-02-29T10:34:56Z')],
    c_uuid: ['uuid', "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'", 'string', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'],
    c_json: ['json', '\'{"a": 1}\'', 'string', '{"a": 1}'],
    c_jsonb: ['jsonb', '\'{"a": 1}\'', 'string', '{"a": 1}'],
    c_xml: ['xml', "'<a/>'", 'string', '<a/>'],
    c_bit: ['bit(1)', "B'1'", 'boolean', true],
    c_bits: ['bit(4)', "B'1010'", 'string', '1010'],
    c_enum: ['mood', "'glad'", 'string', 'glad'],
    c_domain: ['short', "'abc'", 'string', 'abc'],
    c_inet: ['inet', "'10.0.0.1'", 'string', '10.0.0.1'],
    c_interval: ['interval', "'1 day 2 hours'", 'string', '1 day 02:00:00'],
    c_array: ['int[]', "'{1,2}'", 'string', '{1,2}'],
  });
});

test('MariaDB: every common type is read', async () => {
  await using db = await mariadbSource();
  await check(db, {
    c_tinyint: ['tinyint', '-128', 'int8', -128],
    c_utinyint: ['tinyint unsigned', '255', 'int16', 255],
    c_bool: ['boolean', 'true', 'int8', 1],
    c_smallint: ['smallint', '-32768', 'int16', -32768],
    c_usmallint: ['smallint unsigned', '65535', 'int32', 65535],
    c_mediumint: ['mediumint', '8388607', 'int32', 8388607],
    c_int: ['int', '-2147483648', 'int32', -2147483648],
    c_uint: ['int unsigned', '4294967295', 'int64', 4294967295n],
    c_bigint: ['bigint', '9223372036854775807', 'int64', 9223372036854775807n],
    c_ubigint: ['bigint unsigned', '1', 'int64', 1n],
    c_float: ['float', '1.5', 'float32', 1.5],
    c_double: ['double', '0.1', 'float64', 0.1],
    c_decimal: ['decimal(20,3)', '-12345678901234567.125', 'bytes Decimal 3', new Decimal(-12345678901234567125n, 3)],
    c_char: ['char(4)', "'ab'", 'string', 'ab'],
    c_varchar: ['varchar(9)', "'häß€😀'", 'string', 'häß€😀'],
    c_latin1: ['varchar(9) CHARACTER SET latin1', "'häß'", 'string', 'häß'],
    c_text: ['longtext', "''", 'string', ''],
    c_json: ['json', '\'{"a": 1}\'', 'string', '{"a": 1}'],
    c_enum: ["enum('a','b')", "'b'", 'string', 'b'],
    c_set: ["set('a','b')", "'a,b'", 'string', 'a,b'],
    c_binary: ['binary(3)', "X'00FF'", 'bytes', Buffer.from([0, 255, 0])],
    c_varbinary: ['varbinary(9)', "X'00FF'", 'bytes', Buffer.from([0, 255])],
    c_blob: ['longblob', "X'00FF'", 'bytes', Buffer.from([0, 255])],
    c_bit: ['bit(1)', "b'1'", 'int8', 1],
    c_bits: ['bit(12)', "b'101000000001'", 'bytes', Buffer.from([10, 1])],
    c_date: ['date', "'2024-02-29'", 'int32 Date', at('2024-02-29T00:00:00Z')],
    c_year: ['year', '2024', 'int32 Date', at('2024-01-01T00:00:00Z')],
    c_time: ['time(3)', "'12:34:56.789'", 'int32 Time', at('1970-01-01T12:34:56.789Z')],
    c_datetime: ['datetime(6)', "'2024-02-29 12:34:56.789123'", 'int64 Timestamp', at('2024-02-29T12:34:56.789Z')],
    c_timestamp: ['timestamp(3)', "'2024-02-29 12:34:56.789'", 'int64 Timestamp', at('2024-02-29T12:34:56.789Z')],
  });
});

test.each([
  ['PostgreSQL', postgresSource, 'timestamp', 'timestamptz'],
  ['MariaDB', mariadbSource, 'datetime', 'timestamp'],
] as const)(
  '%s: db.timezone is that of local timestamps; instants have their own',
  async (_name, make, local, instant) => {
    await using db = await make();
    await db.run(`CREATE TABLE zoned (id int NOT NULL PRIMARY KEY, w ${local} NOT NULL, i ${instant} NOT NULL)`);
    await db.run("INSERT INTO zoned VALUES (1, '2024-07-01 12:00:00', '2024-07-01 12:00:00')");
    const more = { 'db.timezone': 'Europe/Berlin' };
    const [record] = await readOnce(db, 'zoned', 1, more);
    expect(fieldOf(record, 'w')).toEqual(at('2024-07-01T10:00:00Z'));
    expect(fieldOf(record, 'i')).toEqual(at('2024-07-01T12:00:00Z'));
    // A position in local time is stored as an instant, and converted back to the same time.
    const committed = new Committed();
    const props = propsOf(db, { ...more, mode: 'timestamp', 'timestamp.column.name': 'w', 'table.whitelist': 'zoned' });
    await using first = await openTask(props, committed);
    await first.exactly(1);
    expect(committed.all()[0]?.offset).toEqual({ timestamp: Date.UTC(2024, 6, 1, 10), timestamp_nanos: 0 });
    await using second = await openTask(props, committed);
    await db.run("INSERT INTO zoned VALUES (2, '2024-07-01 12:00:01', '2024-07-01 12:00:00')");
    await second.exactly(2);
  },
);

test('a value that its Connect type cannot hold is an error of its record only', async () => {
  await using db = await mariadbSource();
  await db.run('CREATE TABLE beyond (id int NOT NULL PRIMARY KEY, u bigint unsigned, t time)');
  await db.run(
    "INSERT INTO beyond VALUES (1, 1, '01:00:00'), (2, 18446744073709551615, '01:00:00'), (3, 3, '-01:00:00')",
  );
  const records = await readOnce(db, 'beyond', 3);
  expect(fieldOf(records[0], 'u')).toBe(1n);
  expect(() => fieldOf(records[1], 'u')).toThrow('column u of beyond: the number is out of the range of int64');
  expect(() => fieldOf(records[2], 't')).toThrow('the time is not within a day');
});

test('numbers beyond the exact range of JSON readers are valid positions', async () => {
  await using db = await postgresSource();
  await db.run('CREATE TABLE vast (id bigint NOT NULL PRIMARY KEY)');
  await db.run('INSERT INTO vast SELECT 9007199254740993 + i FROM generate_series(0, 9) i');
  const props = propsOf(db, { mode: 'incrementing', 'incrementing.column.name': 'id', 'table.whitelist': 'vast' });
  const committed = new Committed();
  await using first = await openTask({ ...props, 'batch.max.rows': '5' }, committed);
  await first.step();
  const half = committed.records.length;
  expect(half).toBe(5);
  await first.close();
  await using second = await openTask(props, committed);
  await second.exactly(10);
  expect(committed.records.map(record => fieldOf(record, 'id'))).toEqual(
    Array.from({ length: 10 }, (_, i) => 9007199254740993n + BigInt(i)),
  );
});

test('large rows are read a few at a time, and large tables with bounded memory', async () => {
  for (const make of [postgresSource, mariadbSource]) {
    await using db = await make();
    await db.run(
      'CREATE TABLE wide (id int NOT NULL PRIMARY KEY, filler mediumtext_)'.replace(
        'mediumtext_',
        db.product === 'postgresql' ? 'text' : 'mediumtext',
      ),
    );
    for (let i = 1; i <= 40; i++) await db.run(`INSERT INTO wide VALUES (${i}, repeat('x', 500000))`);
    const committed = new Committed();
    await using running = await openTask(
      propsOf(db, { mode: 'incrementing', 'incrementing.column.name': 'id', 'table.whitelist': 'wide' }),
      committed,
      2 << 20,
    );
    await running.until(() => committed.records.length === 40);
    const sizes = committed.batches.map(batch => batch.bytes);
    // The first batch has as many rows as are fetched while their size is unknown.
    expect(Math.max(...sizes.slice(1))).toBeLessThanOrEqual(2.1e6);
    expect(committed.records.map(record => fieldOf(record, 'id'))).toEqual(Array.from({ length: 40 }, (_, i) => i + 1));
  }
});

test('a terminated session is a retriable error, and the next attempt continues', async () => {
  for (const make of [postgresSource, mariadbSource]) {
    await using db = await make();
    await db.run('CREATE TABLE cut (id int NOT NULL PRIMARY KEY)');
    await db.run('INSERT INTO cut VALUES (1), (2)');
    const props = propsOf(db, { mode: 'incrementing', 'incrementing.column.name': 'id', 'table.whitelist': 'cut' });
    const committed = new Committed();
    await using running = await openTask(props, committed);
    await running.until(() => committed.records.length === 2);
    if (db.product === 'postgresql')
      await db.run(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${db.name}' AND application_name LIKE 'millrace%'`,
      );
    else
      for (const { ID: id } of await db.run(
        `SELECT ID FROM information_schema.processlist WHERE DB = '${db.name}' AND ID <> CONNECTION_ID()`,
      ))
        await db.run(`KILL ${id}`);
    await db.run('INSERT INTO cut VALUES (3)');
    // Between polls it may be unnoticed, because a new session is opened.
    await running
      .until(() => committed.records.length === 3)
      .catch((error: { code?: string }) => {
        if (error.code !== 'SOURCE_UNAVAILABLE') throw error;
      });
    await using second = await openTask(props, committed);
    await second.exactly(3);
  }
});
