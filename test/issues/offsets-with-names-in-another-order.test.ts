import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { call } from '../../src/demo/rest.ts';
import { startWorkerProcess, type WorkerProcess } from '../../src/demo/worker-process.ts';
import { freePort } from '../../src/stack/process/ports.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { generator } from '../support/generate/index.ts';
import { servers } from '../support/servers.ts';
import { uniqueName } from '../support/topic.ts';

/** JSON objects are unordered: a set offset of a partition is replaced by the next one of that partition. */
const draw = generator(import.meta.url);
const group = uniqueName('names-order');
const tables = Array.from({ length: 8 }, (_, i) => `t${i}`);
const name = draw.connectorName();
let folder: string;
let database: TestDatabase;
let worker: WorkerProcess;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-names-order-'));
  database = await createDatabase('names_order');
  for (const table of tables)
    await database.query(`CREATE TABLE ${table} AS SELECT id::int FROM generate_series(1, 10) id`);
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
  call<T>(method, `${worker.url}/connectors/${encodeURIComponent(name)}${path}`, body);
interface Entry {
  readonly partition: { readonly table: string };
  readonly offset: { readonly incrementing: number };
}
const numbers = async (): Promise<number[]> =>
  (await ask<{ offsets: Entry[] }>('GET', '/offsets')).offsets
    .toSorted((a, b) => (a.partition.table < b.partition.table ? -1 : 1))
    .map(({ offset }) => offset.incrementing);
const all = (n: number): number[] => tables.map(() => n);
const are = (n: number) =>
  eventually(`all tables are at ${n}`, async () => JSON.stringify(await numbers()) === JSON.stringify(all(n)), {
    every: 300,
  });
const stop = async () => {
  await ask('PUT', '/stop');
  await eventually('it is stopped', async () => (await ask<[]>('GET', '/tasks')).length === 0);
};

test('a set offset is not used again after the task has continued from it', async () => {
  const { host, port, user, password } = database.connection;
  const config = {
    'connector.class': 'JdbcSourceConnector',
    'connection.url': `jdbc:postgresql://${host}:${port}/${database.name}`,
    'connection.user': user,
    'connection.password': password || 'unused',
    mode: 'incrementing',
    'incrementing.column.name': 'id',
    'validate.non.null': 'false',
    'poll.interval.ms': '100',
    'topic.prefix': draw.topic(200),
  };
  await call('POST', `${worker.url}/connectors`, { name, config });
  await are(10);
  await stop();
  const offsets = tables.map(table => ({
    partition: { table: `public.${table}`, protocol: '1' },
    offset: { incrementing: 5 },
  }));
  await ask('PATCH', '/offsets', { offsets });
  expect(await numbers()).toEqual(all(5));
  await ask('PUT', '/resume');
  await are(10);
  for (const table of tables) await database.query(`INSERT INTO ${table} SELECT generate_series(11, 15)`);
  await are(15);
  await stop();
  expect(await numbers()).toEqual(all(15));
  await ask('DELETE', '/offsets');
  expect(await numbers()).toEqual([]);
  await ask('DELETE', '');
});
