import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startWorkerProcess, type WorkerProcess } from '../../src/demo/worker-process.ts';
import { freePort } from '../../src/stack/process/ports.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { generator } from '../support/generate/index.ts';
import { servers } from '../support/servers.ts';
import { uniqueName } from '../support/topic.ts';

/** A user who may set offsets must not run SQL with them. */
const draw = generator(import.meta.url);
const group = uniqueName('positions');
let folder: string;
let worker: WorkerProcess;
let database: TestDatabase;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-positions-'));
  database = await createDatabase('positions');
  await database.query('CREATE TABLE t (id int PRIMARY KEY, at timestamp NOT NULL)');
  await database.query("INSERT INTO t VALUES (1, '2024-01-01 00:00:00')");
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

async function ask(method: string, path: string, body?: unknown) {
  const answer = await fetch(worker.url + path, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    headers: { 'content-type': 'application/json' },
  });
  const text = await answer.text();
  return { status: answer.status, body: text === '' ? undefined : JSON.parse(text) };
}

const time = '2024-01-01 00:00:00.000000';
const stored = { timestamp: 1_704_067_200_000, timestamp_nanos: 0 };

test.each([
  ['millrace_group_hash', { millrace_group: time, millrace_group_hash: "' OR 1 / 0 = 1 --", millrace_group_rows: 0 }],
  ['millrace_group', { millrace_group: "' OR 1 / 0 = 1 --", millrace_group_hash: '', millrace_group_rows: 0 }],
  ['millrace_timestamp', { millrace_timestamp: "2024\\' OR 1 / 0 = 1 --" }],
])('%s of an offset is validated before use', async (name, more) => {
  const connector = draw.connectorName();
  const at = `/connectors/${encodeURIComponent(connector)}`;
  const { host, port, user, password } = database.connection;
  const config = {
    'connector.class': 'JdbcSource',
    'connection.url': `jdbc:postgresql://${host}:${port}/${database.name}`,
    'connection.user': user,
    'connection.password': password || 'x',
    mode: 'timestamp',
    'timestamp.column.name': 'at',
    'table.whitelist': 't',
    'topic.prefix': `${uniqueName('p')}-`,
  };
  const response = await ask('POST', '/connectors', { name: connector, config, initial_state: 'STOPPED' });
  expect(response).toMatchObject({ status: 201 });
  const partition = { protocol: '1', table: `${database.name}.public.t` };
  for (const table of ['public.t', partition.table, 't'])
    expect(
      await ask('PATCH', `${at}/offsets`, {
        offsets: [{ partition: { protocol: '1', table }, offset: { ...stored, ...more } }],
      }),
    ).toMatchObject({ status: 200 });
  expect((await ask('PUT', `${at}/resume`)).status).toBe(202);
  const task = await eventually('its task fails', async () => {
    const [seen] = (await ask('GET', `${at}/status`)).body.tasks;
    return seen?.state === 'FAILED' && seen;
  });
  expect(task.trace).toContain(`the stored offset has an invalid ${name}`);
  expect((await ask('DELETE', at)).status).toBe(204);
});
