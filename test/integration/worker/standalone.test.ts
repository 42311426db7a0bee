import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { call } from '../../../src/demo/rest.ts';
import { startWorkerProcess, type WorkerProcess } from '../../../src/demo/worker-process.ts';
import { packageFolder } from '../../../src/package-folder.ts';
import { freePort } from '../../../src/stack/process/ports.ts';
import type { StatusInfo } from '../../../src/temporal/control/control.ts';
import { millrace } from '../../cli/run.ts';
import { eventually } from '../../support/eventually.ts';
import { generator } from '../../support/generate/index.ts';
import { servers } from '../../support/servers.ts';
import { uniqueName } from '../../support/topic.ts';

/** Kafka Connect's standalone start: `millrace worker worker.properties a.properties b.json …`. */
const draw = generator(import.meta.url);
const group = uniqueName('standalone');
const password = `planted-${group}`;
let folder: string;

const ownProperties = () => ({
  'bootstrap.servers': servers().kafka,
  'group.id': group,
  'offset.storage.topic': `${group}-offsets`,
  'config.storage.topic': `${group}-configs`,
  'offset.storage.file.filename': join(folder, 'connect.offsets'),
  'temporal.address': servers().temporal,
});

/** A sink of a topic that is never created. */
const config = {
  'connector.class': 'io.confluent.connect.jdbc.JdbcSinkConnector',
  'connection.url': 'jdbc:postgresql://127.0.0.1:1/none',
  'connection.password': password,
  topics: draw.topic(),
};
const names = [draw.sinkName(), draw.sinkName(), draw.sinkName(), draw.sinkName()] as const;
const [plain, map, wrapped, resting] = names;

const properties = (all: Readonly<Record<string, string>>): string =>
  Object.entries(all)
    .map(([key, value]) => `${key}=${value}\n`)
    .join('');

async function file(name: string, content: unknown): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

let files: string[];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-standalone-test-'));
  files = [
    await file('plain.properties', properties({ name: plain, ...config })),
    await file('map.json', { name: map, ...config, 'tasks.max': 2 }),
    await file('wrapped.json', { name: wrapped, config }),
    await file('resting.json', { name: resting, config, initial_state: 'STOPPED' }),
  ];
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const start = async (args: readonly string[]): Promise<WorkerProcess> =>
  startWorkerProcess(folder, await freePort(), ownProperties(), { args });
const logOf = (worker: WorkerProcess) => readFile(join(folder, `worker-${new URL(worker.url).port}.log`), 'utf8');

test('connectors in files are created, left unchanged if they exist, and changed if the files have changed', async () => {
  const worker = await start(files);
  const status = (name: string) =>
    call<StatusInfo>('GET', `${worker.url}/connectors/${encodeURIComponent(name)}/status`);
  await eventually('all four exist', async () => {
    const list = await call<string[]>('GET', `${worker.url}/connectors`);
    return names.every(name => list.includes(name));
  });
  await eventually('they run', async () =>
    (await Promise.all([plain, map, wrapped].map(status))).every(
      ({ tasks }) => tasks.length > 0 && tasks.every(task => task.state === 'RUNNING'),
    ),
  );
  expect((await status(map)).tasks).toHaveLength(2);
  expect((await status(resting)).connector.state).toBe('STOPPED');
  const log = await logOf(worker);
  expect(log).toContain('offset.storage.file.filename is ignored');
  expect(log).not.toContain('unknown worker property');
  expect(log).not.toContain(password);
  await call('PUT', `${worker.url}/connectors/${encodeURIComponent(plain)}/pause`);
  await worker.stop();

  await file('map.json', { name: map, ...config, 'tasks.max': 3 });
  const again = await start(files);
  await eventually('the changed one has three tasks', async () => {
    const { tasks } = await call<StatusInfo>('GET', `${again.url}/connectors/${encodeURIComponent(map)}/status`);
    return tasks.length === 3;
  });
  const log2 = await eventually('all files have been processed', async () => {
    const text = await logOf(again);
    return names.every(name => text.includes(JSON.stringify(name))) ? text : undefined;
  });
  const outcomes = [...log2.matchAll(/"connector":("(?:[^"\\]|\\.)*").*"msg":"connector from a file: (\w+)"/g)];
  expect(Object.fromEntries(outcomes.map(([, name = '', outcome]) => [JSON.parse(name), outcome]))).toEqual({
    [plain]: 'unchanged',
    [map]: 'changed',
    [wrapped]: 'unchanged',
    [resting]: 'unchanged',
  });
  expect(
    (await call<StatusInfo>('GET', `${again.url}/connectors/${encodeURIComponent(plain)}/status`)).connector.state,
  ).toBe('PAUSED');
  await Promise.all(names.map(name => call('DELETE', `${again.url}/connectors/${encodeURIComponent(name)}`)));
  await again.stop();
});

test.each([
  ['that does not exist', 'absent.json', undefined, 'Cannot read', 2],
  ['without a name', 'nameless.properties', properties(config), 'names no connector', 2],
  ['with two names', 'two.json', { name: 'a', config: { name: 'b', ...config } }, 'names the connector a, and b', 2],
  ['that is not JSON', 'broken.json', '{"name": ', 'broken.json is', 2],
  [
    'with a wrong configuration',
    'wrong.json',
    { name: 'wrong', config: { ...config, 'insert.mode': 'sideways' } },
    'insert.mode',
    1,
  ],
])('a file %s ends the start with a message that names it', async (_, name, content, sentence, code) => {
  const path = content === undefined ? join(folder, name) : await file(name, content);
  const worker = await file('worker.properties', properties(ownProperties()));
  const ran = await millrace(['worker', worker, path, '--set', `listeners=http://127.0.0.1:${await freePort()}`]);
  expect(ran.stderr).toContain(path);
  expect(ran.stderr).toContain(sentence);
  expect(ran.code).toBe(code);
});

test('one of several processes creates the connectors, and its failure ends all', async () => {
  const port = await freePort();
  const several = (path: string) => [path, '--processes', '2', '--set', `listeners=http://127.0.0.1:${port}`];
  const worker = await startWorkerProcess(folder, port, ownProperties(), { args: several(files[0] as string) });
  await eventually('it is there', async () =>
    (await call<string[]>('GET', `${worker.url}/connectors`)).includes(plain),
  );
  await eventually('the second process runs', async () => (await logOf(worker)).includes('"process":2'));
  expect((await logOf(worker)).match(/connector from a file/g)).toHaveLength(1);
  await call('DELETE', `${worker.url}/connectors/${encodeURIComponent(plain)}`);
  await worker.stop();

  const wrong = await file('wrong.json', { name: 'wrong', config: { ...config, 'insert.mode': 'sideways' } });
  const workerFile = await file('worker.properties', properties(ownProperties()));
  const ran = await millrace(['worker', workerFile, ...several(wrong)]);
  expect(ran.code).toBe(1);
  expect(ran.stderr).toContain(`${wrong}: Connector configuration is invalid`);
});

test('connect-distributed.properties starts without unknown properties', async () => {
  const sample = join(packageFolder(), 'test/config/samples/connect-distributed.properties');
  const port = await freePort();
  // Settings that need other machines: replaced by the test's broker, and no trust store.
  const { 'ssl.truststore.location': _, ...all } = (
    await import('../../../src/config/worker-config/properties.ts')
  ).parseProperties(await readFile(sample, 'utf8'));
  const worker = await startWorkerProcess(folder, port, {
    ...all,
    ...ownProperties(),
    'rest.advertised.port': `${port}`,
  });
  expect(await call<string[]>('GET', `${worker.url}/connectors`)).toEqual([]);
  await worker.stop();
  expect(await logOf(worker)).not.toContain('unknown worker property');
});
