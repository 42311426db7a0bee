import { existsSync } from 'node:fs';
import { appendFile, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startWorkerProcess, type WorkerProcess } from '../../src/demo/worker-process.ts';
import { kafkaClient } from '../../src/kafka/client/client.ts';
import { silent } from '../../src/observability/silent.ts';
import { freePort } from '../../src/stack/process/ports.ts';
import { connectorWorkflowId, connectorWorkflowType } from '../../workflows/shared/messages.ts';
import { eventually } from '../support/eventually.ts';
import { servers } from '../support/servers.ts';
import { uniqueName } from '../support/topic.ts';

/**
 * A REST client must not read or write arbitrary files of the worker: the API listens on loopback by default, and when
 * it is exposed, file connectors open only files below the allowed folders.
 */
const SETTING = 'file.connectors.allowed.paths';
let folder: string;
let data: string;
/** Exposed without the setting, exposed with it, and with the default listener. */
let open: WorkerProcess;
let confined: WorkerProcess;
let local: WorkerProcess;
const clusters = { open: uniqueName('open'), confined: uniqueName('confined'), local: uniqueName('local') };

async function start(group: string, set: (port: number) => Record<string, string>): Promise<WorkerProcess> {
  const port = await freePort();
  const workerFolder = join(folder, group);
  await mkdir(workerFolder);
  const properties = {
    'bootstrap.servers': servers().kafka,
    'group.id': group,
    'offset.storage.topic': `${group}-offsets`,
    'config.storage.topic': `${group}-configs`,
    'temporal.address': servers().temporal,
  };
  const args = Object.entries(set(port)).flatMap(([key, value]) => ['--set', `${key}=${value}`]);
  return startWorkerProcess(workerFolder, port, properties, { args, cwd: workerFolder });
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-files-'));
  data = join(folder, 'data');
  await mkdir(join(data, 'plugins', 'one'), { recursive: true });
  await mkdir(join(folder, 'outside'));
  await writeFile(join(folder, 'outside', 'secret.txt'), 'a secret line\n');
  await writeFile(join(data, 'in.txt'), 'a line\n');
  await writeFile(join(data, 'plugins', 'one', 'index.js'), 'export const plugin = {};\n');
  await symlink(join(folder, 'outside'), join(data, 'linked'));
  await symlink(join(folder, 'outside', 'secret.txt'), join(data, 'link.txt'));
  await symlink(join(folder, 'outside', 'made.txt'), join(data, 'dangling.txt'));
  const kafka = kafkaClient({ brokers: [servers().kafka], clientId: existing }, silent);
  await kafka.admin.createTopics([{ topic: existing, partitions: 1, replicationFactor: 1 }]);
  await kafka.close();
  [open, confined, local] = await Promise.all([
    start(clusters.open, port => ({ listeners: `http://0.0.0.0:${port}` })),
    start(clusters.confined, port => ({
      listeners: `http://0.0.0.0:${port}`,
      [SETTING]: data,
      'plugin.path': join(data, 'plugins'),
    })),
    start(clusters.local, port => ({ listeners: '', 'rest.port': String(port) })),
  ]);
});
afterAll(async () => {
  await Promise.all([open, confined, local].map(worker => worker?.stop()));
  await rm(folder, { recursive: true, force: true });
});

async function ask(worker: WorkerProcess, method: string, path: string, body?: unknown) {
  const answer = await fetch(worker.url + path, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    headers: { 'content-type': 'application/json' },
  });
  const text = await answer.text();
  return { status: answer.status, text, body: text === '' ? undefined : JSON.parse(text) };
}

const source = (file: string | undefined, topic = uniqueName('lines')) => ({
  'connector.class': 'FileStreamSource',
  topic,
  ...(file === undefined ? {} : { file }),
});
/** A sink opens its file when it has records. */
const existing = uniqueName('existing');
const sink = (file: string | undefined, topics = existing) => ({
  'connector.class': 'FileStreamSink',
  topics,
  ...(file === undefined ? {} : { file }),
});
const kinds = [
  ['source', source],
  ['sink', sink],
] as const;

async function refused(worker: WorkerProcess, config: Record<string, string>): Promise<void> {
  const name = uniqueName('refused');
  const response = await ask(worker, 'POST', '/connectors', { name, config });
  expect(response).toMatchObject({ status: 400, text: expect.stringContaining(SETTING) });
  expect((await ask(worker, 'PUT', `/connectors/${name}/config`, config)).status).toBe(400);
  const { 'connector.class': plugin } = config;
  const { body } = await ask(worker, 'PUT', `/connector-plugins/${plugin}/config/validate`, { name, ...config });
  const [file] = body.configs.filter((one: { value: { name: string } }) => one.value.name === 'file');
  expect(file.value.errors).toEqual([expect.stringContaining(SETTING)]);
  expect((await ask(worker, 'GET', `/connectors/${name}`)).status).toBe(404);
}

const taskOf = async (worker: WorkerProcess, name: string) =>
  (await ask(worker, 'GET', `/connectors/${name}/status`)).body.tasks[0];

/** Starts the workflow like a client of Temporal, which bypasses the REST server. */
async function startedByTemporal(cluster: string, type: 'source' | 'sink', config: Record<string, string>) {
  const name = uniqueName('temporal');
  const connection = await Connection.connect({ address: servers().temporal });
  try {
    await new Client({ connection }).workflow.start(connectorWorkflowType, {
      workflowId: connectorWorkflowId(cluster, name),
      taskQueue: `millrace-${cluster}`,
      args: [{ cluster, name, type, config: { ...config, name } }],
    });
  } finally {
    await connection.close();
  }
  return name;
}

describe('an exposed API without allowed folders', () => {
  test.each(kinds)('a file %s is rejected, and so is a connector without a file', async (_, config) => {
    await refused(open, config(join(data, 'in.txt')));
    await refused(open, config(undefined));
  });

  test.each(kinds)(
    'a file %s that was configured through Temporal fails and names the setting',
    async (type, config) => {
      const output = join(data, `${uniqueName('never')}.txt`);
      const name = await startedByTemporal(
        clusters.open,
        type,
        config(type === 'sink' ? output : join(data, 'in.txt')),
      );
      const task = await eventually('its task fails', async () => {
        const task = await taskOf(open, name);
        return task?.state === 'FAILED' && task;
      });
      expect(task.trace).toContain(SETTING);
      expect(existsSync(output)).toBe(false);
      expect((await ask(open, 'DELETE', `/connectors/${name}`)).status).toBe(204);
    },
  );

  test('the worker warns, and names the setting that adds users', async () => {
    const log = await readFile(join(folder, clusters.open, `worker-${new URL(open.url).port}.log`), 'utf8');
    const warnings = log.split('\n').filter(line => line.includes('"level":40'));
    expect(warnings.filter(line => line.includes('rest.extension.classes') && line.includes('0.0.0.0'))).toHaveLength(
      1,
    );
  });
});

describe('an exposed API with allowed folders', () => {
  test('files below them are read and written', async () => {
    const topic = uniqueName('lines');
    const output = join(data, `${topic}.txt`);
    for (const [name, config] of [
      [`${topic}-source`, source(join(data, 'in.txt'), topic)],
      [`${topic}-sink`, sink(output, topic)],
    ] as const)
      expect(await ask(confined, 'POST', '/connectors', { name, config })).toMatchObject({ status: 201 });
    await eventually('the line is written', async () => (await readFile(output, 'utf8')) === 'a line\n');
    await appendFile(join(data, 'in.txt'), 'another\n');
    await eventually('the next line is written', async () => (await readFile(output, 'utf8')) === 'a line\nanother\n');
    for (const end of ['source', 'sink'])
      expect((await ask(confined, 'DELETE', `/connectors/${topic}-${end}`)).status).toBe(204);
  });

  const outside: readonly [string, () => string][] = [
    ['elsewhere', () => join(folder, 'outside', 'secret.txt')],
    ['by ..', () => `${data}/../outside/secret.txt`],
    ['next to a folder with the same prefix', () => `${data}-other/in.txt`],
    ['by a relative path', () => 'secret.txt'],
    ['through a link', () => join(data, 'link.txt')],
    ['in a folder through a link', () => join(data, 'linked', 'secret.txt')],
    ['in a folder through a link, which does not exist yet', () => join(data, 'linked', 'new.txt')],
  ];
  test.each(outside)('a file %s is rejected', async (_, file) => {
    await refused(confined, source(file()));
    await refused(confined, sink(file()));
  });

  test('a plugin is never written to', async () => {
    const config = sink(join(data, 'plugins', 'one', 'index.js'));
    const answer = await ask(confined, 'POST', '/connectors', { name: uniqueName('plugin'), config });
    expect(answer).toMatchObject({ status: 400, text: expect.stringContaining('plugin.path') });
  });

  test('a dangling link is not followed by a sink', async () => {
    const name = uniqueName('dangling');
    const config = sink(join(data, 'dangling.txt'));
    expect((await ask(confined, 'POST', '/connectors', { name, config })).status).toBe(201);
    await eventually('its task fails', async () => (await taskOf(confined, name))?.state === 'FAILED');
    expect(existsSync(join(folder, 'outside', 'made.txt'))).toBe(false);
    expect((await ask(confined, 'DELETE', `/connectors/${name}`)).status).toBe(204);
  });

  test('a link created after the connector is not followed', async () => {
    const name = uniqueName('swapped');
    const file = join(data, `${name}.txt`);
    const config = source(file);
    expect((await ask(confined, 'POST', '/connectors', { name, config })).status).toBe(201);
    await eventually('the source waits for its file', async () => (await taskOf(confined, name))?.state === 'RUNNING');
    await symlink(join(folder, 'outside', 'secret.txt'), file);
    const task = await eventually('its task fails', async () => {
      const task = await taskOf(confined, name);
      return task?.state === 'FAILED' && task;
    });
    expect(task.trace).toContain(SETTING);
    expect((await ask(confined, 'DELETE', `/connectors/${name}`)).status).toBe(204);
  });
});

describe('a worker without listeners', () => {
  test('the API is on the loopback address only', async () => {
    const port = new URL(local.url).port;
    await expect(fetch(`http://127.0.0.2:${port}/`)).rejects.toThrow();
    const log = await readFile(join(folder, clusters.local, `worker-${port}.log`), 'utf8');
    expect(log).not.toContain('rest.extension.classes');
  });

  test('any file may be used except those that the worker runs on', async () => {
    const name = uniqueName('any');
    const config = source(join(folder, 'outside', 'secret.txt'));
    expect((await ask(local, 'POST', '/connectors', { name, config })).status).toBe(201);
    expect((await ask(local, 'DELETE', `/connectors/${name}`)).status).toBe(204);
    const properties = join(folder, clusters.local, `worker-${new URL(local.url).port}.properties`);
    for (const make of [source, sink]) {
      const answer = await ask(local, 'POST', '/connectors', { name: uniqueName('own'), config: make(properties) });
      expect(answer).toMatchObject({
        status: 400,
        text: expect.stringContaining('is a configuration file of the worker'),
      });
    }
  });
});
