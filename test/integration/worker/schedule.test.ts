import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { call } from '../../../src/demo/rest.ts';
import { startWorkerProcess, type WorkerProcess } from '../../../src/demo/worker-process.ts';
import { freePort } from '../../../src/stack/process/ports.ts';
import type { StatusInfo } from '../../../src/temporal/control/control.ts';
import { createDatabase, type TestDatabase } from '../../support/database.ts';
import { eventually } from '../../support/eventually.ts';
import { generator } from '../../support/generate/index.ts';
import { servers } from '../../support/servers.ts';
import { uniqueName } from '../../support/topic.ts';

let folder: string;
let worker: WorkerProcess;
let database: TestDatabase;
const draw = generator(import.meta.url);
const group = uniqueName('schedule');
const source = draw.connectorName();
const sinks = { at_once: draw.sinkName(), soon: draw.sinkName(), yearly: draw.sinkName(), never: draw.sinkName() };
const topic = `${group}.public.orders`;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-schedule-'));
  database = await createDatabase('schedule');
  await database.query('CREATE TABLE orders (id int PRIMARY KEY)');
  await database.query('INSERT INTO orders SELECT generate_series(1, 100)');
  worker = await startWorkerProcess(folder, await freePort(), {
    'bootstrap.servers': servers().kafka,
    'group.id': group,
    'offset.storage.topic': `${group}-offsets`,
    'config.storage.topic': `${group}-configs`,
    'temporal.address': servers().temporal,
  });
});
afterAll(async () => {
  await worker?.stop();
  await database?.drop();
  await rm(folder, { recursive: true, force: true });
});

const ask = <T>(method: string, path: string, body?: unknown): Promise<T> =>
  call<T>(method, `${worker.url}/connectors${path}`, body);
const count = async (table: string): Promise<number> => {
  const [row] = await database.query<{ n: string }>(`SELECT count(*) AS n FROM ${table}`).catch(() => [{ n: '-1' }]);
  return Number(row?.n);
};
const figures = async (name: string) =>
  (await ask<StatusInfo>('GET', `/${encodeURIComponent(name)}/status`)).tasks[0]?.figures;
const asleep = (name: string) =>
  eventually(`${name} sleeps`, async () => (await figures(name))?.['sleeps_until'], { every: 20 });

test('one topic feeds three sinks at their own pace, from a source on a schedule', async () => {
  const { host, port, user, password } = database.connection;
  const login = password || 'unused';
  const sink = (table: keyof typeof sinks, schedule: string) => ({
    name: sinks[table],
    config: {
      'connector.class': 'io.confluent.connect.jdbc.JdbcSinkConnector',
      'connection.url': `jdbc:postgresql://${host}:${port}/${database.name}`,
      'connection.user': user,
      'connection.password': login,
      topics: topic,
      'table.name.format': table,
      'auto.create': 'true',
      'insert.mode': 'insert',
      'pk.mode': 'none',
      'millrace.schedule': schedule,
    },
  });
  await expect(ask('POST', '', sink('never', 'now and then'))).rejects.toThrow(/400.*Schedule must be continuous/);
  for (const one of [sink('at_once', 'continuous'), sink('soon', 'every 2s'), sink('yearly', '0 0 1 1 *')])
    await ask('POST', '', one);
  await ask('POST', '', {
    name: source,
    config: {
      'connector.class': 'io.debezium.connector.postgresql.PostgresConnector',
      'database.hostname': host,
      'database.port': String(port),
      'database.user': user,
      'database.password': login,
      'database.dbname': database.name,
      'slot.name': database.name,
      'publication.name': database.name,
      'publication.autocreate.mode': 'filtered',
      'table.include.list': 'public.orders',
      'topic.prefix': group,
      'millrace.schedule': 'every 3s',
    },
  });
  for (const [rows, table] of [
    [100, 'orders'],
    [250, 'orders'],
  ] as const) {
    if (rows > 100) await database.query(`INSERT INTO ${table} SELECT generate_series(101, ${rows})`);
    for (const copy of ['at_once', 'soon'])
      await eventually(`${rows} in ${copy}`, async () => (await count(copy)) === rows, { within: 60_000 });
  }
  await asleep(source);
  await asleep(sinks.soon);
  expect(await asleep(sinks.yearly)).toMatch(/-01-01T00:00:00/);
  expect(await count('yearly')).toBe(-1);
  // Triggered manually; then it waits again.
  await ask('POST', `/${encodeURIComponent(sinks.yearly)}/restart?includeTasks=true`);
  await eventually('the yearly source has run', async () => (await count('yearly')) === 250, { within: 60_000 });
  expect(await asleep(sinks.yearly)).toMatch(/-01-01T00:00:00/);
  for (const table of ['at_once', 'soon', 'yearly']) expect(await count(table)).toBe(250);
}, 180_000);
