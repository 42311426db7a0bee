import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { call } from '../../../src/demo/rest.ts';
import { startWorkerProcess, type WorkerProcess } from '../../../src/demo/worker-process.ts';
import { freePort } from '../../../src/stack/ports.ts';
import { createDatabase, type TestDatabase } from '../../support/database.ts';
import { eventually } from '../../support/eventually.ts';
import { servers } from '../../support/servers.ts';
import { uniqueName } from '../../support/topic.ts';

let folder: string;
let worker: WorkerProcess;
let database: TestDatabase;
const group = uniqueName('offsets');

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-offsets-'));
  database = await createDatabase('offsets');
  await database.query('CREATE TABLE orders (id int PRIMARY KEY, item text)');
  await database.query("INSERT INTO orders SELECT g, 'item ' || g FROM generate_series(1, 10) g");
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

const ask = <T = Record<string, never>>(method: string, path: string, body?: unknown): Promise<T> =>
  call<T>(method, `${worker.url}/connectors${path}`, body);
const stopped = async (name: string) => {
  await ask('PUT', `/${name}/stop`);
  await eventually(`${name} has no tasks`, async () => (await ask<unknown[]>('GET', `/${name}/tasks`)).length === 0);
};
const count = async (table: string): Promise<number> => {
  const [row] = await database.query<{ n: string }>(`SELECT count(*) AS n FROM ${table}`).catch(() => [{ n: '-1' }]);
  return Number(row?.n);
};
const topic = `${group}.public.orders`;
// The consumer group of a sink is named after it, whatever its cluster.
const out = `${group}-out`;
const late = `${group}-late`;

function source(): Record<string, string> {
  const { host, port, user, password } = database.connection;
  return {
    'connector.class': 'io.debezium.connector.postgresql.PostgresConnector',
    'database.hostname': host,
    'database.port': String(port),
    'database.user': user,
    'database.password': password || 'unused',
    'database.dbname': database.name,
    'slot.name': database.name,
    'publication.name': database.name,
    'publication.autocreate.mode': 'filtered',
    'table.include.list': 'public.orders',
    'topic.prefix': group,
  };
}

function sink(table: string): Record<string, string> {
  const { host, port, user, password } = database.connection;
  return {
    'connector.class': 'io.confluent.connect.jdbc.JdbcSinkConnector',
    'connection.url': `jdbc:postgresql://${host}:${port}/${database.name}`,
    'connection.user': user,
    'connection.password': password || 'unused',
    topics: topic,
    'table.name.format': table,
    'auto.create': 'true',
    // Each reading of a record leaves a row.
    'insert.mode': 'insert',
    'pk.mode': 'none',
  };
}

test('offsets of a sink and of a source are seen, set and reset, and what they run from is what was set', async () => {
  await ask('POST', '', { name: 'in', config: source() });
  await ask('POST', '', { name: out, config: sink('copy') });
  await eventually('ten rows are there', async () => (await count('copy')) === 10);

  // Seven are read again: the position beside the rows is moved, too.
  await stopped(out);
  const partition = { kafka_topic: topic, kafka_partition: 0 };
  const { offsets } = await ask<{ offsets: unknown[] }>('GET', `/${out}/offsets`);
  expect(offsets).toEqual([{ partition, offset: { kafka_offset: expect.any(Number) } }]);
  await ask('PATCH', `/${out}/offsets`, { offsets: [{ partition, offset: { kafka_offset: 3 } }] });
  expect(await ask('GET', `/${out}/offsets`)).toEqual({ offsets: [{ partition, offset: { kafka_offset: 3 } }] });
  await ask('PUT', `/${out}/resume`);
  await eventually('seven more', async () => (await count('copy')) === 17);
  await stopped(out);
  await ask('DELETE', `/${out}/offsets`);
  expect(await ask('GET', `/${out}/offsets`)).toEqual({ offsets: [] });
  await ask('PUT', `/${out}/resume`);
  await eventually('all ten again', async () => (await count('copy')) === 27);

  // A connector that begins in the middle; one that cannot, is not made.
  const begin = (offset: number) => [{ partition, offset: { kafka_offset: offset } }];
  await ask('POST', '', { name: late, config: sink('late'), initial_offsets: begin(8) });
  await eventually('two rows', async () => (await count('late')) === 2);
  await expect(ask('POST', '', { name: 'never', config: sink('never'), initial_offsets: begin(-1) })).rejects.toThrow(
    /400.*from 0 on/,
  );
  await expect(ask('GET', '/never')).rejects.toThrow(/404/);

  const topics = (name: string) => ask<Record<string, { topics: string[] }>>('GET', `/${name}/topics`);
  for (const name of ['in', out])
    await eventually(`${name} has told its topics`, async () => (await topics(name))[name]?.topics.length === 1);
  expect(await topics('in')).toEqual({ in: { topics: [topic] } });
  await ask('PUT', `/${out}/topics/reset`);
  expect(await topics(out)).toEqual({ [out]: { topics: [] } });

  // A source that begins anew takes its snapshot again.
  await stopped('in');
  const held = await ask<{ offsets: { partition: unknown }[] }>('GET', '/in/offsets');
  expect(held.offsets.map(one => one.partition)).toContainEqual({ server: group });
  await ask('DELETE', '/in/offsets');
  expect(await ask('GET', '/in/offsets')).toEqual({ offsets: [] });
  await ask('PUT', '/in/resume');
  await eventually('the snapshot comes again', async () => (await count('copy')) === 37, { within: 60_000 });
  for (const name of ['in', out, late]) await ask('DELETE', `/${name}`);
}, 180_000);

test('of patches at the same moment none is lost', async () => {
  await ask('POST', '', { name: 'patched', config: sink('nobody'), initial_state: 'STOPPED' });
  const keys = ['a', 'b', 'c', 'd', 'e'];
  await Promise.all(keys.map(key => ask('PATCH', '/patched/config', { [`extra.${key}`]: key })));
  const config = await ask<Record<string, string>>('GET', '/patched/config');
  expect(keys.map(key => config[`extra.${key}`])).toEqual(keys);
  await ask('DELETE', '/patched');
});

test('those of thousands of partitions are set, seen and reset at once', async () => {
  const file = join(folder, 'many.txt');
  const config = { 'connector.class': 'FileStreamSource', file, topic: `${group}-many` };
  await ask('POST', '', { name: 'many', config, initial_state: 'STOPPED' });
  const offsets = Array.from({ length: 5000 }, (_, i) => ({
    partition: { filename: `${file}.${i}`.padEnd(100, '-') },
    offset: { position: i },
  }));
  await ask('PATCH', '/many/offsets', { offsets });
  const seen = async () => (await ask<{ offsets: typeof offsets }>('GET', '/many/offsets')).offsets;
  const byPlace = (a: (typeof offsets)[number], b: (typeof offsets)[number]) => a.offset.position - b.offset.position;
  expect((await seen()).toSorted(byPlace)).toEqual(offsets);
  await ask('DELETE', '/many/offsets');
  expect(await seen()).toEqual([]);
  await ask('DELETE', '/many');
});
