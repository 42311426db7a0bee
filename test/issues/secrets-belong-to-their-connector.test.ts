import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startWorkerProcess, type WorkerProcess } from '../../src/demo/worker-process.ts';
import { kafkaClient } from '../../src/kafka/client/client.ts';
import { silent } from '../../src/observability/silent.ts';
import { freePort } from '../../src/stack/process/ports.ts';
import { connectorWorkflowId, connectorWorkflowType } from '../../workflows/shared/messages.ts';
import { eventually } from '../support/eventually.ts';
import { similarNames } from '../support/generate/connector-names.ts';
import { generator } from '../support/generate/index.ts';
import { textsOf } from '../support/payload-sizes.ts';
import { servers } from '../support/servers.ts';
import { uniqueName } from '../support/topic.ts';

/**
 * Configurations show `${secret:<id>}`: it must be useless to another connector and at another key, and no value of a
 * placeholder may leak through the name of a topic.
 */
const draw = generator(import.meta.url);
const group = uniqueName('owners');
const password = `s3cret-${group}`;
/** Content of a file of the workers, from which a configuration provider reads. */
const fromFile = `kept.${group}`;
let folder: string;
let worker: WorkerProcess;
let client: Client;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-owners-'));
  await writeFile(join(folder, 'kept.properties'), `pw=${fromFile}\n`);
  worker = await startWorkerProcess(folder, await freePort(), {
    'bootstrap.servers': servers().kafka,
    'group.id': group,
    'offset.storage.topic': `${group}-offsets`,
    'config.storage.topic': `${group}-configs`,
    'temporal.address': servers().temporal,
    'config.providers': 'file',
    'config.providers.file.class': 'org.apache.kafka.common.config.provider.FileConfigProvider',
  });
  client = new Client({ connection: await Connection.connect({ address: servers().temporal }) });
});
afterAll(async () => {
  await worker?.stop();
  await client?.connection.close();
  await rm(folder, { recursive: true, force: true });
});

async function ask(method: string, path: string, body?: unknown) {
  const answer = await fetch(worker.url + path, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    headers: { 'content-type': 'application/json' },
  });
  const text = await answer.text();
  return { status: answer.status, text, body: text === '' ? undefined : JSON.parse(text) };
}
const at = (name: string, path = '') => `/connectors/${encodeURIComponent(name)}${path}`;

type Config = Record<string, string>;

/** A sink of a topic that is never created. */
const sink = (more: Config = {}): Config => ({
  'connector.class': 'JdbcSink',
  'connection.url': 'jdbc:postgresql://127.0.0.1:1/none',
  'connection.user': 'me',
  topics: `never-${group}`,
  ...more,
});
const lines = (more: Config): Config => ({
  'connector.class': 'FileStreamSource',
  file: join(folder, 'in.txt'),
  topic: draw.topic(),
  ...more,
});

/** Creates a connector with a password; returns its name and the placeholder. */
async function victim(): Promise<{ name: string; placeholder: string; config: Config }> {
  const name = draw.sinkName();
  const response = await ask('POST', '/connectors', { name, config: sink({ 'connection.password': password }) });
  expect(response).toMatchObject({ status: 201 });
  const placeholder = response.body.config['connection.password'] as string;
  expect(placeholder).toMatch(/^\$\{secret:[0-9a-f-]{36}\}$/);
  return { name, placeholder, config: response.body.config };
}

const thefts = (placeholder: string): Config[] => [
  lines({ topic: `x.${placeholder}` }),
  lines({
    transforms: 'h',
    'transforms.h.type': 'org.apache.kafka.connect.transforms.HoistField$Value',
    'transforms.h.field': placeholder,
  }),
  lines({ 'value.converter': 'StringConverter', 'value.converter.password': placeholder }),
  sink({ 'connection.password': placeholder }),
  sink({ 'connection.url': `jdbc:postgresql://127.0.0.1:1/none?password=${placeholder}` }),
];

async function refused(method: string, path: string, body: unknown): Promise<void> {
  const answer = await ask(method, path, body);
  expect(answer).toMatchObject({ status: 400, text: expect.stringContaining('The secret ') });
  expect(answer.text).not.toContain(password);
}

/** True if a secret has a tombstone in its topic. */
async function isForgotten(placeholder: string): Promise<boolean> {
  const key = `secret-${placeholder.slice('${secret:'.length, -1)}`;
  const kafka = kafkaClient({ brokers: [servers().kafka], clientId: group }, silent);
  const partition = { topic: `${group}-configs`, partition: 0 };
  try {
    const [{ low, high } = { low: 0, high: 0 }] = await kafka.admin.offsets([partition]);
    const reader = await kafka.reader({
      assigned: [{ ...partition, offset: low }],
      maxBytes: 1 << 20,
      maxPartitionBytes: 1 << 20,
      maxWaitMs: 100,
    });
    let last: Buffer | null | undefined;
    for (let next = low; next < high; )
      for (const part of await reader.poll()) {
        next = part.next;
        for (const record of part.records) if (record.key?.toString() === key) last = record.value;
      }
    await reader.close();
    return last === null;
  } finally {
    await kafka.close();
  }
}

test('another connector that references a secret is rejected, wherever the reference is', async () => {
  const { name: owner, placeholder } = await victim();
  const thief = similarNames(owner)[0] ?? draw.connectorName();
  for (const config of thefts(placeholder)) {
    await refused('POST', '/connectors', { name: thief, config });
    await refused('PUT', at(thief, '/config'), config);
    await refused('PUT', `/connector-plugins/${config['connector.class']}/config/validate`, { ...config, name: thief });
    await refused('PUT', `/connector-plugins/${config['connector.class']}/config/validate`, config);
  }
  expect((await ask('GET', at(thief))).status).toBe(404);
  // Nor can an existing connector be changed so.
  const other = (await victim()).name;
  await refused('PATCH', at(other, '/config'), { 'connection.password': placeholder });
  for (const name of [owner, other]) expect((await ask('DELETE', at(name))).status).toBe(204);
});

test("a connector created through Temporal with another's secret fails, and deletes nothing with itself", async () => {
  const { name: owner, placeholder } = await victim();
  const name = draw.connectorName();
  const config = lines({ topic: `x.${placeholder}` });
  await client.workflow.start(connectorWorkflowType, {
    workflowId: connectorWorkflowId(group, name),
    taskQueue: `millrace-${group}`,
    args: [{ cluster: group, name, type: 'source', config: { ...config, name } }],
  });
  const status = await eventually('it fails', async () => {
    const { connector } = (await ask('GET', at(name, '/status'))).body;
    return connector.state === 'FAILED' && connector;
  });
  expect(status.trace).toContain('The secret ');
  expect((await ask('DELETE', at(name))).status).toBe(204);
  expect(await isForgotten(placeholder)).toBe(false);
  expect((await ask('DELETE', at(owner))).status).toBe(204);
  expect(await isForgotten(placeholder)).toBe(true);
});

test('a secret stays at its key, where it may be read, written back and changed', async () => {
  const { name, placeholder, config } = await victim();
  for (const stolen of [
    { topics: placeholder },
    { 'connection.user': placeholder },
    { 'table.name.format': placeholder },
  ])
    await refused('PUT', at(name, '/config'), { ...config, ...stolen });
  const { body: read } = await ask('GET', at(name, '/config'));
  expect(await ask('PUT', at(name, '/config'), { ...read, 'batch.size': '7' })).toMatchObject({ status: 200 });
  expect((await ask('GET', at(name, '/config'))).body['connection.password']).toBe(placeholder);
  expect(await ask('PUT', at(name, '/config'), { ...read, 'connection.password': password })).toMatchObject({
    status: 200,
  });
  expect((await ask('GET', at(name, '/config'))).body['connection.password']).toBe(placeholder);
  await eventually(
    'its tasks run',
    async () => (await ask('GET', at(name, '/status'))).body.tasks[0]?.state === 'RUNNING',
  );
  expect((await ask('DELETE', at(name))).status).toBe(204);

  // A new connector of the same name gets no secret of the old one. A process that has not seen the deletion yet
  // accepts the configuration; the connector then fails.
  const again = await ask('POST', '/connectors', { name, config: read });
  if (again.status === 201) {
    await eventually('it fails', async () => {
      const { connector, tasks } = (await ask('GET', at(name, '/status'))).body;
      return (connector.trace ?? tasks[0]?.trace ?? '').includes('The secret ');
    });
    expect((await ask('DELETE', at(name))).status).toBe(204);
  } else expect(again).toMatchObject({ status: 400, text: expect.stringContaining('The secret ') });
  const response = await ask('POST', '/connectors', { name, config: sink({ 'connection.password': password }) });
  expect(response.body.config['connection.password']).not.toBe(placeholder);
  expect((await ask('DELETE', at(name))).status).toBe(204);
});

test('values of placeholders do not leak through names of topics and files', async () => {
  const name = draw.connectorName();
  const pw = `\${file:${join(folder, 'kept.properties')}:pw}`;
  await writeFile(join(folder, `in-${fromFile}.txt`), 'a line\n');
  const config = { ...lines({}), file: join(folder, `in-${pw}.txt`), topic: `x.${pw}` };
  expect(await ask('POST', '/connectors', { name, config })).toMatchObject({ status: 201 });
  const answers: string[] = [];
  await eventually('the topic is listed', async () => {
    const { text, body } = await ask('GET', at(name, '/topics'));
    answers.push(text);
    return body[name].topics.length > 0;
  });
  await eventually('the offset is listed', async () => {
    const { text, body } = await ask('GET', at(name, '/offsets'));
    answers.push(text);
    return body.offsets.length > 0;
  });
  for (const path of ['', '/status', '/tasks', '/tasks/0/status'])
    answers.push((await ask('GET', at(name, path))).text);
  answers.push(await (await fetch(`${worker.url}/metrics`)).text());
  const handle = client.workflow.getHandle(connectorWorkflowId(group, name));
  const stored = textsOf([await handle.fetchHistory(), (await handle.describe()).raw]).join('\n');
  const log = await readFile(join(folder, `worker-${new URL(worker.url).port}.log`), 'utf8');
  for (const [where, text] of Object.entries({ answers: answers.join('\n'), stored, log })) {
    const index = text.indexOf(fromFile);
    expect(index < 0 ? '' : `${where}: ${text.slice(Math.max(0, index - 200), index + 100)}`).toBe('');
  }
  expect(stored).toContain('usedTopics');
  expect((await ask('DELETE', at(name))).status).toBe(204);
});

test('a topic that contains the password by chance keeps its name', async () => {
  const name = draw.sinkName();
  const topic = `x-${group}-orders`;
  const kafka = kafkaClient({ brokers: [servers().kafka], clientId: group }, silent);
  await kafka.admin.createTopics([{ topic, partitions: 1, replicationFactor: 1 }]);
  await kafka.close();
  await writeFile(join(folder, 'named.txt'), 'a line\n');
  const config = lines({ file: join(folder, 'named.txt'), topic, 'value.converter.password': group });
  expect(await ask('POST', '/connectors', { name, config })).toMatchObject({ status: 201 });
  await eventually('the topic is listed', async () =>
    (await ask('GET', at(name, '/topics'))).body[name].topics.includes(topic),
  );
  expect((await ask('DELETE', at(name))).status).toBe(204);
});
