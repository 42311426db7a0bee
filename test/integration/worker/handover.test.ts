import { mkdtemp, readFile, rm } from 'node:fs/promises';
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

/** A pipeline between two tables, on a worker that stops while a second one is idle. */
const draw = generator(import.meta.url);
const group = uniqueName('handover');
const workers: WorkerProcess[] = [];
let folder: string;
let database: TestDatabase;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-handover-test-'));
  database = await createDatabase('handover');
});
afterAll(async () => {
  await Promise.all(workers.map(worker => worker.stop()));
  await database?.drop();
  await rm(folder, { recursive: true, force: true });
});

async function startWorker(): Promise<WorkerProcess> {
  const worker = await startWorkerProcess(folder, await freePort(), {
    'bootstrap.servers': servers().kafka,
    'group.id': group,
    'offset.storage.topic': `${group}-offsets`,
    'config.storage.topic': `${group}-configs`,
    'temporal.address': servers().temporal,
  });
  workers.push(worker);
  return worker;
}

const insert = (from: number, to: number) =>
  database.query(`insert into orders select i, 'order ' || i from generate_series(${from}, ${to}) i`);

/** Ids in the sink's table. */
const arrived = async (): Promise<string[]> =>
  (await database.query<{ id: string }>('select id::text from copies order by copies.id')).map(({ id }) => id);

async function total(worker: WorkerProcess, metric: string, connector: string): Promise<number> {
  const text = await (await fetch(`${worker.url}/metrics`)).text();
  const line = text
    .split('\n')
    .find(one => one.startsWith(`${metric}{`) && one.includes(`connector=${JSON.stringify(connector)}`));
  return Number(line?.split(' ').at(-1));
}

test('a worker that stops hands over its tasks at once, and committed data is not read again', async () => {
  await database.query('create table orders (id bigint primary key, note text)');
  await insert(1, 500);
  const first = await startWorker();
  const { host, port, user, password } = database.connection;
  const [source, sink] = [draw.connectorName(), draw.sinkName()];
  await call('POST', `${first.url}/connectors`, {
    name: source,
    config: {
      'connector.class': 'io.debezium.connector.postgresql.PostgresConnector',
      'database.hostname': host,
      'database.port': String(port),
      'database.user': user,
      'database.password': password,
      'database.dbname': database.name,
      'topic.prefix': group,
      'slot.name': group,
      'publication.name': group,
      'publication.autocreate.mode': 'filtered',
      'table.include.list': 'public.orders',
    },
  });
  await call('POST', `${first.url}/connectors`, {
    name: sink,
    config: {
      'connector.class': 'io.debezium.connector.jdbc.JdbcSinkConnector',
      topics: `${group}.public.orders`,
      'connection.url': `jdbc:postgresql://${host}:${port}/${database.name}`,
      'connection.username': user,
      'connection.password': password,
      'collection.name.format': 'copies',
      'schema.evolution': 'basic',
      'primary.key.mode': 'record_key',
      'insert.mode': 'insert',
    },
  });
  await eventually('the snapshot has arrived', async () => (await arrived()).length === 500);
  await insert(501, 600);
  await eventually('the stream arrives', async () => (await arrived()).length === 600);

  const second = await startWorker();
  const began = performance.now();
  const since = () => performance.now() - began;
  const answered = eventually(
    'both statuses show the other worker',
    async () => {
      const all = await Promise.all(
        [source, sink].map(name =>
          call<StatusInfo>('GET', `${second.url}/connectors/${encodeURIComponent(name)}/status`),
        ),
      );
      return all.every(({ tasks: [task] }) => task?.state === 'RUNNING' && task.worker_id === second.id);
    },
    { every: 25 },
  ).then(since);
  await first.stop();
  const stopMs = since();
  await insert(601, 700);
  await eventually('later rows arrive', async () => (await arrived()).length === 700, { every: 25 });
  const flows = since();
  const statusMs = await answered;
  process.stderr.write(
    `handover: the worker stopped after ${stopMs.toFixed(0)} ms, rows that are written then arrived through the other ` +
      `after ${flows.toFixed(0)} ms, and its status shows it after ${statusMs.toFixed(0)} ms\n`,
  );
  expect(flows).toBeLessThan(10_000);
  expect(statusMs).toBeLessThan(10_000);
  expect(await arrived()).toEqual(Array.from({ length: 700 }, (_, i) => String(i + 1)));
  expect(await total(second, 'kafka_connect_source_task_source_record_poll_total', source)).toBe(100);
  expect(await total(second, 'kafka_connect_sink_task_sink_record_read_total', sink)).toBe(100);
  // A stop logs no warnings.
  const log = await readFile(join(folder, `worker-${new URL(first.url).port}.log`), 'utf8');
  const left = log.slice(log.indexOf('worker stops')).split('\n');
  expect(left.filter(line => /"level":[4-9]\d/.test(line))).toEqual([]);
  await Promise.all([source, sink].map(name => call('DELETE', `${second.url}/connectors/${encodeURIComponent(name)}`)));
});
