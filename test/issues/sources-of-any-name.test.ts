import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { call } from '../../src/demo/rest.ts';
import { startWorkerProcess, type WorkerProcess } from '../../src/demo/worker-process.ts';
import { freePort } from '../../src/stack/process/ports.ts';
import type { StatusInfo } from '../../src/temporal/control/control.ts';
import { eventually } from '../support/eventually.ts';
import { generator } from '../support/generate/index.ts';
import { servers } from '../support/servers.ts';
import { uniqueName } from '../support/topic.ts';

/** Sources of one cluster share an offsets topic, to which other writers have written. */
const draw = generator(import.meta.url);
const group = uniqueName('any-name');
const properties = {
  'bootstrap.servers': servers().kafka,
  'group.id': group,
  'offset.storage.topic': `${group}-offsets`,
  'offset.storage.partitions': '3',
  'config.storage.topic': `${group}-configs`,
  'temporal.address': servers().temporal,
};
const names = ['inventory-postgres-source', 'shop', 's', ...Array.from({ length: 4 }, () => draw.connectorName())];
let folder: string;
let worker: WorkerProcess;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-any-name-'));
  worker = await startWorkerProcess(folder, await freePort(), properties);
});
afterAll(async () => {
  await worker?.stop();
  await rm(folder, { recursive: true, force: true });
});

const ask = <T>(method: string, name: string, path = '', body?: unknown): Promise<T> =>
  call<T>(method, `${worker.url}/connectors/${encodeURIComponent(name)}${path}`, body);
const fileOf = (name: string): string => join(folder, `${names.indexOf(name)}.txt`);
const each = <T>(act: (name: string) => Promise<T>): Promise<T[]> => Promise.all(names.map(act));
interface Offsets {
  readonly offsets: readonly { readonly partition: object; readonly offset: { readonly position: number } }[];
}
const positionOf = async (name: string): Promise<number | undefined> => {
  const { offsets } = await ask<Offsets>('GET', name, '/offsets');
  expect(offsets.length, name).toBeLessThanOrEqual(1);
  return offsets[0]?.offset.position;
};
const reaches = (position: number) =>
  each(name =>
    eventually(`${name} is at ${position}`, async () => (await positionOf(name)) === position, {
      every: 300,
    }),
  );
const tasksRun = () =>
  each(name =>
    eventually(`${name} runs`, async () => {
      const { tasks } = await ask<StatusInfo>('GET', name, '/status');
      return tasks[0]?.state === 'RUNNING';
    }),
  );

test('sources with names of all lengths start, restart and return their own offsets', async () => {
  await using neighbours = await draw.otherConnectors({ url: worker.url, properties }, names);
  await each(name => writeFile(fileOf(name), 'one\n'));
  const topic = draw.topic();
  await each(name =>
    call('POST', `${worker.url}/connectors`, {
      name,
      config: { 'connector.class': 'FileStreamSource', file: fileOf(name), topic },
    }),
  );
  await reaches(4);
  expect(new Set(await call<string[]>('GET', `${worker.url}/connectors`))).toEqual(
    new Set([...names, ...neighbours.names]),
  );

  await each(name => ask('POST', name, '/restart?includeTasks=true'));
  await each(name => appendFile(fileOf(name), 'two\n'));
  await reaches(8);

  await each(name => ask('PUT', name, '/stop'));
  await each(name => eventually(`${name} is stopped`, async () => (await ask<[]>('GET', name, '/tasks')).length === 0));
  const offsets = (name: string) => [{ partition: { filename: fileOf(name) }, offset: { position: 4 } }];
  await each(name => ask('PATCH', name, '/offsets', { offsets: offsets(name) }));
  await reaches(4);
  await each(name => ask('PUT', name, '/resume'));
  await reaches(8);

  const { port } = new URL(worker.url);
  await worker.stop();
  worker = await startWorkerProcess(folder, Number(port), properties);
  await each(name => appendFile(fileOf(name), 'three\n'));
  await reaches(14);
  await tasksRun();
  await neighbours.awaitRunning();
  await each(name => ask('DELETE', name));
}, 120_000);
