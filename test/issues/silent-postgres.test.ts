import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startPostgres } from '../../src/stack/index.ts';
import { openTask, propsOf } from '../integration/postgresql/harness.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { generator } from '../support/generate/index.ts';
import { Committed, keyOf } from '../support/source-task.ts';
import { topicSize } from '../support/topic-records.ts';
import { TestWorker } from '../support/worker.ts';

/* A server that neither answers nor hangs up: its processes are frozen, and its sockets stay open. */
const draw = generator(import.meta.url);
let worker: TestWorker;
let server: Awaited<ReturnType<typeof startPostgres>>;
beforeAll(async () => {
  [worker, server] = await Promise.all([TestWorker.start('silent'), startPostgres()]);
});
afterAll(async () => {
  await worker?.[Symbol.asyncDispose]();
  await server?.stop();
});

/** A database with a wal_sender_timeout of ten seconds instead of a minute. */
async function quickDatabase(): Promise<TestDatabase> {
  const db = await createDatabase('silent', server);
  await db.query("ALTER SYSTEM SET wal_sender_timeout = '10s'");
  await db.query('SELECT pg_reload_conf()');
  await db.query('CREATE TABLE t (id int PRIMARY KEY)');
  await eventually('the setting is effective', async () => {
    const [row] = await db.query<{ wal_sender_timeout: string }>('SHOW wal_sender_timeout');
    return row?.wal_sender_timeout === '10s';
  });
  return db;
}

const config = (db: TestDatabase, more: Record<string, string> = {}): Record<string, string> => ({
  'connector.class': 'io.debezium.connector.postgresql.PostgresConnector',
  ...propsOf(db, more),
});

const walsender = async (db: TestDatabase): Promise<number> => {
  const [row] = await db.query<{ pid: number }>(
    "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND backend_type = 'walsender' AND query LIKE 'START_REPLICATION%'",
  );
  if (row === undefined) throw new Error('there is no walsender');
  return row.pid;
};

/** Error of the task's last attempt. */
const failure = (name: string) =>
  eventually(
    'the task fails',
    async () => {
      const task = await worker.task(name);
      return task?.last_failure ?? Promise.reject(new Error(JSON.stringify(task)));
    },
    { within: 90_000, every: 500 },
  );

test('a frozen walsender is given up, and the connector continues when possible', { timeout: 180_000 }, async () => {
  await using db = await quickDatabase();
  const name = draw.connectorName();
  const topic = `${db.name}.public.t`;
  await worker.create(name, config(db));
  const pid = await eventually('it streams', () => walsender(db));
  process.kill(pid, 'SIGSTOP');
  try {
    await db.query('INSERT INTO t VALUES (1)');
    expect(await failure(name)).toMatch(/has sent nothing for 10 s|is in use by/);
  } finally {
    process.kill(pid, 'SIGCONT');
  }
  await eventually('the change arrives', async () => (await topicSize(topic)) > 0, { within: 60_000 });
  await worker.call('DELETE', `/connectors/${encodeURIComponent(name)}`);
});

test('a server that freezes during a snapshot is given up', { timeout: 180_000 }, async () => {
  await using db = await quickDatabase();
  const name = draw.connectorName();
  // The reader waits for the table when the server freezes.
  const client = await db.client();
  await db.query(`SELECT pg_create_logical_replication_slot('${db.name}', 'pgoutput')`);
  await client.query('BEGIN; LOCK TABLE t IN ACCESS EXCLUSIVE MODE');
  await worker.create(
    name,
    config(db, { 'snapshot.lock.timeout.ms': '0', 'publication.autocreate.mode': 'all_tables' }),
  );
  await eventually('the reader waits', async () => {
    const rows = await db.query(
      "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
    );
    return rows.length > 0;
  });
  await server.stopProcess();
  try {
    expect(await failure(name)).toMatch(/has not responded for|timeout expired/);
  } finally {
    await server.cont();
  }
  await client.query('INSERT INTO t VALUES (1); COMMIT');
  await eventually('the row arrives', async () => (await topicSize(`${db.name}.public.t`)) > 0, { within: 60_000 });
  await worker.call('DELETE', `/connectors/${encodeURIComponent(name)}`);
});

test('a session whose settings the server rejects is closed', async () => {
  await using db = await quickDatabase();
  const name = draw.connectorName();
  // Longer than lock_timeout.
  await worker.create(name, config(db, { 'snapshot.lock.timeout.ms': '99999999999' }));
  await worker.awaitState(name, 'FAILED');
  await eventually('its sessions have ended', async () => {
    const rows = await db.query(
      "SELECT FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'millrace %'",
    );
    return rows.length === 0;
  });
  await worker.call('DELETE', `/connectors/${encodeURIComponent(name)}`);
});

/** A proxy that, on request, discards all data of a walsender that streams. */
async function quietedProxy(): Promise<{ readonly port: number; release(): void; close(): Promise<void> }> {
  const releases: (() => void)[] = [];
  let released = false;
  const proxy = createServer(client => {
    const upstream = connect(server.port, server.host);
    let streams = false;
    client.on('data', chunk => {
      streams ||= chunk.includes('START_REPLICATION');
      upstream.write(chunk);
    });
    upstream.on('data', chunk => {
      // CopyBothResponse: a W, and its length.
      const endOfMessage = streams && !released && chunk[0] === 0x57 ? 1 + chunk.readUInt32BE(1) : 0;
      if (!streams || released) client.write(chunk);
      else {
        client.write(chunk.subarray(0, endOfMessage));
        releases.push(() => client.write(chunk.subarray(endOfMessage)));
      }
    });
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      one.on('error', () => other.destroy());
      one.on('close', () => other.destroy());
    }
  });
  await once(proxy.listen(0, '127.0.0.1'), 'listening');
  return {
    port: (proxy.address() as AddressInfo).port,
    release() {
      released = true;
      for (const write of releases.splice(0)) write();
    },
    close: () => new Promise(resolve => void proxy.close(() => resolve())),
  };
}

test('catch-up does not end while a walsender is silent', async () => {
  await using db = await quickDatabase();
  const proxy = await quietedProxy();
  const committed = new Committed();
  const direct = propsOf(db, { 'snapshot.mode': 'no_data' });
  {
    await using first = await openTask(direct, committed);
    await first.step();
  }
  await db.query('INSERT INTO t VALUES (1)');
  {
    await using task = await openTask({ ...direct, 'database.port': String(proxy.port) }, committed);
    for (let i = 0; i < 3; i++) {
      expect(await task.task.read()).toBe(null);
      expect(task.task.caughtUp?.()).toBe(false);
    }
    proxy.release();
    await task.until(() => task.task.caughtUp?.() === true);
    expect(committed.records.map(record => keyOf(record).id)).toEqual([1]);
  }
  await proxy.close();
});

test('catch-up with a quiet database ends quickly, and its slot advances', async () => {
  await using db = await quickDatabase();
  const props = propsOf(db, { 'snapshot.mode': 'no_data', 'table.include.list': 'public.t' });
  const committed = new Committed();
  {
    await using first = await openTask(props, committed);
    await first.until(() => first.task.caughtUp?.() === true);
  }
  const confirmed = async () => {
    const [row] = await db.query<{ at: string }>(
      "SELECT confirmed_flush_lsn - '0/0' AS at FROM pg_replication_slots WHERE database = current_database()",
    );
    return Number(row?.at);
  };
  const before = await confirmed();
  await db.query('CREATE TABLE other AS SELECT generate_series(1, 1000) i');
  const [end] = await db.query<{ at: string }>("SELECT pg_current_wal_flush_lsn() - '0/0' AS at");
  {
    await using task = await openTask(props, committed);
    await task.until(() => task.task.caughtUp?.() === true, 5000);
  }
  await eventually('the slot has advanced', async () => (await confirmed()) >= Number(end?.at));
  expect(await confirmed()).toBeGreaterThan(before);
});
