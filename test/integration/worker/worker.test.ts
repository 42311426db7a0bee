import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream';
import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startWorkerProcess, type WorkerProcess } from '../../../src/demo/worker-process.ts';
import { kafkaClient } from '../../../src/kafka/client/client.ts';
import { silent } from '../../../src/observability/silent.ts';
import { freePort } from '../../../src/stack/process/ports.ts';
import { connectorWorkflowId } from '../../../workflows/shared/messages.ts';
import { createDatabase, type TestDatabase } from '../../support/database.ts';
import { eventually } from '../../support/eventually.ts';
import { generator } from '../../support/generate/index.ts';
import type { OtherConnectors } from '../../support/generate/other-connectors.ts';
import { servers } from '../../support/servers.ts';
import { uniqueName } from '../../support/topic.ts';

/** A worker process, called over HTTP. */
let folder: string;
let worker: WorkerProcess;
let database: TestDatabase;
let client: Client;
let neighbours: OtherConnectors;
const draw = generator(import.meta.url);
const group = uniqueName('worker');
const password = `planted-${group}`;

const propertiesOf = (more: Record<string, string> = {}) => ({
  'bootstrap.servers': servers().kafka,
  'group.id': group,
  'offset.storage.topic': `${group}-offsets`,
  'config.storage.topic': `${group}-configs`,
  'status.storage.topic': `${group}-status`,
  'temporal.address': servers().temporal,
  ...more,
});

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-worker-test-'));
  database = await createDatabase('worker');
  worker = await startWorkerProcess(folder, await freePort(), propertiesOf());
  client = new Client({ connection: await Connection.connect({ address: servers().temporal }) });
  neighbours = await draw.otherConnectors({ url: worker.url, properties: propertiesOf() });
});
afterAll(async () => {
  await neighbours?.[Symbol.asyncDispose]();
  await worker?.stop();
  await client?.connection.close();
  await database?.drop();
  await rm(folder, { recursive: true, force: true });
});

async function ask(method: string, path: string, body?: unknown) {
  const answer = await fetch(worker.url + path, {
    method,
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    headers: { 'content-type': 'application/json' },
  });
  const text = await answer.text();
  return { status: answer.status, body: text === '' ? undefined : JSON.parse(text) };
}

/** A sink of a topic that is never created: a connector that needs no source. */
function sink(topic = draw.topic()): Record<string, string> {
  const { host, port, user } = database.connection;
  return {
    'connector.class': 'io.confluent.connect.jdbc.JdbcSinkConnector',
    'connection.url': `jdbc:postgresql://${host}:${port}/${database.name}`,
    'connection.user': user,
    'connection.password': password,
    topics: topic,
  };
}

const stateOf = async (name: string) => (await ask('GET', `/connectors/${encodeURIComponent(name)}/status`)).body;

describe('a connector over REST', () => {
  test('is created, read, paused, resumed, stopped, restarted and deleted', async () => {
    const name = draw.sinkName();
    const creation = await ask('POST', '/connectors', { name, config: { ...sink(), 'tasks.max': '2' } });
    expect(creation).toMatchObject({ status: 201, body: { name, type: 'sink', config: { name } } });
    expect((await ask('GET', '/connectors')).body).toContain(name);
    await eventually('both tasks run', async () => {
      const { tasks } = await stateOf(name);
      return tasks.length === 2 && tasks.every((task: { state: string }) => task.state === 'RUNNING');
    });
    expect((await stateOf(name)).tasks[0].worker_id).toBe(worker.id);
    expect((await ask('PUT', `/connectors/${encodeURIComponent(name)}/pause`)).status).toBe(202);
    await eventually('paused', async () =>
      (await stateOf(name)).tasks.every((t: { state: string }) => t.state === 'PAUSED'),
    );
    expect((await ask('PUT', `/connectors/${encodeURIComponent(name)}/resume`)).status).toBe(202);
    await eventually('runs', async () => (await stateOf(name)).tasks[1]?.state === 'RUNNING');
    expect((await ask('POST', `/connectors/${encodeURIComponent(name)}/restart?includeTasks=true`)).status).toBe(202);
    expect((await ask('POST', `/connectors/${encodeURIComponent(name)}/tasks/1/restart`)).status).toBe(204);
    expect((await ask('POST', `/connectors/${encodeURIComponent(name)}/tasks/5/restart`)).status).toBe(404);
    await eventually('runs again', async () => (await stateOf(name)).tasks[1]?.state === 'RUNNING');
    expect((await ask('PUT', `/connectors/${encodeURIComponent(name)}/stop`)).status).toBe(204);
    await eventually('stopped', async () => {
      const { connector, tasks } = await stateOf(name);
      return connector.state === 'STOPPED' && tasks.length === 0;
    });
    expect((await ask('DELETE', `/connectors/${encodeURIComponent(name)}`)).status).toBe(204);
    expect((await ask('GET', `/connectors/${encodeURIComponent(name)}`)).status).toBe(404);
    expect((await ask('GET', '/connectors')).body).not.toContain(name);
    // The name is free at once.
    expect((await ask('POST', '/connectors', { name, config: sink() })).status).toBe(201);
    expect((await ask('DELETE', `/connectors/${encodeURIComponent(name)}`)).status).toBe(204);
  });

  test('keeps its tasks and secrets when the same configuration is sent repeatedly', async () => {
    const name = draw.sinkName();
    const config = sink();
    const put = (more = {}) => ask('PUT', `/connectors/${encodeURIComponent(name)}/config`, { ...config, ...more });
    const first = await put();
    expect(first.status).toBe(201);
    const runs = () => eventually('its task runs', async () => (await stateOf(name)).tasks[0]?.figures !== undefined);
    const starts = async () => {
      const { events } = await client.workflow.getHandle(connectorWorkflowId(group, name)).fetchHistory();
      return events?.filter(event => event.activityTaskScheduledEventAttributes?.activityType?.name === 'runTask')
        .length;
    };
    await runs();
    for (let i = 0; i < 3; i++)
      expect(await put()).toEqual({ status: 200, body: { ...first.body, tasks: [{ connector: name, task: 0 }] } });
    expect(await starts()).toBe(1);
    const changed = await put({ 'batch.size': '7' });
    expect(changed.body.config).toEqual({ ...first.body.config, 'batch.size': '7' });
    await eventually('its task starts with the secret', async () => (await starts()) === 2);
    const another = await put({ 'connection.password': 'another' });
    expect(another.body.config['connection.password']).not.toBe(first.body.config['connection.password']);
    await ask('DELETE', `/connectors/${encodeURIComponent(name)}`);
  });

  test('accepts simultaneous configurations, of which one remains', async () => {
    const name = draw.sinkName();
    const put = (n: number) =>
      ask('PUT', `/connectors/${encodeURIComponent(name)}/config`, {
        ...sink('nothing'),
        note: String(n),
        'connection.password': `p${n}`,
      });
    await put(0);
    const answers = await Promise.all(Array.from({ length: 20 }, (_, n) => put(n + 1)));
    expect(answers.filter(({ status }) => status !== 200)).toEqual([]);
    const { body: config } = await ask('GET', `/connectors/${encodeURIComponent(name)}/config`);
    expect(answers.filter(({ body }) => body.config['connection.password'] === config['connection.password'])).toEqual([
      expect.objectContaining({ body: expect.objectContaining({ config }) }),
    ]);
    // Its secret is stored: otherwise the task could not start.
    await eventually('it runs', async () => (await stateOf(name)).tasks[0]?.figures !== undefined);
    await ask('DELETE', `/connectors/${encodeURIComponent(name)}`);
  });

  test('is created once by simultaneous requests', async () => {
    const name = draw.sinkName();
    const answers = await Promise.all(
      Array.from({ length: 5 }, () => ask('POST', '/connectors', { name, config: sink() })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409, 409]);
    expect(answers.find(({ status }) => status === 409)?.body).toEqual({
      error_code: 409,
      message: `Connector ${name} already exists`,
    });
    await ask('DELETE', `/connectors/${encodeURIComponent(name)}`);
  });

  test('is rejected with all wrong keys by name', async () => {
    const { 'connection.url': _, ...config } = sink();
    const refused = await ask('POST', '/connectors', {
      name: draw.sinkName(),
      config: { ...config, 'insert.mode': 'sideways', 'tasks.max': 'abc' },
    });
    expect(refused.status).toBe(400);
    expect(refused.body.message).toContain('connection.url');
    expect(refused.body.message).toContain('insert.mode');
    expect(refused.body.message).toContain('tasks.max');
  });

  test('of an unknown class is rejected with the available classes', async () => {
    const refused = await ask('POST', '/connectors', { name: 'x', config: { 'connector.class': 'NoSuchConnector' } });
    expect(refused.status).toBe(400);
    expect(refused.body.message).toContain('NoSuchConnector');
  });

  test('that does not exist is 404, and a body that is not JSON is 400', async () => {
    for (const path of ['', '/config', '/status', '/tasks'])
      expect((await ask('GET', `/connectors/nobody${path}`)).status).toBe(404);
    expect((await ask('PUT', '/connectors/nobody/pause')).status).toBe(404);
    expect((await ask('DELETE', '/connectors/nobody')).status).toBe(404);
    expect((await ask('POST', '/connectors', '{nonsense')).status).toBe(400);
  });

  test('retries while its database is down, and reports it', async () => {
    const name = draw.sinkName();
    const topic = uniqueName('down');
    const kafka = kafkaClient({ brokers: [servers().kafka], clientId: 'test' }, silent);
    await kafka.admin.createTopics([{ topic, partitions: 1, replicationFactor: 1 }]);
    const producer = await kafka.producer({
      transactionalId: topic,
      compression: 'none',
      transactionTimeoutMs: 10_000,
    });
    await producer.prepare([topic]);
    const batch = producer.batch();
    const schema = { type: 'struct', fields: [{ field: 'id', type: 'int32' }] };
    const value = Buffer.from(JSON.stringify({ schema, payload: { id: 1 } }));
    batch.append(topic, 0, null, value, -1, -1, 0, value.length, []);
    await producer.commit(batch);
    await kafka.close();
    const port = await freePort();
    const config = {
      ...sink(topic),
      'connection.url': `jdbc:postgresql://127.0.0.1:${port}/${database.name}`,
      'auto.create': 'true',
    };
    await ask('POST', '/connectors', { name, config });
    const task = await eventually('a second attempt', async () => {
      const [first] = (await stateOf(name)).tasks;
      return first?.attempt >= 2 && first.last_failure ? first : undefined;
    });
    expect(task.last_failure).toMatch(/ECONNREFUSED|refused|reach/i);
    const handle = client.workflow.getHandle(connectorWorkflowId(group, name));
    const searched = async () => (await handle.describe()).searchAttributes['MillraceState']?.[0];
    await eventually('the search attribute is updated', async () => (await searched()) === 'RESTARTING');
    const { currentDetails } = await handle.query<{ currentDetails: string }>('__temporal_workflow_metadata');
    expect(currentDetails).toMatch(/Task 0 has been failing since \d{4}.*>.*SINK\\_UNAVAILABLE.*ECONNREFUSED/s);
    const { figures, state } = (await stateOf(name)).tasks[0];
    expect(figures).toMatchObject({ failures_in_a_row: expect.any(Number), failing_since: expect.any(String) });
    expect([state, (await stateOf(name)).connector.state]).toEqual([
      expect.stringMatching(/RESTARTING|RUNNING/),
      'RUNNING',
    ]);
    // The database starts.
    const { host, port: real } = database.connection;
    await using stack = new AsyncDisposableStack();
    const forward = createServer(socket => pipeline(socket, connect(Number(real), host), socket, () => undefined));
    await once(forward.listen(port, '127.0.0.1'), 'listening');
    stack.defer(() => void forward.close());
    await eventually('the row arrived', async () => (await database.query(`SELECT 1 FROM "${topic}"`)).length === 1, {
      within: 60_000,
    });
    await eventually('the search attribute is updated', async () => (await searched()) === 'RUNNING');
    await eventually('the heartbeat arrived', async () => !('failing_since' in (await stateOf(name)).tasks[0].figures));
    await ask('DELETE', `/connectors/${encodeURIComponent(name)}`);
  });

  test('shows its password nowhere: not in answers, histories or the log', async () => {
    const name = draw.sinkName();
    await ask('POST', '/connectors', { name, config: sink() });
    await eventually('it runs', async () => (await stateOf(name)).tasks[0]?.state === 'RUNNING');
    await ask('PUT', `/connectors/${encodeURIComponent(name)}/config`, { ...sink(), 'batch.size': '10' });
    await eventually('it runs again', async () => (await stateOf(name)).tasks[0]?.state === 'RUNNING');
    for (const path of ['', '/config', '/status', '/tasks']) {
      const { body } = await ask('GET', `/connectors/${encodeURIComponent(name)}${path}`);
      expect(JSON.stringify(body)).not.toContain(password);
    }
    const history = await client.workflow.getHandle(connectorWorkflowId(group, name)).fetchHistory();
    const texts: string[] = [];
    const gather = (value: unknown): void => {
      if (value instanceof Uint8Array) texts.push(Buffer.from(value).toString());
      else if (typeof value === 'string') texts.push(value);
      else if (typeof value === 'object' && value !== null) Object.values(value).forEach(gather);
    };
    gather(history.events);
    expect(texts.join('\n')).toContain('connection.password');
    expect(texts.join('\n')).not.toContain(password);
    await ask('DELETE', `/connectors/${encodeURIComponent(name)}`);
    expect(await readFile(join(folder, `worker-${new URL(worker.url).port}.log`), 'utf8')).not.toContain(password);
  });
});

describe('a worker', () => {
  test('shares connectors and tasks with others of its group.id', async () => {
    const other = await startWorkerProcess(folder, await freePort(), propertiesOf());
    const name = draw.sinkName();
    await ask('POST', '/connectors', { name, config: { ...sink(), 'tasks.max': '8' } });
    const listedNames = (await (await fetch(`${other.url}/connectors`)).json()) as string[];
    expect(listedNames).toContain(name);
    const holders = await eventually('eight tasks run on both', async () => {
      const { tasks } = await stateOf(name);
      const ids = new Set<string>(tasks.map((task: { worker_id: string }) => task.worker_id));
      return tasks.length === 8 && tasks.every((t: { state: string }) => t.state === 'RUNNING') ? ids : undefined;
    });
    expect([...holders].every(id => id === worker.id || id === other.id)).toBe(true);
    // Its tasks are handed over when it stops.
    await other.stop();
    await eventually('all of them run on this worker', async () => {
      const { tasks } = await stateOf(name);
      return tasks.every(
        (t: { state: string; worker_id: string }) => t.state === 'RUNNING' && t.worker_id === worker.id,
      );
    });
    await ask('DELETE', `/connectors/${encodeURIComponent(name)}`);
  });

  test('without Temporal or Kafka answers 503 with a message, and keeps running', async () => {
    const alone = startWorkerProcess(
      folder,
      await freePort(),
      propertiesOf({
        'temporal.address': `127.0.0.1:${await freePort()}`,
        'bootstrap.servers': `127.0.0.1:${await freePort()}`,
        'request.timeout.ms': '2000',
      }),
      { healthy: false },
    );
    const lonely = await alone;
    try {
      for (const path of ['/connectors', '/', '/health']) {
        const answer = await fetch(lonely.url + path);
        expect(answer.status, path).toBe(503);
        expect(((await answer.json()) as { message: string }).message.length).toBeGreaterThan(20);
      }
    } finally {
      await lonely.stop();
    }
  });

  test('requires only the addresses of its servers', async () => {
    // The default is Kafka Connect's; requests report whether a broker is there.
    const { 'temporal.address': temporal } = propertiesOf();
    const bare = await startWorkerProcess(
      folder,
      await freePort(),
      { 'temporal.address': temporal },
      { healthy: false },
    );
    try {
      expect([200, 503]).toContain((await fetch(`${bare.url}/`)).status);
    } finally {
      await bare.stop();
    }
  });

  test('with an invalid property does not start, and names it', async () => {
    await expect(
      startWorkerProcess(folder, await freePort(), propertiesOf({ 'offset.storage.partitions': 'many' })),
    ).rejects.toThrow(/offset\.storage\.partitions/);
  });
});
