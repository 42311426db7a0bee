import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connectMillrace, type Millrace } from '../../../src/client/index.ts';
import { call } from '../../../src/demo/rest.ts';
import { startWorkerProcess, type WorkerProcess } from '../../../src/demo/worker-process.ts';
import { kafkaClient } from '../../../src/kafka/client/client.ts';
import { secretStore } from '../../../src/kafka/storage/secret-store.ts';
import { silent } from '../../../src/observability/silent.ts';
import { packageFolder } from '../../../src/package-folder.ts';
import { freePort } from '../../../src/stack/process/ports.ts';
import { connectorWorkflowId } from '../../../workflows/shared/messages.ts';
import { eventually } from '../../support/eventually.ts';
import { pythonWith } from '../../support/python.ts';
import { servers } from '../../support/servers.ts';
import { uniqueName } from '../../support/topic.ts';
import { programOf, secretsFile } from './guide.ts';

/** Control of connectors from another service, through the handles of `millrace/client` and through Temporal itself. */
const cluster = uniqueName('client');
const password = `planted-${cluster}`;
const taskQueue = `millrace-${cluster}`;
let folder: string;
let worker: WorkerProcess;
let millrace: Millrace;
let client: Client;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-client-test-'));
  await writeFile(join(folder, 'secrets.properties'), `warehouse=${password}\n`);
  worker = await startWorkerProcess(folder, await freePort(), {
    'bootstrap.servers': servers().kafka,
    'group.id': cluster,
    'offset.storage.topic': `${cluster}-offsets`,
    'config.storage.topic': `${cluster}-configs`,
    'temporal.address': servers().temporal,
    'config.providers': 'file',
    'config.providers.file.class': 'org.apache.kafka.common.config.provider.FileConfigProvider',
  });
  millrace = await connectMillrace({ temporal: servers().temporal, cluster });
  client = new Client({ connection: await Connection.connect({ address: servers().temporal }) });
});
afterAll(async () => {
  await millrace?.close();
  await client?.connection.close();
  await worker?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** A sink of a topic that is never created. */
const sink = () => ({
  'connector.class': 'io.confluent.connect.jdbc.JdbcSinkConnector',
  'connection.url': 'jdbc:postgresql://127.0.0.1:1/none',
  topics: uniqueName('nothing'),
});
const placeholder = () => `\${file:${join(folder, 'secrets.properties')}:warehouse}`;

/** Starts the workflow like another SDK, without admission. */
const start = (name: string, args: Record<string, unknown>) =>
  client.workflow.start('connector', {
    workflowId: connectorWorkflowId(cluster, name),
    taskQueue,
    args: [{ cluster, name, type: 'sink', ...args }],
  });

describe('handles', () => {
  test('start, list, pause, resume, stop, restart, configure and delete a connector', async () => {
    const name = uniqueName('life');
    const config = { ...sink(), 'tasks.max': 2, 'connection.password': placeholder() };
    const handle = await millrace.connectors.start(name, config);
    expect(await millrace.connectors.list()).toContain(name);
    const states = async () => (await handle.status()).tasks.map(task => task.state);
    await eventually('both tasks run', async () => (await states()).join() === 'RUNNING,RUNNING');
    expect((await handle.status()).tasks[0]?.worker_id).toBe(worker.id);
    await handle.pause();
    await eventually('both are paused', async () => (await states()).join() === 'PAUSED,PAUSED');
    await handle.resume();
    await eventually('both run again', async () => (await states()).join() === 'RUNNING,RUNNING');
    expect((await handle.restart({ onlyFailed: true })).tasks).toHaveLength(2);
    await handle.restartTask(1);
    await expect(handle.restartTask(7)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(handle.resetOffsets()).rejects.toMatchObject({ code: 'BAD_REQUEST' });
    await expect(handle.patch({ 'connection.password': password })).rejects.toMatchObject({ code: 'BAD_REQUEST' });
    await handle.patch({ 'tasks.max': 1, 'batch.size': 10, 'connection.password': null });
    const { 'connection.password': _, ...left } = config;
    expect((await handle.info()).config).toEqual({ ...left, name, 'tasks.max': '1', 'batch.size': '10' });
    await handle.configure({ ...config, 'tasks.max': 1 });
    await eventually('one task is left', async () => (await states()).join() === 'RUNNING');
    expect((await handle.info()).config).toEqual({ ...config, name, 'tasks.max': '1' });
    expect(await call('GET', `${worker.url}/connectors/${name}/config`)).toEqual((await handle.info()).config);
    await handle.stop();
    await eventually('no connector is left', async () => (await states()).length === 0);
    await handle.delete();
    await expect(handle.status()).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(await millrace.connectors.list()).not.toContain(name);
  });

  test('start a connector in the requested state, with an existing Temporal client', async () => {
    await using millrace = await connectMillrace({ temporal: client, cluster });
    const name = uniqueName('stopped');
    const handle = await millrace.connectors.start(name, sink(), { state: 'STOPPED' });
    expect((await handle.status()).connector.state).toBe('STOPPED');
    await millrace.connectors.get(name).delete();
  });

  test('set the offsets of a stopped connector', async () => {
    const name = uniqueName('offsets');
    const file = join(folder, 'lines.txt');
    await writeFile(file, 'one\ntwo\n');
    const config = { 'connector.class': 'FileStreamSource', file, topic: uniqueName('lines') };
    const handle = await millrace.connectors.start(name, config, { state: 'STOPPED' });
    const storedOffsets = () => call('GET', `${worker.url}/connectors/${name}/offsets`);
    const second = { partition: { filename: file }, offset: { position: 4 } };
    await handle.alterOffsets([second]);
    expect(await storedOffsets()).toEqual({ offsets: [second] });
    await handle.resetOffsets();
    expect(await storedOffsets()).toEqual({ offsets: [] });
    await expect(
      handle.alterOffsets([{ partition: { filename: file }, offset: { position: -1 } }]),
    ).rejects.toMatchObject({
      code: 'BAD_REQUEST',
    });
    await handle.delete();
  });

  test('report errors before sending anything', async () => {
    const { connectors } = millrace;
    const name = uniqueName('wrong');
    await expect(connectors.start(name, { topics: 't' })).rejects.toMatchObject({ code: 'BAD_REQUEST' });
    await expect(connectors.start(name, { ...sink(), name: 'other' })).rejects.toThrow(/has the name other/);
    await expect(connectors.start('', sink())).rejects.toThrow(/name of the connector is empty/);
    await expect(connectors.start(name, sink(), { type: 'source' })).rejects.toThrow(/is a sink, not a source/);
    await expect(connectors.start(name, { 'connector.class': 'com.example.Own' })).rejects.toThrow(/option type/);
    await expect(connectors.get(name).pause()).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(connectors.get(name).configure(sink())).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(connectMillrace({ temporal: `127.0.0.1:${await freePort()}` })).rejects.toMatchObject({
      code: 'TEMPORAL_UNAVAILABLE',
    });
  });

  test('reject a name that is in use', async () => {
    const name = uniqueName('taken');
    const handle = await millrace.connectors.start(name, sink());
    await expect(millrace.connectors.start(name, sink())).rejects.toMatchObject({ code: 'CONFLICT' });
    await handle.delete();
  });

  test.each([
    ['connection.password', password],
    ['connection.url', `jdbc:postgresql://127.0.0.1:1/none?user=me&password=${password}`],
  ])('reject a secret in plain text in %s before it reaches Temporal', async (key, value) => {
    const name = uniqueName('secret');
    const refused = await millrace.connectors.start(name, { ...sink(), [key]: value }).catch((error: Error) => error);
    expect(refused).toMatchObject({ code: 'BAD_REQUEST', message: expect.stringContaining(key) });
    expect((refused as Error).message).not.toContain(password);
    await expect(client.workflow.getHandle(connectorWorkflowId(cluster, name)).describe()).rejects.toThrow();
  });

  test('control a connector whose secrets the REST API has stored, and delete the secrets with it', async () => {
    const name = uniqueName('sealed');
    await call('POST', `${worker.url}/connectors`, { name, config: { ...sink(), 'connection.password': password } });
    const handle = millrace.connectors.get(name);
    const { config } = await handle.info();
    expect(config['connection.password']).toMatch(/^\$\{secret:/);
    await handle.configure({ ...config, 'batch.size': 10 });
    await eventually('it runs', async () => (await handle.status()).tasks[0]?.state === 'RUNNING');
    const kafka = kafkaClient({ brokers: [servers().kafka], clientId: 'test' }, silent);
    const storedSecrets = () =>
      secretStore(kafka, { topic: `${cluster}-configs`, replicationFactor: 1, cluster }).unseal(name, {
        'connection.password': config['connection.password'] ?? '',
      });
    expect((await storedSecrets()).secrets).toEqual([password]);
    await handle.delete();
    await expect(storedSecrets()).rejects.toMatchObject({ code: 'TASK_CONFIG' });
    await kafka.close();
  });
});

describe('a connector that was started without admission', () => {
  const failed = (name: string) =>
    eventually('it failed', async () => {
      const { connector, tasks } = await millrace.connectors.get(name).status();
      const trace = connector.trace ?? tasks[0]?.trace;
      return [connector.state, tasks[0]?.state].includes('FAILED') ? trace : undefined;
    });

  test('fails with the messages of the REST API, and continues once it is configured', async () => {
    const name = uniqueName('wrong');
    const config = { ...sink(), 'insert.mode': 'sideways', 'tasks.max': 'abc' };
    const handle = await start(name, { config });
    const refused = await call('POST', `${worker.url}/connectors`, { name: uniqueName('rest'), config }).catch(
      (error: Error) => error.message,
    );
    const { message } = JSON.parse(String(refused).replace(/^.*?: 400 /, '')) as { message: string };
    expect(message).toContain('sideways');
    expect(await failed(name)).toContain(message);
    await handle.executeUpdate('configure', { args: [sink()] });
    await eventually('it runs', async () => {
      const { tasks } = await millrace.connectors.get(name).status();
      return tasks[0]?.state === 'RUNNING';
    });
    await handle.executeUpdate('delete');
    await handle.result();
  });

  test.each([
    ['an unknown class', { config: { 'connector.class': 'NoSuch' } }, 'There is no connector NoSuch'],
    ['no class', { config: { topics: 't' } }, 'needs connector.class'],
    [
      'a value that is not a scalar',
      { config: { ...sink(), topics: ['a', 'b'] } },
      'The value of topics must be a string, a number or a boolean',
    ],
    ['another name', { config: { ...sink(), name: 'other' } }, 'has the name other'],
    ['the wrong type', { type: 'source', config: sink() }, 'start it with the type sink'],
    ['a secret in plain text', { config: { ...sink(), 'connection.password': password } }, 'connection.password'],
  ])('with %s fails with a message', async (_, args, sentence) => {
    const name = uniqueName('wrong');
    const handle = await start(name, args);
    const trace = await failed(name);
    expect(trace).toContain(sentence);
    expect(trace).not.toContain(password);
    await handle.executeUpdate('delete');
    await handle.result();
  });

  test('may have numbers and booleans in its configuration, and no search attributes', async () => {
    const name = uniqueName('scalars');
    const handle = await start(name, { config: { ...sink(), 'tasks.max': 2, 'delete.enabled': false } });
    await eventually('both tasks run', async () => {
      const { tasks } = await millrace.connectors.get(name).status();
      return tasks.length === 2 && tasks.every(({ state }) => state === 'RUNNING');
    });
    expect(await millrace.connectors.list()).toContain(name);
    const at = `${worker.url}/connectors/${name}`;
    const { config } = await call<{ config: object }>('GET', at);
    expect(config).toMatchObject({ name, 'tasks.max': '2', 'delete.enabled': 'false' });
    expect(await call('GET', `${at}/config`)).toEqual(config);
    expect(await call('GET', `${at}/tasks`)).toMatchObject([{ config }, { config }]);
    const patched = await call<{ config: object }>('PATCH', `${at}/config`, { 'batch.size': 7 });
    expect(patched.config).toEqual({ ...config, 'batch.size': '7' });
    expect(await call('GET', `${at}/config`)).toEqual(patched.config);
    await handle.executeUpdate('delete');
    await handle.result();
  });
});

describe('the programs of the guide', () => {
  const environment = () => ({ TEMPORAL_ADDRESS: servers().temporal, MILLRACE_CLUSTER: cluster });
  const withSecretsFile = (program: string) => program.replaceAll(secretsFile, join(folder, 'secrets.properties'));

  test('in TypeScript', async () => {
    const entry = pathToFileURL(join(packageFolder(), 'src/client/index.ts')).href;
    const file = join(folder, 'guide.ts');
    await writeFile(file, withSecretsFile(await programOf('ts')).replace("'millrace/client'", `'${entry}'`));
    const { stdout } = await promisify(execFile)(process.execPath, [file], {
      env: { ...process.env, ...environment() },
    });
    expect(stdout).toMatch(/^PAUSED\n\[[^\]]*'orders-to-warehouse'[^\]]*\]\n$/);
  });

  test("in Python, with Temporal's own SDK", async () => {
    const requirements = join(packageFolder(), 'test/integration/client/requirements.txt');
    const python = await pythonWith('temporalio-1.35.0', ['--requirement', requirements]);
    const file = join(folder, 'guide.py');
    await writeFile(file, withSecretsFile(await programOf('python')));
    const { stdout } = await promisify(execFile)(python.program, [file], {
      env: { ...python.environment, ...environment() },
      timeout: 60_000,
    });
    expect(stdout.split('\n')).toEqual(['RUNNING shop.public.orders', 'PAUSED', 'RUNNING', 'COMPLETED', '']);
  });
});
