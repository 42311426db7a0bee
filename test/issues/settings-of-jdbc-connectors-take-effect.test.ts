import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connector } from '../../connectors/jdbc-source/index.ts';
import { schemaOf, structOf } from '../../src/api/index.ts';
import { recordsOf, rejection, TestSink } from '../integration/jdbc-sink/sink.ts';
import { configOf, openTask, planContext, propsOf, type Source, sources } from '../integration/jdbc-source/harness.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { generator } from '../support/generate/index.ts';
import { Committed, payloadOf } from '../support/source-task.ts';
// Its server is started for files that name it.
import '../support/mariadb.ts';

/** Documented settings of Confluent's JDBC connectors take effect. */
const draw = generator(import.meta.url);

async function payloadsOf(db: Source, more: Readonly<Record<string, string>>, count: number): Promise<unknown[]> {
  const committed = new Committed();
  await using running = await openTask(propsOf(db, more), committed);
  await running.until(() => committed.records.length >= count);
  return committed.records.slice(0, count).map(record => ({ ...payloadOf(record), topic: record.topic }));
}

describe.each(sources)('the JDBC source on %s', (_name, make) => {
  let db: Source;
  beforeAll(async () => {
    db = await make();
    await db.run('CREATE TABLE neighbour (id int PRIMARY KEY)');
    await db.run('INSERT INTO neighbour VALUES (1)');
  });
  afterAll(() => db[Symbol.asyncDispose]());

  test('query.masked is the query, and no message contains it', async () => {
    const secret = draw.column();
    const literal = `'${secret.replaceAll("'", "''").replaceAll('\\', '\\\\')}'`;
    const masked = { mode: 'bulk', 'topic.prefix': 'answers' };
    const settings = { ...masked, 'query.masked': 'SELECT id, 7 AS seven FROM neighbour' };
    expect(await payloadsOf(db, settings, 2)).toEqual(Array(2).fill({ id: 1, seven: 7, topic: 'answers' }));
    const wrong = { ...masked, 'query.masked': `SELECT ${literal} ${literal} FROM FROM neighbour` };
    const failure = await rejection(payloadsOf(db, wrong, 1));
    expect(failure.message).toContain('its message is left out');
    expect(failure.message).not.toContain('FROM');
    expect(String((failure.cause as Error | undefined)?.message)).not.toContain('FROM');
  });

  test('columns are selected by table', async () => {
    await db.run('CREATE TABLE mapped_a (nr int NOT NULL, at timestamp NOT NULL)');
    await db.run('CREATE TABLE mapped_b (id int NOT NULL, made timestamp NOT NULL, changed timestamp NULL)');
    await db.run("INSERT INTO mapped_a VALUES (1, '2024-01-01 00:00:00')");
    await db.run("INSERT INTO mapped_b VALUES (2, '2024-01-01 00:00:00', NULL)");
    const more = {
      mode: 'timestamp+incrementing',
      'table.include.list': '.*\\.mapped_.',
      'timestamp.columns.mapping': '.*_a:[at], .*_b:[changed|made]',
      'incrementing.column.mapping': '.*_a:nr, .*_b:id',
    };
    const rows = (await payloadsOf(db, more, 2)) as { topic: string; nr?: number; id?: number }[];
    expect(rows.map(({ topic, nr, id }) => [topic, nr ?? id]).sort()).toEqual([
      ['from.mapped_a', 1],
      ['from.mapped_b', 2],
    ]);
    const twice = { ...more, 'table.include.list': '.*_a', 'incrementing.column.mapping': '.*:nr,.*_a:nr' };
    expect((await rejection(payloadsOf(db, twice, 1))).message).toMatch(/several of the regular expressions/);
    const none = { ...more, 'table.include.list': '.*_a', 'timestamp.columns.mapping': 'b:[at]' };
    expect((await rejection(payloadsOf(db, none, 1))).message).toMatch(/none of the regular expressions/);
  });

  test('the isolation level of transactions is set', async () => {
    const query =
      db.product === 'postgresql'
        ? "SELECT current_setting('transaction_isolation') AS level"
        : 'SELECT @@tx_isolation AS level';
    const level = async (mode: string) => {
      const more = { mode: 'bulk', query, 'transaction.isolation.mode': mode };
      const [row] = (await payloadsOf(db, more, 1)) as { level: string }[];
      return row?.level.toLowerCase().replaceAll('-', ' ');
    };
    expect(await level('READ_UNCOMMITTED')).toBe('read uncommitted');
    expect(await level('serializable')).toBe('serializable');
  });

  test('connection.attempts', async () => {
    const nobody = `jdbc:${db.product}://127.0.0.1:9/x?user=u`;
    const more = { mode: 'bulk', 'connection.url': nobody, 'connection.backoff.ms': '1' };
    const planned = (attempts: Readonly<Record<string, string>>) =>
      connector.plan(configOf(propsOf(db, { ...more, ...attempts })), 1, planContext);
    await expect(planned({ 'connection.attempts': '2' })).rejects.toMatchObject({
      code: 'SOURCE_SETUP',
      message: expect.stringMatching(/gave up after 2 attempts: connection.attempts/),
    });
    await expect(planned({})).rejects.toMatchObject({ code: 'SOURCE_UNAVAILABLE' });
  });
});

describe('the JDBC source on PostgreSQL', () => {
  let db: Source;
  beforeAll(async () => {
    db = await sources[0][1]();
    await db.run('CREATE TABLE numbers (id int PRIMARY KEY, n numeric(4, 0) NOT NULL)');
    await db.run('INSERT INTO numbers VALUES (1, 12)');
  });
  afterAll(() => db[Symbol.asyncDispose]());

  test('numeric.precision.mapping equals numeric.mapping=precision_only, which has precedence', async () => {
    const typeOf = async (more: Readonly<Record<string, string>>) => {
      const committed = new Committed();
      await using running = await openTask(
        propsOf(db, { mode: 'bulk', 'table.whitelist': 'numbers', ...more }),
        committed,
      );
      await running.until(() => committed.records.length > 0);
      const schema = committed.records[0]?.valueSchema;
      return schema?.type === 'struct' ? schema.byName.get('n')?.schema.type : undefined;
    };
    expect(await typeOf({ 'numeric.precision.mapping': 'true' })).toBe('int16');
    expect(await typeOf({ 'numeric.precision.mapping': 'true', 'numeric.mapping': 'none' })).toBe('bytes');
    expect(await typeOf({})).toBe('bytes');
  });

  test('driver parameters as keys of their own follow those of the URL', async () => {
    const query = "SELECT current_setting('work_mem') AS size";
    const options = { mode: 'bulk', query, 'connection.options': '-c work_mem=12345kB' };
    expect(await payloadsOf(db, options, 1)).toMatchObject([{ size: '12345kB' }]);
    const both = { ...options, 'connection.url': `${db.url}&options=-c%20work_mem=54321kB` };
    expect(await payloadsOf(db, both, 1)).toMatchObject([{ size: '54321kB' }]);
  });

  test('query.retry.attempts', async () => {
    const more = { mode: 'bulk', query: 'SELECT pg_terminate_backend(pg_backend_pid()) AS id' };
    await expect(payloadsOf(db, more, 1)).rejects.toMatchObject({ code: 'SOURCE_UNAVAILABLE' });
    await expect(payloadsOf(db, { ...more, 'query.retry.attempts': '2' }, 1)).rejects.toMatchObject({
      code: 'SOURCE_SETUP',
      message: expect.stringMatching(/gave up after 2 retries: query.retry.attempts/),
    });
  });

  test('poll.linger.ms is the wait of a read, without busy waiting', async () => {
    const waited = async (ms: string) => {
      const more = { mode: 'incrementing', 'incrementing.column.name': 'id', 'table.whitelist': 'numbers' };
      const props = { ...more, 'poll.interval.ms': '60000', 'poll.linger.ms': ms };
      await using running = await openTask(propsOf(db, props), new Committed());
      while ((await running.step()) === null);
      while ((await running.step()) !== null);
      const began = performance.now();
      expect(await running.step()).toBe(null);
      return performance.now() - began;
    };
    expect(await waited('0')).toBeGreaterThan(90);
    expect(await waited('300')).toBeGreaterThan(290);
  });

  test('catalog.pattern matches the database', async () => {
    const tablesOf = async (pattern: string) => {
      const props = propsOf(db, { mode: 'bulk', 'catalog.pattern': pattern });
      const [plan] = await connector.plan(configOf(props), 1, planContext);
      return JSON.parse(plan?.['tables'] ?? 'null');
    };
    expect(await tablesOf(`${db.name.slice(0, -1)}_`)).toEqual(['public.numbers']);
    expect(await tablesOf('elsewhere')).toEqual([]);
  });
});

describe('the JDBC sink', () => {
  let db: TestDatabase;
  const key = structOf({ id: schemaOf('int32') });
  const value = structOf({ id: schemaOf('int32'), n: schemaOf('int32', { optional: true, default: 5 }) });
  const { row } = recordsOf(key, value);
  const config = { 'pk.mode': 'record_key', 'insert.mode': 'upsert', 'auto.create': 'true' };
  beforeAll(async () => {
    db = await createDatabase('jdbc_settings');
  });
  afterAll(() => db.drop());

  test('replace.null.with.default', async () => {
    await using replacing = await TestSink.open(db, config);
    await replacing.write([row({ id: 1, n: null }), row({ id: 2, n: 7 })]);
    await using exact = await TestSink.open(db, { ...config, 'replace.null.with.default': 'false' });
    await exact.write([row({ id: 3, n: null })]);
    expect(await db.query('SELECT id, n FROM orders ORDER BY id')).toEqual([
      { id: 1, n: 5 },
      { id: 2, n: 7 },
      { id: 3, n: null },
    ]);
  });

  test('max.retries: over a new connection, then none', async () => {
    const topic = draw.topic(40);
    const { row: write } = recordsOf(key, value, topic);
    const assigned = [{ topic, partition: 0 }];
    const retried = { ...config, 'table.name.format': 'retried', 'max.retries': '3', 'retry.backoff.ms': '1' };
    await using sink = await TestSink.open(db, retried, { assigned, connector: 'retried' });
    await sink.write([write({ id: 1 })]);
    const end =
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'millrace retried/%'";
    await db.query(end);
    await sink.write([write({ id: 2 })]);
    await db.query(`CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN RAISE EXCEPTION 'full' USING ERRCODE = '53100'; END $$`);
    await db.query('CREATE TRIGGER full_disk BEFORE INSERT ON retried FOR EACH ROW EXECUTE FUNCTION full_disk()');
    expect(await rejection(sink.write([write({ id: 3 })]))).toMatchObject({
      code: 'SINK_SETUP',
      message: expect.stringMatching(/Gave up after 4 attempts \(max.retries\)/),
    });
    await db.query('DROP TRIGGER full_disk ON retried');
    await sink.write([write({ id: 3 })]);
    await eventually('every row is written once', async () => {
      const rows = await db.query('SELECT id FROM retried ORDER BY id');
      return JSON.stringify(rows.map(({ id }) => id)) === '[1,2,3]';
    });
  });

  test('connection.attempts, and parameters of the driver as keys of their own', async () => {
    const nobody = { 'connection.url': 'jdbc:postgresql://127.0.0.1:9/x', 'connection.backoff.ms': '1' };
    expect(await rejection(TestSink.open(db, { ...config, ...nobody, 'connection.attempts': '2' }))).toMatchObject({
      code: 'SINK_SETUP',
      message: expect.stringMatching(/Gave up after 2 attempts \(connection.attempts\)/),
    });
    expect(await rejection(TestSink.open(db, { ...config, ...nobody }))).toMatchObject({ code: 'SINK_UNAVAILABLE' });
    await db.query('CREATE SCHEMA elsewhere');
    await using sink = await TestSink.open(db, { ...config, 'connection.currentSchema': 'elsewhere' });
    await sink.write([row({ id: 9, n: 9 })]);
    expect(await db.query('SELECT id FROM elsewhere.orders')).toEqual([{ id: 9 }]);
  });
});
