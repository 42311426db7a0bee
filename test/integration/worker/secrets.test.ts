import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { PAYLOAD_BYTES } from '../../../src/config/payload-limits.ts';
import { startWorkerProcess, type WorkerProcess } from '../../../src/demo/worker-process.ts';
import { kafkaClient } from '../../../src/kafka/client/client.ts';
import { silent } from '../../../src/observability/silent.ts';
import { freePort } from '../../../src/stack/process/ports.ts';
import { connectorWorkflowId } from '../../../workflows/shared/messages.ts';
import { createDatabase, type TestDatabase } from '../../support/database.ts';
import { eventually } from '../../support/eventually.ts';
import { generator } from '../../support/generate/index.ts';
import { payloadSizes, textsOf } from '../../support/payload-sizes.ts';
import { servers } from '../../support/servers.ts';
import { uniqueName } from '../../support/topic.ts';

/**
 * Secrets in every setting, servers that repeat them in megabytes of other text, and every life cycle of a connector:
 * no secret is in Temporal, in an answer or in the log, and no payload in Temporal is large.
 */
const draw = generator(import.meta.url);
const cluster = uniqueName('planted');
let planted = 0;
const secrets: string[] = [];
/** Secrets that the servers of the tested connector know. */
let repeatedSecrets: string[] = [];
let ofWorker: string[] = [];
/** Values of placeholders. */
const [ofFile, ofFolder, ofEnvironment] = ['file', 'folder', 'environment'].map(
  name => `planted+${cluster}/${name}"\\é`,
) as [string, string, string];
const plant = (): string => {
  const secret = `planted+${cluster}/${planted++}"\\é`;
  secrets.push(secret);
  repeatedSecrets.push(secret);
  return secret;
};
/** For settings that allow only letters and digits. */
const plantPlain = (): string => {
  const secret = `planted-${cluster}-${planted++}-plain`;
  secrets.push(secret);
  repeatedSecrets.push(secret);
  return secret;
};

/** An answer of a server that repeats all secrets. */
const chatter = (): string =>
  [
    ...repeatedSecrets,
    ...repeatedSecrets.map(encodeURIComponent),
    ...repeatedSecrets.map(secret => JSON.stringify({ secret })),
    ...repeatedSecrets.map(secret => Buffer.from(`elastic:${secret}`).toString('base64')),
    ...repeatedSecrets.map(secret => `jdbc:postgresql://127.0.0.1/none?user=me&password=${encodeURIComponent(secret)}`),
    'x'.repeat(3 << 20),
    ...repeatedSecrets,
  ].join(' ');

let folder: string;
let worker: WorkerProcess;
let database: TestDatabase;
let client: Client;
let postgres: Server;
let elastic: ReturnType<typeof createHttpServer>;
const answers: string[] = [];
const topic = `${cluster}-records`;

/** Rejects a login and repeats it: https://www.postgresql.org/docs/current/protocol-message-formats.html */
const talkative = () =>
  createServer(socket => {
    socket.on('error', () => undefined);
    socket.on('data', data => {
      if (data.length === 8 && data.readInt32BE(4) === 80877103) socket.write('N');
      else {
        const fields = Buffer.from(`SFATAL\0VFATAL\0C28P01\0M${chatter()}\0\0`);
        const head = Buffer.alloc(5);
        head.write('E');
        head.writeInt32BE(fields.length + 4, 1);
        socket.end(Buffer.concat([head, fields]));
      }
    });
  });

const portOf = (server: { address(): unknown }): number => (server.address() as AddressInfo).port;
const listening = (server: Server): Promise<void> =>
  new Promise(resolve => server.listen(0, '127.0.0.1', () => resolve()));

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-planted-'));
  database = await createDatabase('planted');
  postgres = talkative();
  elastic = createHttpServer((_request, response) => {
    response.writeHead(400, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ error: { type: 'security_exception', reason: chatter() }, status: 400 }));
  });
  await Promise.all([listening(postgres), listening(elastic)]);
  secrets.push(ofFile, ofFolder, ofEnvironment);
  await writeFile(join(folder, 'secrets.properties'), `pw=${ofFile.replaceAll('\\', '\\\\')}\n`);
  await writeFile(join(folder, 'pw'), `${ofFolder}\n`);
  process.env['MILLRACE_TEST_PLANTED'] = ofEnvironment;
  const kafka = kafkaClient({ brokers: [servers().kafka], clientId: cluster }, silent);
  await kafka.admin.createTopics([{ topic, partitions: 400, replicationFactor: 1 }]);
  await kafka.close();
  const provider = 'org.apache.kafka.common.config.provider';
  worker = await startWorkerProcess(
    folder,
    await freePort(),
    {
      'bootstrap.servers': servers().kafka,
      'group.id': cluster,
      'offset.storage.topic': `${cluster}-offsets`,
      'config.storage.topic': `${cluster}-configs`,
      'temporal.address': servers().temporal,
      'config.providers': 'file,directory,env',
      'config.providers.file.class': `${provider}.FileConfigProvider`,
      'config.providers.directory.class': `${provider}.DirectoryConfigProvider`,
      'config.providers.env.class': `${provider}.EnvVarConfigProvider`,
      'producer.sasl.jaas.config': `x required username="me" password="${plantPlain()}";`,
      'consumer.ssl.key.password': plantPlain(),
    },
    { cwd: folder },
  );
  ofWorker = repeatedSecrets;
  client = new Client({ connection: await Connection.connect({ address: servers().temporal }) });
});
afterAll(async () => {
  await worker?.stop();
  await client?.connection.close();
  for (const server of [postgres, elastic]) server?.close();
  await database?.drop();
  const kafka = kafkaClient({ brokers: [servers().kafka], clientId: cluster }, silent);
  await kafka.admin.deleteTopics((await kafka.admin.topics()).filter(one => one.startsWith(cluster)));
  await kafka.close();
  await rm(folder, { recursive: true, force: true });
});

async function ask(method: string, path: string, body?: unknown) {
  const answer = await fetch(worker.url + path, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    headers: { 'content-type': 'application/json' },
  });
  const text = await answer.text();
  answers.push(`${method} ${path}: ${text}`);
  return { status: answer.status, body: text === '' ? undefined : JSON.parse(text) };
}

const temporalData: unknown[] = [];

/** Stores the data that Temporal has of a connector before its deletion. */
async function keep(name: string): Promise<void> {
  const handle = client.workflow.getHandle(connectorWorkflowId(cluster, name));
  const description = await handle.describe();
  temporalData.push(description.raw, await handle.fetchHistory());
  if (description.status.name === 'RUNNING')
    temporalData.push(await handle.query('status'), await handle.query('__temporal_workflow_metadata'));
}

const sinkInto = (more: Record<string, string>) => ({
  'connector.class': 'io.confluent.connect.jdbc.JdbcSinkConnector',
  'connection.url': `jdbc:postgresql://127.0.0.1:${portOf(postgres)}/none`,
  'connection.user': 'me',
  topics: topic,
  ...more,
});
const file = () => join(folder, 'lines.txt');

beforeEach(() => {
  repeatedSecrets = [...ofWorker];
});

/** A placeholder whose secret the servers know. */
const standingFor = (secret: string, placeholder: string): string => {
  repeatedSecrets.push(secret);
  return placeholder;
};
const fromFile = () => standingFor(ofFile, `\${file:${join(folder, 'secrets.properties')}:pw}`);
const fromFolder = () => standingFor(ofFolder, `\${directory:${folder}:pw}`);
const fromEnvironment = () => standingFor(ofEnvironment, `\${env:${'MILLRACE_TEST_PLANTED'}}`);

/** Runs all REST operations of a connector that need no records. */
async function through(name: string, own: Record<string, string>): Promise<void> {
  const config: Record<string, string> = {
    ...own,
    'consumer.override.sasl.jaas.config': `x required password="${plantPlain()}";`,
  };
  const at = `/connectors/${encodeURIComponent(name)}`;
  expect(await ask('POST', '/connectors', { name, config })).toMatchObject({ status: 201 });
  await eventually('a task fails or runs', async () => {
    const [task] = (await ask('GET', `${at}/status`)).body.tasks;
    return task?.state === 'FAILED' || task?.last_failure !== undefined || task?.figures !== undefined;
  });
  for (const path of ['', '/config', '/status', '/tasks', '/topics', '/offsets']) await ask('GET', at + path);
  await ask('PUT', `/connector-plugins/${config['connector.class']}/config/validate`, { ...config, name });
  await ask('PUT', `${at}/pause`);
  await ask('PUT', `${at}/resume`);
  await ask('POST', `${at}/restart?includeTasks=true`);
  // A running attempt does not have these secrets, so that servers do not either.
  const before = [...repeatedSecrets];
  const later = { ...config, 'producer.override.sasl.jaas.config': `x required password="${plantPlain()}";` };
  const last = { 'producer.override.ssl.key.password': plant() };
  repeatedSecrets = before;
  await ask('PUT', `${at}/config`, later);
  await ask('PATCH', `${at}/config`, last);
  await ask('PUT', `${at}/stop`);
  await ask('PATCH', `${at}/offsets`, { offsets: [{ partition: { wrong: 'x' }, offset: null }] });
  await eventually('reset', async () => (await ask('DELETE', `${at}/offsets`)).status !== 409);
  await ask('PATCH', `${at}/config`, { 'millrace.schedule': 'every 1s' });
  await ask('PUT', `${at}/resume`);
  await eventually(
    'the connector waits for its schedule',
    async () => (await ask('GET', `${at}/status`)).body.tasks.length > 0,
  );
  await keep(name);
  expect((await ask('DELETE', at)).status).toBe(204);
  await keep(name);
}

test.each([
  ['a password', () => sinkInto({ 'connection.password': plant() })],
  [
    'an address',
    () =>
      sinkInto({
        'connection.url': `jdbc:postgresql://127.0.0.1:${portOf(postgres)}/none?password=${encodeURIComponent(plant())}`,
      }),
  ],
  ['a file', () => sinkInto({ 'connection.password': fromFile() })],
  ['a folder', () => sinkInto({ 'connection.password': fromFolder() })],
  ['the environment', () => sinkInto({ 'connection.password': fromEnvironment() })],
  [
    'Elasticsearch',
    () => ({
      'connector.class': 'ElasticsearchSinkConnector',
      'connection.url': `http://127.0.0.1:${portOf(elastic)}`,
      'connection.username': 'elastic',
      'connection.password': plant(),
      'max.retries': '0',
      topics: topic,
    }),
  ],
  [
    'converters, transforms and clients',
    () => ({
      'connector.class': 'FileStreamSource',
      file: file(),
      topic: `${cluster}-lines`,
      'value.converter': 'org.apache.kafka.connect.json.JsonConverter',
      'value.converter.basic.auth.user.info': `me:${plant()}`,
      transforms: 'hide',
      'transforms.hide.type': 'org.apache.kafka.connect.transforms.InsertHeader',
      'transforms.hide.header': 'h',
      'transforms.hide.value.literal': 'v',
      'transforms.hide.password': plant(),
      'producer.override.sasl.jaas.config': `x required username="me" password="${plantPlain()}";`,
    }),
  ],
])(
  'by %s',
  async (_, config) => {
    await writeFile(file(), 'one\ntwo\n');
    await through(draw.sinkName(), config());
  },
  120_000,
);

test.each([
  ['io.debezium.connector.postgresql.PostgresConnector', 'database.password', { 'database.hostname': '127.0.0.1' }],
  ['JdbcSourceConnector', 'connection.password', { mode: 'bulk' }],
])('rejected by validation: %s', async (className, key, more: Record<string, string>) => {
  const name = uniqueName('refused');
  const config = {
    'connector.class': className,
    'database.port': String(portOf(postgres)),
    'database.user': 'me',
    'database.dbname': 'none',
    'connection.url': `jdbc:postgresql://127.0.0.1:${portOf(postgres)}/none`,
    'connection.user': 'me',
    'topic.prefix': name,
    [key]: plant(),
    ...more,
  };
  expect((await ask('PUT', `/connector-plugins/${className}/config/validate`, { ...config, name })).status).toBe(200);
  expect(await ask('POST', '/connectors', { name, config })).toMatchObject({ status: 400 });
});

test('through Temporal with a placeholder, and in plain text, which is rejected and shown nowhere else', async () => {
  const start = (name: string, config: Record<string, unknown>) =>
    client.workflow.start('connector', {
      workflowId: connectorWorkflowId(cluster, name),
      taskQueue: `millrace-${cluster}`,
      args: [{ cluster, name, type: 'sink', config }],
    });
  const [name, open] = [draw.sinkName(), draw.sinkName()];
  const failed = (of: string) =>
    eventually('it failed', async () => {
      const { connector, tasks } = (await ask('GET', `/connectors/${encodeURIComponent(of)}/status`)).body;
      return connector.state === 'FAILED' || tasks[0]?.last_failure !== undefined || tasks[0]?.state === 'FAILED';
    });
  await start(name, sinkInto({ 'connection.password': fromEnvironment() }));
  await failed(name);
  await keep(name);
  // Its attempts do not have the next secret, which servers repeat.
  expect((await ask('DELETE', `/connectors/${encodeURIComponent(name)}`)).status).toBe(204);
  await start(open, sinkInto({ 'connection.password': plant() }));
  await failed(open);
  for (const path of ['', '/config', '/status', '/tasks'])
    await ask('GET', `/connectors/${encodeURIComponent(open)}${path}`);
  expect((await ask('DELETE', `/connectors/${encodeURIComponent(open)}`)).status).toBe(204);
}, 60_000);

test('a configuration of 60 KB, a plan of thousands of tables, thousands of offsets', async () => {
  const name = draw.connectorName();
  const at = `/connectors/${encodeURIComponent(name)}`;
  const long = 'a_table_with_a_name_as_long_as_postgresql_lets_it_be_'.slice(0, 50);
  await database.query(
    `DO $$ BEGIN FOR i IN 1..1500 LOOP EXECUTE format('CREATE TABLE ${long}%s (id int)', i); END LOOP; END $$`,
  );
  const { host, port, user, password } = database.connection;
  const config = {
    'connector.class': 'JdbcSourceConnector',
    'connection.url': `jdbc:postgresql://${host}:${port}/${database.name}?user=${user}&password=${encodeURIComponent(password || 'x')}`,
    mode: 'bulk',
    'tasks.max': '3',
    'poll.interval.ms': '3600000',
    'topic.prefix': `${cluster}-`,
    'topic.creation.enable': 'false',
    note: 'y'.repeat(60_000),
  };
  expect(await ask('POST', '/connectors', { name, config })).toMatchObject({ status: 201 });
  await eventually('three tasks', async () => {
    const { tasks } = (await ask('GET', `${at}/status`)).body;
    return tasks.length === 3;
  });
  const { body } = await ask('GET', `${at}/tasks`);
  expect(body[2].config).toMatchObject({ 'connector.class': 'JdbcSourceConnector' });
  await keep(name);
  await ask('DELETE', at);

  const sink = draw.sinkName();
  const into = { 'connector.class': 'FileStreamSink', file: join(folder, 'out.txt'), topics: topic };
  await ask('POST', '/connectors', { name: sink, config: into, initial_state: 'STOPPED' });
  const offsets = Array.from({ length: 400 }, (_, partition) => ({
    partition: { kafka_topic: topic, kafka_partition: partition },
    offset: { kafka_offset: 0 },
  }));
  expect(await ask('PATCH', `/connectors/${encodeURIComponent(sink)}/offsets`, { offsets })).toMatchObject({
    status: 200,
  });
  expect((await ask('GET', `/connectors/${encodeURIComponent(sink)}/offsets`)).body.offsets).toHaveLength(400);
  await keep(sink);
  await ask('DELETE', `/connectors/${encodeURIComponent(sink)}`);
}, 120_000);

test('no payload in Temporal is large', () => {
  const [heaviest] = payloadSizes(temporalData);
  expect(heaviest?.bytes, heaviest?.path).toBeLessThan(PAYLOAD_BYTES);
  expect(payloadSizes(temporalData).length).toBeGreaterThan(100);
});

test('no secret is in Temporal, in an answer or in the log', async () => {
  const log = await readFile(join(folder, `worker-${new URL(worker.url).port}.log`), 'utf8');
  const places = { histories: textsOf(temporalData).join('\n'), answers: answers.join('\n'), log };
  expect(places.histories).toContain('connection.password');
  expect(places.answers).toContain('[hidden]');
  expect(places.log).toContain('task failed');
  for (const [place, text] of Object.entries(places))
    for (const secret of secrets)
      for (const form of formsOf(secret)) {
        const index = text.indexOf(form);
        expect(index < 0 ? '' : `${place}: ${text.slice(Math.max(0, index - 300), index + 100)}`).toBe('');
      }
});

/**
 * The secret and its encodings: base64 after user names of three lengths, without characters that depend on neighbours.
 */
function formsOf(secret: string): string[] {
  const base64 = ['', 'e', 'el'].map(before =>
    Buffer.from(before + secret)
      .toString('base64')
      .slice(4, -4),
  );
  const json = JSON.stringify(secret).slice(1, -1);
  return [secret, json, JSON.stringify(json).slice(1, -1), encodeURIComponent(secret), ...base64];
}
