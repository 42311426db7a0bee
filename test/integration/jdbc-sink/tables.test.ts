import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { schemaOf, structOf } from '../../../src/api/index.ts';
import { createDatabase, type TestDatabase } from '../../support/database.ts';
import { record, recordsOf, rejection, TestSink } from './sink.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await createDatabase('jdbc_sink_tables');
});
afterAll(() => db.drop());
beforeEach(async () => {
  await db.query('DROP SCHEMA public CASCADE; CREATE SCHEMA public; DROP SCHEMA IF EXISTS "Sales" CASCADE');
});

const key = structOf({ id: schemaOf('int32') });
const value = structOf({ id: schemaOf('int32'), name: schemaOf('string', { optional: true }) });
const { row, tombstone } = recordsOf(key, value);
const upsert = { 'insert.mode': 'upsert', 'pk.mode': 'record_key', 'delete.enabled': 'true' };
const creating = { ...upsert, 'auto.create': 'true', 'auto.evolve': 'true' };
const columns = (table = 'orders') =>
  db.query(
    `SELECT attname AS name, format_type(atttypid, atttypmod) AS type, attnotnull AS required, pg_get_expr(adbin, adrelid) AS otherwise
     FROM pg_attribute LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
     WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum`,
    [table],
  );

describe('missing tables', () => {
  it('are an error that names the setting which creates them', async () => {
    await using confluent = await TestSink.open(db, upsert);
    expect(await rejection(confluent.write([row({ id: 1, name: 'a' })]))).toMatchObject({
      code: 'SINK_SCHEMA',
      message: expect.stringMatching(
        /Table "orders" is missing and auto-creation is disabled.*auto\.create=true.*table\.name\.format/,
      ),
    });
    await using debezium = await TestSink.open(
      db,
      { 'insert.mode': 'upsert', 'primary.key.mode': 'record_key' },
      { family: 'debezium', connector: 'b' },
    );
    expect((await rejection(debezium.write([row({ id: 1, name: 'a' })]))).message).toMatch(
      /schema\.evolution=basic.*collection\.name\.format/,
    );
  });

  it('are created from the schema: keys, nullability, defaults', async () => {
    const wide = recordsOf(
      structOf({ id: schemaOf('int32') }),
      structOf({
        required: schemaOf('string'),
        optional: schemaOf('int64', { optional: true }),
        quoted: schemaOf('string', { default: "it's" }),
        counted: schemaOf('int16', { optional: true, default: 7 }),
        flag: schemaOf('boolean', { default: false }),
      }),
    );
    await using sink = await TestSink.open(db, creating);
    await sink.write([wide.row({ id: 1, required: 'r', optional: null, quoted: 'q', counted: null, flag: true })]);
    expect(await columns()).toEqual([
      { name: 'id', type: 'integer', required: true, otherwise: null },
      { name: 'required', type: 'text', required: true, otherwise: null },
      { name: 'optional', type: 'bigint', required: false, otherwise: null },
      { name: 'quoted', type: 'text', required: true, otherwise: "'it''s'::text" },
      { name: 'counted', type: 'smallint', required: false, otherwise: "'7'::smallint" },
      { name: 'flag', type: 'boolean', required: true, otherwise: 'false' },
    ]);
    expect(await db.query('SELECT * FROM orders')).toEqual([
      // replace.null.with.default is true by default.
      { id: 1, required: 'r', optional: null, quoted: 'q', counted: 7, flag: true },
    ]);
  });

  it('are not created for a delete, nor for records without schemas', async () => {
    await using sink = await TestSink.open(db, creating);
    await sink.write([tombstone({ id: 1 })]);
    expect(await db.query("SELECT to_regclass('orders') AS t")).toEqual([{ t: null }]);
    expect(await rejection(sink.write([record({ key: { id: 1 }, value: { name: 'a' } })]))).toMatchObject({
      code: 'SINK_SCHEMA',
      message: expect.stringMatching(/have no schema/),
    });
    await sink.write([row({ id: 1, name: 'a' }), tombstone({ id: 2 })]);
    expect(await db.query('SELECT * FROM orders')).toEqual([{ id: 1, name: 'a' }]);
  });

  it('are created once by tasks that start together', async () => {
    const partitions = [0, 1, 2, 3].map(partition => ({ topic: 'orders', partition }));
    const sinks = await Promise.all(partitions.map(p => TestSink.open(db, creating, { assigned: [p] })));
    await Promise.all(
      sinks.map((sink, partition) =>
        sink.write([{ ...row({ id: partition, name: 'a' }), partition, originalPartition: partition }]),
      ),
    );
    expect(await db.query('SELECT id FROM orders ORDER BY id')).toEqual([0, 1, 2, 3].map(id => ({ id })));
    await Promise.all(sinks.map(sink => sink.close()));
  });
});

describe('missing columns', () => {
  const wider = recordsOf(
    key,
    structOf({
      name: schemaOf('string', { optional: true }),
      added: schemaOf('int32', { optional: true }),
      since: schemaOf('string', { default: 'x' }),
    }),
  );

  it('are an error that names them and the setting which adds them', async () => {
    await db.query('CREATE TABLE orders (id int PRIMARY KEY, name text)');
    await using sink = await TestSink.open(db, upsert);
    expect(await rejection(sink.write([wider.row({ id: 1 })]))).toMatchObject({
      code: 'SINK_SCHEMA',
      message: expect.stringMatching(/missing fields \(added, since\).*auto-evolution is disabled.*auto\.evolve=true/),
    });
  });

  it('are added, nullable or with their default, and older records are still written', async () => {
    await db.query("CREATE TABLE orders (id int PRIMARY KEY, name text); INSERT INTO orders VALUES (7, 'there')");
    await using sink = await TestSink.open(db, creating);
    await sink.write([
      row({ id: 1, name: 'old' }),
      wider.row({ id: 2, name: 'new', added: 2, since: 'y' }),
      row({ id: 3, name: 'old' }),
    ]);
    expect(await db.query('SELECT * FROM orders ORDER BY id')).toEqual([
      { id: 1, name: 'old', added: null, since: 'x' },
      { id: 2, name: 'new', added: 2, since: 'y' },
      { id: 3, name: 'old', added: null, since: 'x' },
      { id: 7, name: 'there', added: null, since: 'x' },
    ]);
  });

  it('that are required and have no default are an error', async () => {
    await db.query('CREATE TABLE orders (id int PRIMARY KEY, name text)');
    const strict = recordsOf(key, structOf({ must: schemaOf('string') }));
    await using sink = await TestSink.open(db, creating);
    expect((await rejection(sink.write([strict.row({ id: 1, must: 'x' })]))).message).toMatch(
      /Cannot ALTER TABLE .* field must, as the field is not optional/,
    );
  });
});

describe('a table that changes under a running task', () => {
  it('may be dropped and created again with other types', async () => {
    await using sink = await TestSink.open(db, creating);
    await sink.write([row({ id: 1, name: '1' })]);
    await db.query('DROP TABLE orders');
    await sink.write([row({ id: 2, name: '2' })]);
    expect(await db.query('SELECT * FROM orders')).toEqual([{ id: 2, name: '2' }]);
    await db.query('DROP TABLE orders; CREATE TABLE orders (id bigint PRIMARY KEY, name int)');
    await sink.write([row({ id: 3, name: '3' })]);
    await db.query('ALTER TABLE orders ALTER COLUMN name TYPE varchar(10), ADD COLUMN more text');
    await sink.write([row({ id: 4, name: '4' })]);
    expect(await db.query('SELECT id, name FROM orders ORDER BY id')).toEqual([
      { id: '3', name: '3' },
      { id: '4', name: '4' },
    ]);
  });

  it('without a required column is an error that names it', async () => {
    await db.query('CREATE TABLE orders (id int PRIMARY KEY, name text)');
    await using sink = await TestSink.open(db, upsert);
    await sink.write([row({ id: 1, name: 'a' })]);
    await db.query('ALTER TABLE orders DROP COLUMN name');
    expect(await rejection(sink.write([row({ id: 1, name: 'b' })]))).toMatchObject({
      code: 'SINK_SCHEMA',
      message: expect.stringContaining('name'),
    });
  });
});

describe('names', () => {
  const odd = recordsOf(
    structOf({ 'Or"der.Id': schemaOf('int32') }),
    structOf({ 'Käse; DROP TABLE x': schemaOf('string'), select: schemaOf('int32') }),
    'Sales.Wéird "T"',
  );

  it('with dots, quotes, blanks and capitals are used unchanged', async () => {
    await db.query('CREATE SCHEMA "Sales"');
    await using sink = await TestSink.open(db, creating, { assigned: [{ topic: 'Sales.Wéird "T"', partition: 0 }] });
    await sink.write([
      odd.row({ 'Or"der.Id': 1, 'Käse; DROP TABLE x': 'a', select: 2 }),
      odd.row({ 'Or"der.Id': 2, 'Käse; DROP TABLE x': 'b', select: 3 }),
    ]);
    await sink.write([odd.tombstone({ 'Or"der.Id': 1 })]);
    expect(await db.query('SELECT * FROM "Sales"."Wéird ""T"""')).toEqual([
      { 'Or"der.Id': 2, 'Käse; DROP TABLE x': 'b', select: 3 },
    ]);
  });

  it('are folded to lower case without quotes; reserved words and underscores are allowed', async () => {
    const mixed = recordsOf(
      structOf({ OrderId: schemaOf('int32') }),
      structOf({ userName: schemaOf('string'), _from: schemaOf('string'), User: schemaOf('string') }),
      'Shop.Orders',
    );
    await using sink = await TestSink.open(
      db,
      { 'insert.mode': 'upsert', 'primary.key.mode': 'record_key', 'schema.evolution': 'basic' },
      { family: 'debezium', assigned: [{ topic: 'Shop.Orders', partition: 0 }] },
    );
    await sink.write([mixed.row({ OrderId: 1, userName: 'a', _from: 'b', User: 'c' })]);
    await sink.write([mixed.row({ OrderId: 1, userName: 'x', _from: 'y', User: 'z' })]);
    expect(await db.query('SELECT * FROM shop_orders')).toEqual([{ orderid: 1, username: 'x', _from: 'y', user: 'z' }]);
  });

  it('that differ only in case are found', async () => {
    await db.query('CREATE TABLE orders ("ID" int PRIMARY KEY, "Name" text)');
    await using sink = await TestSink.open(db, creating);
    await sink.write([row({ id: 1, name: 'a' })]);
    expect(await db.query('SELECT * FROM orders')).toEqual([{ ID: 1, Name: 'a' }]);
  });

  it("longer than PostgreSQL's limit are cut like PostgreSQL does", async () => {
    const long = 'é'.repeat(40);
    const { row: longRow } = recordsOf(key, structOf({ [long]: schemaOf('string') }), 'x'.repeat(80));
    await using sink = await TestSink.open(db, creating, { assigned: [{ topic: 'x'.repeat(80), partition: 0 }] });
    await sink.write([longRow({ id: 1, [long]: 'a' })]);
    await sink.write([longRow({ id: 2, [long]: 'b' })]);
    expect(await db.query(`SELECT count(*)::int AS n FROM ${'x'.repeat(63)}`)).toEqual([{ n: 2 }]);
  });

  it('with a database must name the connected one', async () => {
    await db.query('CREATE TABLE orders (id int PRIMARY KEY, name text)');
    await using here = await TestSink.open(db, { ...upsert, 'table.name.format': `${db.name}.public.orders` });
    await here.write([row({ id: 1, name: 'a' })]);
    await using other = await TestSink.open(db, upsert, { connector: 'b' });
    expect(await rejection(other.write([{ ...row({ id: 1, name: 'a' }), topic: 'shop.public.orders' }]))).toMatchObject(
      {
        code: 'SINK_SCHEMA',
        message: expect.stringMatching(/shop\.public\.orders.*table\.name\.format.*RegexRouter/),
      },
    );
  });

  it("follow the URL's currentSchema, also for the table of positions", async () => {
    await db.query('CREATE SCHEMA "Sales"; CREATE TABLE "Sales".orders (id int PRIMARY KEY, name text)');
    await using sink = await TestSink.open(db, upsert, { parameters: 'sslmode=disable&currentSchema=Sales' });
    await sink.write([row({ id: 1, name: 'a' })]);
    expect(await db.query('SELECT connector, topic FROM "Sales".millrace_offsets')).toEqual([
      { connector: 'orders-sink', topic: 'orders' },
    ]);
    expect(await db.query('SELECT * FROM "Sales".orders')).toEqual([{ id: 1, name: 'a' }]);
  });
});

describe('relations other than tables', () => {
  it('may be partitioned, and have computed columns', async () => {
    await db.query(
      `CREATE TABLE orders (id int, name text, upper text GENERATED ALWAYS AS (upper(name)) STORED, PRIMARY KEY (id)) PARTITION BY RANGE (id);
      CREATE TABLE orders_1 PARTITION OF orders FOR VALUES FROM (0) TO (10);
      CREATE TABLE orders_2 PARTITION OF orders FOR VALUES FROM (10) TO (20)`,
    );
    const generated = recordsOf(key, structOf({ name: schemaOf('string'), upper: schemaOf('string') }));
    await using sink = await TestSink.open(db, upsert);
    await sink.write([
      generated.row({ id: 1, name: 'a', upper: '?' }),
      generated.row({ id: 11, name: 'b', upper: '?' }),
    ]);
    expect(await db.query('SELECT id, name, upper FROM orders ORDER BY id')).toEqual([
      { id: 1, name: 'a', upper: 'A' },
      { id: 11, name: 'b', upper: 'B' },
    ]);
  });

  it("may have always-generated identities, which take the records' values", async () => {
    await db.query('CREATE TABLE orders (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text)');
    await using sink = await TestSink.open(db, upsert);
    await sink.write([row({ id: 41, name: 'a' })]);
    await sink.write([row({ id: 41, name: 'b' })]);
    expect(await db.query('SELECT * FROM orders')).toEqual([{ id: 41, name: 'b' }]);
  });

  it('may be views if table.types includes them', async () => {
    await db.query(
      'CREATE TABLE real_orders (id int PRIMARY KEY, name text); CREATE VIEW orders AS SELECT * FROM real_orders',
    );
    await using tables = await TestSink.open(db, upsert);
    expect(await rejection(tables.write([row({ id: 1, name: 'a' })]))).toMatchObject({
      code: 'SINK_SCHEMA',
      message: expect.stringContaining('table.types'),
    });
    await using views = await TestSink.open(db, { ...upsert, 'table.types': 'TABLE,VIEW' }, { connector: 'b' });
    await views.write([row({ id: 1, name: 'a' }), row({ id: 2, name: 'b' })]);
    await views.write([row({ id: 1, name: 'c' }), tombstone({ id: 2 })]);
    expect(await db.query('SELECT * FROM real_orders')).toEqual([{ id: 1, name: 'c' }]);
  });
});

describe('parameters of the URL', () => {
  it('prepareThreshold=0 leaves no prepared statements, and options reach the server', async () => {
    const parameters = `sslmode=disable&prepareThreshold=0&options=${encodeURIComponent('-c lock_timeout=1234ms')}`;
    await using sink = await TestSink.open(db, creating, { parameters });
    await sink.write([row({ id: 1, name: 'a' }), tombstone({ id: 2 })]);
    await sink.write([row({ id: 1, name: 'b' })]);
    expect(await db.query('SELECT * FROM orders')).toEqual([{ id: 1, name: 'b' }]);
    await db.query(
      `CREATE FUNCTION look() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        NEW.name := current_setting('lock_timeout') || ', ' || (SELECT count(*) FROM pg_prepared_statements);
        RETURN NEW;
      END $$; CREATE TRIGGER look BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION look()`,
    );
    await sink.write([row({ id: 3, name: '?' })]);
    expect(await db.query('SELECT name FROM orders WHERE id = 3')).toEqual([{ name: '1234ms, 0' }]);
  });
});

describe('permissions', () => {
  it('that are missing are an error that names them', async () => {
    const role = `${db.name}_weak`;
    await db.query(
      `CREATE ROLE ${role} LOGIN PASSWORD 'w'; GRANT USAGE ON SCHEMA public TO ${role}; CREATE TABLE orders (id int PRIMARY KEY, name text)`,
    );
    const weak = { ...db, connection: { ...db.connection, user: role, password: 'w' } };
    try {
      expect(await rejection(TestSink.open(weak, upsert))).toMatchObject({
        code: 'SINK_SETUP',
        message: expect.stringMatching(/millrace_offsets.*CREATE/),
      });
      await db.query(`GRANT CREATE ON SCHEMA public TO ${role}`);
      await using sink = await TestSink.open(weak, upsert);
      expect(await rejection(sink.write([row({ id: 1, name: 'a' })]))).toMatchObject({
        code: 'SINK_SETUP',
        message: expect.stringMatching(/permission denied for table orders.*Grant/),
      });
    } finally {
      await db.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
    }
  });

  it('a missing database and a closed port are errors', async () => {
    const nowhere = { ...db, connection: { ...db.connection, database: `${db.name}_none` } };
    expect(await rejection(TestSink.open(nowhere, upsert))).toMatchObject({
      code: 'SINK_SETUP',
      message: expect.stringContaining('Create the database'),
    });
    const closed = { ...db, connection: { ...db.connection, port: 1 } };
    expect(await rejection(TestSink.open(closed, upsert))).toMatchObject({ code: 'SINK_UNAVAILABLE' });
  });

  it('a server without TLS is an error', async () => {
    expect(await rejection(TestSink.open(db, upsert, { parameters: 'sslmode=require' }))).toMatchObject({
      code: 'SINK_SETUP',
      message: expect.stringContaining('sslmode'),
    });
    await using sink = await TestSink.open(db, creating, { parameters: 'sslmode=prefer' });
    await sink.write([row({ id: 1, name: 'a' })]);
  });
});
