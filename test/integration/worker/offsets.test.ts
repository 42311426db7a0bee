import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { call } from '../../../src/demo/rest.ts';
import { startWorkerProcess, type WorkerProcess } from '../../../src/demo/worker-process.ts';
import { freePort } from '../../../src/stack/process/ports.ts';
import { createDatabase, type TestDatabase } from '../../support/database.ts';
import { eventually } from '../../support/eventually.ts';
import { cdcSources, jdbcSinks } from '../../support/generate/configs.ts';
import { quoted, tablePattern, topicOf } from '../../support/generate/identifiers.ts';
import { generator } from '../../support/generate/index.ts';
import type { OtherConnectors } from '../../support/generate/other-connectors.ts';
import { servers } from '../../support/servers.ts';
import { uniqueName } from '../../support/topic.ts';

let folder: string;
let worker: WorkerProcess;
let database: TestDatabase;
let neighbours: OtherConnectors;
let sourceConfig: Record<string, string>;
let topic: string;
const draw = generator(import.meta.url);
const group = uniqueName('offsets');
const table = draw.table();
const [source, many] = [draw.connectorName(), draw.connectorName()];
const [out, late, refused, patched] = [draw.sinkName(), draw.sinkName(), draw.sinkName(), draw.sinkName()];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-offsets-'));
  database = await createDatabase('offsets');
  await database.query(`CREATE TABLE ${quoted(table)} (id int PRIMARY KEY, item text)`);
  await database.query(`INSERT INTO ${quoted(table)} SELECT g, 'item ' || g FROM generate_series(1, 10) g`);
  sourceConfig = draw.value(cdcSources(database.connection, [tablePattern('public', table)]));
  topic = topicOf(sourceConfig['topic.prefix'] ?? '', 'public', table);
  const properties = {
    'bootstrap.servers': servers().kafka,
    'group.id': group,
    'offset.storage.topic': `${group}-offsets`,
    'config.storage.topic': `${group}-configs`,
    'temporal.address': servers().temporal,
  };
  worker = await startWorkerProcess(folder, await freePort(), properties);
  neighbours = await draw.otherConnectors({ url: worker.url, properties }, [source, out, late]);
});
afterAll(async () => {
  await neighbours?.[Symbol.asyncDispose]();
  await worker?.stop();
  await database?.drop();
  await rm(folder, { recursive: true, force: true });
});

const ask = <T = Record<string, never>>(method: string, path: string, body?: unknown): Promise<T> =>
  call<T>(method, `${worker.url}/connectors${path}`, body);
const stopped = async (name: string) => {
  await ask('PUT', `${at(name)}/stop`);
  await eventually(`${name} has no tasks`, async () => (await ask<unknown[]>('GET', `${at(name)}/tasks`)).length === 0);
};
const count = async (table: string): Promise<number> => {
  const [row] = await database.query<{ n: string }>(`SELECT count(*) AS n FROM ${table}`).catch(() => [{ n: '-1' }]);
  return Number(row?.n);
};
const at = (name: string): string => `/${encodeURIComponent(name)}`;

/** Each read of a record adds a row. */
const sinkInto = (target: string): Record<string, string> => ({
  ...draw.value(jdbcSinks(database.connection, topic)),
  'table.name.format': target,
  'insert.mode': 'insert',
  'pk.mode': 'none',
});

test('offsets of a sink and a source can be read, set and reset, and tasks start from them', async () => {
  await ask('POST', '', { name: source, config: sourceConfig });
  await ask('POST', '', { name: out, config: sinkInto('copy') });
  await eventually('ten rows are written', async () => (await count('copy')) === 10);

  // Seven are read again: the position in the database is set, too.
  await stopped(out);
  const partition = { kafka_topic: topic, kafka_partition: 0 };
  const { offsets } = await ask<{ offsets: unknown[] }>('GET', `${at(out)}/offsets`);
  expect(offsets).toEqual([{ partition, offset: { kafka_offset: expect.any(Number) } }]);
  await ask('PATCH', `${at(out)}/offsets`, { offsets: [{ partition, offset: { kafka_offset: 3 } }] });
  expect(await ask('GET', `${at(out)}/offsets`)).toEqual({ offsets: [{ partition, offset: { kafka_offset: 3 } }] });
  await ask('PUT', `${at(out)}/resume`);
  await eventually('seven more', async () => (await count('copy')) === 17);
  await stopped(out);
  await ask('DELETE', `${at(out)}/offsets`);
  expect(await ask('GET', `${at(out)}/offsets`)).toEqual({ offsets: [] });
  await ask('PUT', `${at(out)}/resume`);
  await eventually('all ten are read again', async () => (await count('copy')) === 27);

  // A connector can be created with offsets; one with invalid offsets is not created.
  const begin = (offset: number) => [{ partition, offset: { kafka_offset: offset } }];
  await ask('POST', '', { name: late, config: sinkInto('late'), initial_offsets: begin(8) });
  await eventually('two rows', async () => (await count('late')) === 2);
  await expect(
    ask('POST', '', { name: refused, config: sinkInto('never'), initial_offsets: begin(-1) }),
  ).rejects.toThrow(/400.*is negative/);
  await expect(ask('GET', at(refused))).rejects.toThrow(/404/);

  const topics = (name: string) => ask<Record<string, { topics: string[] }>>('GET', `${at(name)}/topics`);
  for (const name of [source, out])
    await eventually(`${name} lists its topics`, async () => (await topics(name))[name]?.topics.length === 1);
  expect(await topics(source)).toEqual({ [source]: { topics: [topic] } });
  await ask('PUT', `${at(out)}/topics/reset`);
  expect(await topics(out)).toEqual({ [out]: { topics: [] } });

  // A source without offsets takes its snapshot again.
  await stopped(source);
  const storedOffsets = await ask<{ offsets: { partition: unknown }[] }>('GET', `${at(source)}/offsets`);
  expect(storedOffsets.offsets.map(one => one.partition)).toContainEqual({ server: sourceConfig['topic.prefix'] });
  await ask('DELETE', `${at(source)}/offsets`);
  expect(await ask('GET', `${at(source)}/offsets`)).toEqual({ offsets: [] });
  await ask('PUT', `${at(source)}/resume`);
  await eventually('the snapshot is read again', async () => (await count('copy')) === 37, { within: 60_000 });
  for (const name of [source, out, late]) await ask('DELETE', `${at(name)}`);
}, 180_000);

test('no simultaneous patch is lost', async () => {
  await ask('POST', '', { name: patched, config: sinkInto('nobody'), initial_state: 'STOPPED' });
  const keys = ['a', 'b', 'c', 'd', 'e'];
  await Promise.all(keys.map(key => ask('PATCH', `${at(patched)}/config`, { [`extra.${key}`]: key })));
  const config = await ask<Record<string, string>>('GET', `${at(patched)}/config`);
  expect(keys.map(key => config[`extra.${key}`])).toEqual(keys);
  await ask('DELETE', at(patched));
});

test('offsets of thousands of partitions are set, read and reset in one request', async () => {
  const file = join(folder, 'many.txt');
  const config = { 'connector.class': 'FileStreamSource', file, topic: `${group}-many` };
  await ask('POST', '', { name: many, config, initial_state: 'STOPPED' });
  const offsets = Array.from({ length: 5000 }, (_, i) => ({
    partition: { filename: `${file}.${i}`.padEnd(100, '-') },
    offset: { position: i },
  }));
  await ask('PATCH', `${at(many)}/offsets`, { offsets });
  const currentOffsets = async () => (await ask<{ offsets: typeof offsets }>('GET', `${at(many)}/offsets`)).offsets;
  const byPlace = (a: (typeof offsets)[number], b: (typeof offsets)[number]) => a.offset.position - b.offset.position;
  expect((await currentOffsets()).toSorted(byPlace)).toEqual(offsets);
  await ask('DELETE', `${at(many)}/offsets`);
  expect(await currentOffsets()).toEqual([]);
  await ask('DELETE', at(many));
});
