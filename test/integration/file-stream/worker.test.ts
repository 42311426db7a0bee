import { appendFile, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startWorkerProcess, type WorkerProcess } from '../../../src/demo/worker-process.ts';
import { freePort } from '../../../src/stack/process/ports.ts';
import { eventually } from '../../support/eventually.ts';
import { generator } from '../../support/generate/index.ts';
import { servers } from '../../support/servers.ts';
import { uniqueName } from '../../support/topic.ts';

let folder: string;
let worker: WorkerProcess;
const draw = generator(import.meta.url);
const group = uniqueName('file-worker');

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-file-worker-'));
  worker = await startWorkerProcess(folder, await freePort(), {
    'bootstrap.servers': servers().kafka,
    'group.id': group,
    'offset.storage.topic': `${group}-offsets`,
    'config.storage.topic': `${group}-configs`,
    'status.storage.topic': `${group}-status`,
    'temporal.address': servers().temporal,
  });
});
afterAll(async () => {
  await worker?.stop();
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

async function stopped(name: string): Promise<void> {
  expect((await ask('PUT', `/connectors/${encodeURIComponent(name)}/stop`)).status).toBe(204);
  await eventually(`${name} is stopped`, async () => {
    const { connector, tasks } = (await ask('GET', `/connectors/${encodeURIComponent(name)}/status`)).body;
    return connector.state === 'STOPPED' && tasks.length === 0;
  });
}

const stateOf = async (name: string) =>
  (await ask('GET', `/connectors/${encodeURIComponent(name)}/status`)).body.tasks[0];

test("Kafka Connect's introductory example runs unchanged; its offsets can be read, set and reset", async () => {
  const input = join(folder, 'input.txt');
  const output = join(folder, 'output.txt');
  const [source, sink, topic] = [draw.connectorName(), draw.sinkName(), draw.topic()];
  const has = (text: string) =>
    eventually(`the output is ${JSON.stringify(text)}`, async () => (await readFile(output, 'utf8')) === text);

  await writeFile(input, 'one\ntwo\nhalf');
  const definition = { name: source, config: { 'connector.class': 'FileStreamSource', file: input, topic } };
  expect(await ask('POST', '/connectors', definition)).toMatchObject({ status: 201, body: { type: 'source' } });
  const sinkDefinition = { name: sink, config: { 'connector.class': 'FileStreamSink', file: output, topics: topic } };
  expect(await ask('POST', '/connectors', sinkDefinition)).toMatchObject({ status: 201, body: { type: 'sink' } });
  await has('one\ntwo\n');
  await appendFile(input, ' and half\nthree\n');
  await has('one\ntwo\nhalf and half\nthree\n');

  await stopped(source);
  const { ino } = await stat(input);
  const partition = { filename: input };
  expect((await ask('GET', `/connectors/${encodeURIComponent(source)}/offsets`)).body).toEqual({
    offsets: [{ partition, offset: { position: 28, inode: String(ino) } }],
  });
  const wrong = { offsets: [{ partition, offset: { position: -1 } }] };
  expect((await ask('PATCH', `/connectors/${encodeURIComponent(source)}/offsets`, wrong)).status).toBe(400);
  const moved = { offsets: [{ partition, offset: { position: 22 } }] };
  expect((await ask('PATCH', `/connectors/${encodeURIComponent(source)}/offsets`, moved)).status).toBe(200);
  expect((await ask('PUT', `/connectors/${encodeURIComponent(source)}/resume`)).status).toBe(202);
  await has('one\ntwo\nhalf and half\nthree\nthree\n');

  await stopped(sink);
  expect((await ask('DELETE', `/connectors/${encodeURIComponent(sink)}/offsets`)).status).toBe(200);
  await writeFile(output, '');
  expect((await ask('PUT', `/connectors/${encodeURIComponent(sink)}/resume`)).status).toBe(202);
  await has('one\ntwo\nhalf and half\nthree\nthree\n');
});

test('a source of a missing file runs and waits; a sink into a missing folder fails with a message', async () => {
  const topic = draw.topic();
  const [source, sink] = [draw.connectorName(), draw.sinkName()];
  const input = join(folder, 'later.txt');
  const config = { 'connector.class': 'FileStreamSource', file: input, topic };
  expect((await ask('POST', '/connectors', { name: source, config })).status).toBe(201);
  await eventually('it runs', async () => (await stateOf(source))?.state === 'RUNNING');
  await writeFile(input, 'here\n');
  const output = join(folder, 'missing', 'output.txt');
  const into = { 'connector.class': 'FileStreamSink', file: output, topics: topic };
  expect((await ask('POST', '/connectors', { name: sink, config: into })).status).toBe(201);
  const failed = await eventually('it fails', async () => {
    const task = await stateOf(sink);
    return task?.state === 'FAILED' && task;
  });
  expect(failed.trace).toContain(`Couldn't find or create file '${output}' for FileStreamSinkTask`);
  expect((await stateOf(source)).state).toBe('RUNNING');
});
