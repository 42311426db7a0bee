import { Socket } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { schemaOf, structOf } from '../../src/api/index.ts';
import { startPostgres } from '../../src/stack/index.ts';
import { recordsOf, TestSink } from '../integration/jdbc-sink/sink.ts';
import { mariadbSource, openTask, postgresSource, propsOf, type Source } from '../integration/jdbc-source/harness.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { generator } from '../support/generate/index.ts';
import { mariadbServer } from '../support/mariadb.ts';
import { produce, testKafka } from '../support/produce.ts';
import { servers } from '../support/servers.ts';
import { type SilentProxy, startSilentProxy } from '../support/silent-proxy.ts';
import { Committed } from '../support/source-task.ts';
import { uniqueName } from '../support/topic.ts';
import { topicSize } from '../support/topic-records.ts';
import { TestWorker } from '../support/worker.ts';

/* Databases that neither answer nor hang up: processes that are frozen, and connections whose other end is gone. */
const draw = generator(import.meta.url);
let worker: TestWorker;
let server: Awaited<ReturnType<typeof startPostgres>>;
const kafka = testKafka();
beforeAll(async () => {
  [worker, server] = await Promise.all([TestWorker.start('silent_database'), startPostgres()]);
});
afterAll(async () => {
  await worker?.[Symbol.asyncDispose]();
  await Promise.all([server?.stop(), kafka.close()]);
});

const jdbcUrl = ({ connection: { host, port, user, database } }: TestDatabase): string =>
  `jdbc:postgresql://${host}:${port}/${database}?user=${user}`;

const failure = (name: string): Promise<string> =>
  eventually(
    `the task of ${name} reports it`,
    async () => {
      const task = await worker.task(name);
      return task?.last_failure ?? Promise.reject(new Error(JSON.stringify(task)));
    },
    { within: 60_000, every: 500 },
  );

/** Rejects if the promise takes longer. */
const within = <T>(ms: number, promise: Promise<T>): Promise<T> =>
  Promise.race([
    promise,
    setTimeout(ms, undefined, { ref: false }).then(() => Promise.reject(new Error(`not in ${ms} ms`))),
  ]);

/** Message of the error that ends a task's reading. */
async function endOf(read: () => Promise<unknown>, ms = 60_000): Promise<string> {
  const deadline = performance.now() + ms;
  while (performance.now() < deadline)
    try {
      await within(deadline - performance.now(), read());
    } catch (error) {
      return (error as Error).message;
    }
  return 'it continues to read';
}

const through = (proxy: SilentProxy, url: string): string =>
  url.replace(/\/\/[^/]*\//, `//${proxy.host}:${proxy.port}/`);
const behind = ({ host, port }: SilentProxy, db: TestDatabase): TestDatabase => ({
  ...db,
  connection: { ...db.connection, host, port },
});

type Product = 'PostgreSQL' | 'MariaDB';
const products = {
  PostgreSQL: {
    open: postgresSource,
    server: () => servers().postgres,
    table: 'CREATE TABLE orders (id serial PRIMARY KEY)',
    sleep: (seconds: number) => `SELECT id FROM orders, pg_sleep(${seconds})`,
    sleepers: "SELECT FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'millrace %'",
    seconds: (n: number) => n,
  },
  MariaDB: {
    open: mariadbSource,
    server: mariadbServer,
    table: 'CREATE TABLE orders (id int AUTO_INCREMENT PRIMARY KEY)',
    sleep: (seconds: number) => `SELECT id FROM orders WHERE SLEEP(${seconds}) = 0`,
    sleepers: "SELECT id FROM information_schema.processlist WHERE db = DATABASE() AND state LIKE '%sleep%'",
    seconds: (n: number) => n * 1000,
  },
} as const;
const polling = (source: Source, url: string) =>
  propsOf(source, { 'connection.url': url, mode: 'incrementing', 'table.whitelist': 'orders' });
const bulk = (source: Source, query: string, url = source.url) =>
  propsOf(source, { 'connection.url': url, mode: 'bulk', query });

const { row } = recordsOf(structOf({ id: schemaOf('int32') }), structOf({ id: schemaOf('int32') }));
const upsert = { 'insert.mode': 'upsert', 'pk.mode': 'record_key', 'auto.create': 'true' };
const slowInserts = (seconds: number): string => `
  CREATE TABLE orders (id int PRIMARY KEY);
  CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(${seconds}); RETURN NEW; END';
  CREATE TRIGGER wait BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION wait()`;

describe.concurrent('a database that neither answers nor closes the connection', { timeout: 120_000 }, () => {
  test('fails sink and source when their backends are frozen, and both continue afterwards', async ({ expect }) => {
    await using db = await createDatabase('silent', server);
    await db.query('CREATE TABLE written (id int)');
    await db.query('CREATE TABLE read (id serial PRIMARY KEY)');
    const topic = uniqueName('silent');
    const [sink, source] = [draw.connectorName(), draw.connectorName()];
    const prefix = `${uniqueName('silent')}.`;
    await produce(kafka, topic, ['{"id":1}']);
    await worker.create(sink, {
      'connector.class': 'io.confluent.connect.jdbc.JdbcSinkConnector',
      'connection.url': jdbcUrl(db),
      topics: topic,
      'table.name.format': 'written',
      'value.converter': 'org.apache.kafka.connect.json.JsonConverter',
      'value.converter.schemas.enable': 'false',
    });
    await worker.create(source, {
      'connector.class': 'io.confluent.connect.jdbc.JdbcSourceConnector',
      'connection.url': jdbcUrl(db),
      mode: 'incrementing',
      'table.whitelist': 'read',
      'topic.prefix': prefix,
      'poll.interval.ms': '100',
      'value.converter': 'org.apache.kafka.connect.json.JsonConverter',
    });
    await db.query('INSERT INTO read DEFAULT VALUES');
    const writtenIds = async () =>
      (await db.query<{ id: number }>('SELECT id FROM written ORDER BY id')).map(({ id }) => id);
    await eventually('the sink writes', async () => (await writtenIds()).length === 1);
    await eventually('the source reads', async () => (await topicSize(`${prefix}read`)) > 0);
    const backends = await db.query<{ pid: number }>(
      "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'millrace %'",
    );
    expect(backends).toHaveLength(2);
    for (const { pid } of backends) process.kill(pid, 'SIGSTOP');
    try {
      await produce(kafka, topic, ['{"id":2}']);
      await db.query('INSERT INTO read DEFAULT VALUES');
      const place = `PostgreSQL at ${db.connection.host}:${db.connection.port} has not responded for 30 s`;
      const failures = await Promise.all([failure(sink), failure(source)]);
      expect(failures).toEqual([expect.stringContaining(place), expect.stringContaining(place)]);
    } finally {
      for (const { pid } of backends) process.kill(pid, 'SIGCONT');
    }
    await eventually('the sink continues', async () => (await writtenIds()).length >= 2, { within: 60_000 });
    expect(await writtenIds()).toEqual([1, 2]);
    await eventually('the source continues', async () => (await topicSize(`${prefix}read`)) > 1, { within: 60_000 });
    for (const name of [sink, source]) await worker.call('DELETE', `/connectors/${encodeURIComponent(name)}`);
  });

  test('fails a source and a sink that wait for it on a lost connection', async ({ expect }) => {
    const ofSource = async (product: Product) => {
      await using source = await products[product].open();
      await using proxy = await startSilentProxy(products[product].server());
      await source.run(products[product].table);
      await using task = await openTask(polling(source, through(proxy, source.url)), new Committed());
      await task.step();
      proxy.silenceOpen();
      const place = `reading the watermark: ${product} at ${proxy.host}:${proxy.port} has not responded for 30 s`;
      expect(await endOf(task.step)).toContain(`${place}, and waits for the next statement`);
    };
    const ofSink = async () => {
      await using db = await createDatabase('silent');
      await using proxy = await startSilentProxy(db.connection);
      await using sink = await TestSink.open(behind(proxy, db), upsert);
      await sink.write([row({ id: 1 })]);
      proxy.silenceOpen();
      const place = `writing a batch: PostgreSQL at ${proxy.host}:${proxy.port} has not responded for 30 s`;
      await expect(within(60_000, sink.write([row({ id: 2 })]))).rejects.toMatchObject({
        code: 'SINK_UNAVAILABLE',
        message: expect.stringContaining(`${place}, and waits for the next statement`),
      });
      await using again = await TestSink.open(db, upsert);
      await again.write([row({ id: 2 })]);
      expect(await db.query('SELECT id FROM orders ORDER BY id')).toEqual([{ id: 1 }, { id: 2 }]);
    };
    await Promise.all([ofSource('PostgreSQL'), ofSource('MariaDB'), ofSink()]);
  });

  test('fails tasks when it accepts no new session', async ({ expect }) => {
    const ofSource = async (product: Product) => {
      await using source = await products[product].open();
      await using proxy = await startSilentProxy(products[product].server());
      await source.run(products[product].table);
      await using task = await openTask(polling(source, through(proxy, source.url)), new Committed());
      await task.step();
      proxy.silence();
      expect(await endOf(task.step)).toMatch(
        /has not responded for 15 s, and accepts no new session: no response within 10 s$/,
      );
    };
    const ofSink = async () => {
      await using db = await createDatabase('silent');
      await using proxy = await startSilentProxy(db.connection);
      await using sink = await TestSink.open(behind(proxy, db), upsert);
      await sink.write([row({ id: 1 })]);
      proxy.silence();
      await expect(within(60_000, sink.write([row({ id: 2 })]))).rejects.toThrow(
        /^writing a batch: .* has not responded for 15 s, and accepts no new session: no response within 10 s$/,
      );
    };
    await Promise.all([ofSource('PostgreSQL'), ofSource('MariaDB'), ofSink()]);
  });

  test('does not fail a task during a long statement', async ({ expect }) => {
    const ofSource = async (product: Product) => {
      await using source = await products[product].open();
      await source.run(products[product].table);
      await source.run('INSERT INTO orders (id) VALUES (1)');
      const committed = new Committed();
      await using task = await openTask(bulk(source, products[product].sleep(40)), committed);
      const arrived = async () => {
        await task.step();
        if (committed.records.length > 0) throw new Error('the row arrived');
      };
      expect(await endOf(arrived)).toBe('the row arrived');
    };
    const ofSink = async () => {
      await using db = await createDatabase('silent');
      await db.query(slowInserts(40));
      await using sink = await TestSink.open(db, upsert);
      await sink.write([row({ id: 1 })]);
      expect(await db.query('SELECT id FROM orders')).toEqual([{ id: 1 }]);
    };
    await Promise.all([ofSource('PostgreSQL'), ofSource('MariaDB'), ofSink()]);
  });
});

describe.each(['PostgreSQL', 'MariaDB'] as const)('a source of %s', product => {
  const { open, server, table, sleep, seconds } = products[product];

  test('fails after socketTimeout, and ends the query on the server', async () => {
    await using source = await open();
    await source.run(table);
    await source.run('INSERT INTO orders (id) VALUES (1)');
    const url = `${source.url}&socketTimeout=${seconds(3)}`;
    await using task = await openTask(bulk(source, sleep(100), url), new Committed());
    expect(await endOf(task.step, 10_000)).toMatch(
      /^reading the query: .* has not responded for 3 s, longer than socketTimeout in connection.url allows$/,
    );
    await eventually('the query has ended', async () => (await source.run(products[product].sleepers)).length === 0);
  });

  test('fails on a server that accepts a connection and never answers', async () => {
    await using source = await open();
    await using proxy = await startSilentProxy(server());
    proxy.silence();
    const url = `${through(proxy, source.url)}&loginTimeout=${seconds(1)}`;
    const opened = openTask(polling(source, url), new Committed());
    await expect(within(10_000, opened)).rejects.toThrow(/no session within loginTimeout \(1 s\)/);
  });

  test.each([
    ['', true],
    ['&tcpKeepAlive=false', false],
  ])('probes its idle connections (%s: %s)', async (parameter, isProbed) => {
    await using source = await open();
    await source.run(table);
    const keepAlive = vi.spyOn(Socket.prototype, 'setKeepAlive').mockClear();
    await using _ = await openTask(polling(source, source.url + parameter), new Committed());
    expect(new Set(keepAlive.mock.calls.map(String))).toEqual(new Set(isProbed ? ['true,10000'] : []));
  });
});

describe('a sink', () => {
  test('fails a silent batch after socketTimeout, and ends it on the server', async () => {
    await using db = await createDatabase('silent');
    await db.query(slowInserts(100));
    await using sink = await TestSink.open(db, upsert, { parameters: 'sslmode=disable&socketTimeout=3' });
    await expect(within(10_000, sink.write([row({ id: 1 })]))).rejects.toThrow(
      /has not responded for 3 s, longer than socketTimeout in connection.url allows/,
    );
    await eventually('the transaction has ended', async () => {
      const rows = await db.query(
        "SELECT FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'millrace %'",
      );
      return rows.length === 0;
    });
  });

  test('fails on a server that accepts a connection and never answers', async () => {
    await using db = await createDatabase('silent');
    await using proxy = await startSilentProxy(db.connection);
    proxy.silence();
    const opened = TestSink.open(behind(proxy, db), upsert, { parameters: 'sslmode=disable&loginTimeout=1' });
    await expect(within(10_000, opened)).rejects.toThrow(/no session within loginTimeout \(1 s\)/);
  });

  test('probes its idle connections', async () => {
    await using db = await createDatabase('silent');
    const keepAlive = vi.spyOn(Socket.prototype, 'setKeepAlive').mockClear();
    await using _ = await TestSink.open(db, upsert);
    expect(new Set(keepAlive.mock.calls.map(String))).toEqual(new Set(['true,10000']));
  });
});
