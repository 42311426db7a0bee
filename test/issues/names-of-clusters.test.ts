import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { call } from '../../src/demo/rest.ts';
import { startWorkerProcess, type WorkerProcess } from '../../src/demo/worker-process.ts';
import { freePort } from '../../src/stack/process/ports.ts';
import type { StatusInfo } from '../../src/temporal/control/control.ts';
import { eventually } from '../support/eventually.ts';
import { generator } from '../support/generate/index.ts';
import { servers } from '../support/servers.ts';
import { uniqueName } from '../support/topic.ts';

/** A cluster lists its own connectors, and each producer id belongs to one task, for any names and settings. */
const draw = generator(import.meta.url);
const unique = uniqueName('cluster');
const text = 'org.apache.kafka.connect.storage.StringConverter';
let folder: string;
let worker: WorkerProcess | undefined;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-cluster-names-'));
});
afterEach(async () => {
  await worker?.stop();
  worker = undefined;
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function start(group: string, more: Record<string, string> = {}): Promise<string> {
  worker = await startWorkerProcess(folder, await freePort(), {
    'bootstrap.servers': servers().kafka,
    'group.id': group,
    'offset.storage.topic': `${unique}-offsets`,
    'config.storage.topic': `${unique}-configs`,
    'temporal.address': servers().temporal,
    'key.converter': text,
    'value.converter': text,
    ...more,
  });
  return worker.url;
}

test('a cluster with spaces, slashes and letters beyond ASCII in its name lists its connectors', async () => {
  const url = await start(`${unique} a/b 100% größe 数据`);
  const name = draw.sinkName();
  const config = { 'connector.class': 'FileStreamSink', file: join(folder, 'out.txt'), topics: draw.topic() };
  await call('POST', `${url}/connectors`, { name, config, initial_state: 'STOPPED' });
  expect(await call<string[]>('GET', `${url}/connectors`)).toEqual([name]);
  await call('DELETE', `${url}/connectors/${encodeURIComponent(name)}`);
  expect(await call<string[]>('GET', `${url}/connectors`)).toEqual([]);
});

test('a cluster with a quote in its name does not start, because its connectors could not be listed', async () => {
  await expect(start(`${unique}'s`)).rejects.toThrow(/group\.id: String may not contain quotes or backslashes/);
});

test('tasks do not share a transactional.id set for the worker or the connector', async () => {
  const url = await start(`${unique}-ids`, { 'producer.transactional.id': `${unique}-worker` });
  const output = join(folder, 'lines.txt');
  const topic = draw.topic();
  const input = (i: number) => join(folder, `input-${i}.txt`);
  const names = [0, 1, 2].map(() => draw.connectorName());
  for (const [i, name] of names.entries()) {
    await writeFile(input(i), `first of ${i}\n`);
    const config = {
      'connector.class': 'FileStreamSource',
      file: input(i),
      topic,
      ...(i === 0 ? {} : { 'producer.override.transactional.id': `${unique}-connector` }),
    };
    await call('POST', `${url}/connectors`, { name, config });
  }
  const sink = draw.sinkName();
  const config = { 'connector.class': 'FileStreamSink', file: output, topics: topic };
  await call('POST', `${url}/connectors`, { name: sink, config });
  const lines = async () => (await readFile(output, 'utf8')).trim().split('\n').sort();
  const arrive = (count: number) => eventually(`${count} lines`, async () => (await lines()).length === count);
  await arrive(3);
  for (const i of names.keys()) await appendFile(input(i), `second of ${i}\n`);
  await arrive(6);
  for (const name of names) {
    const { tasks } = await call<StatusInfo>('GET', `${url}/connectors/${encodeURIComponent(name)}/status`);
    expect(tasks).toMatchObject([{ state: 'RUNNING', attempt: 1 }]);
  }
  for (const name of [...names, sink]) await call('DELETE', `${url}/connectors/${encodeURIComponent(name)}`);
});
