import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { generator } from '../support/generate/index.ts';
import { uniqueName } from '../support/topic.ts';
import { InstalledClient, type Library } from './python-client.ts';
import { type Config, FileSource, folder, guarded, login, plainName, targets } from './targets.ts';

const draw = generator(import.meta.url);
const connect = await InstalledClient.of('kafka-connect-py');
const prepare =
  'from kafka_connect import KafkaConnect\nconnect = KafkaConnect(url, auth)\nfrom kafka_connect.cli import cli';

interface Status {
  readonly name: string;
  readonly type: string;
  readonly connector: { readonly state: string; readonly worker_id: string };
  readonly tasks: readonly { readonly id: number; readonly state: string; readonly trace?: string }[];
}

describe.each(targets)('kafka-connect-py works with $server', ({ url }) => {
  let library: Library;
  let source: FileSource;
  let name: string;
  beforeAll(async () => {
    library = await connect.library(prepare, { url, auth: null });
    source = await FileSource.drawn(draw);
    name = source.name;
  });
  afterAll(() => library?.[Symbol.asyncDispose]());

  const status = (of = name) => library.value<Status>('connect.get_connector_status(name)', { name: of });
  const shows = (state: string, of = name) =>
    eventually(`${of} is ${state}`, async () => {
      const { connector, tasks } = await status(of);
      const states = [connector.state, ...tasks.map(task => task.state)];
      return states.length > 1 && states.every(one => one === state);
    });

  test('it reads the cluster and its plugins', async () => {
    expect(await library.value('connect.get_cluster_info()')).toEqual({
      version: expect.any(String),
      commit: expect.any(String),
      kafka_cluster_id: expect.any(String),
    });
    expect(await library.value('connect.list_connector_plugins()')).toContainEqual({
      class: 'org.apache.kafka.connect.file.FileStreamSourceConnector',
      type: 'source',
      version: expect.any(String),
    });
  });

  test('it validates a configuration', async () => {
    const plugin = 'FileStreamSourceConnector';
    const validate = (config: Config) =>
      library.value<{ name: string; error_count: number; configs: { value: { name: string; errors: string[] } }[] }>(
        'connect.validate_connector_config(plugin, config)',
        { plugin, config },
      );
    const good = await validate({ ...source.config, name });
    expect(good).toMatchObject({ name: source.config['connector.class'], error_count: 0 });
    const bad = await validate({ 'connector.class': plugin, name, 'tasks.max': 'many' });
    const errors = Object.fromEntries(bad.configs.map(({ value }) => [value.name, value.errors]));
    expect(errors).toMatchObject({
      'tasks.max': expect.arrayContaining(['Invalid value many for configuration tasks.max: Not a number of type INT']),
      topic: ['Missing required configuration "topic" which has no default value.'],
    });
    expect(bad.error_count).toBeGreaterThanOrEqual(2);
  });

  test('it creates and updates a connector, and reads its configuration back unchanged', async () => {
    const { config } = source;
    const created = await library.value('connect.create_connector(body)', { body: { name, config } });
    expect(created).toEqual({ name, config: { ...config, name }, tasks: expect.any(Array), type: 'source' });
    await shows('RUNNING');
    const changed = { ...config, 'batch.size': '100' };
    expect(await library.value('connect.update_connector(name, config)', { name, config: changed })).toMatchObject({
      name,
      config: { ...changed, name },
    });
    expect(await library.value('connect.get_connector_config(name)')).toEqual({ ...changed, name });
    await shows('RUNNING');
    expect(await library.value('connect.get_connector(name)')).toEqual({
      name,
      config: { ...changed, name },
      tasks: [{ connector: name, task: 0 }],
      type: 'source',
    });
    expect(await library.value('connect.list_connector_tasks(name)')).toEqual([
      { id: { connector: name, task: 0 }, config: expect.objectContaining({ topic: source.topic }) },
    ]);
  });

  test('it lists connectors expanded, and filtered by pattern and state', async () => {
    expect(await library.value('connect.list_connectors()')).toContain(name);
    const { [name]: both } = await library.value<Record<string, unknown>>("connect.list_connectors(expand='status')");
    expect(both).toMatchObject({ status: { name, type: 'source', connector: { state: 'RUNNING' } } });
    const { [name]: info } = await library.value<Record<string, unknown>>("connect.list_connectors(expand='info')");
    expect(info).toMatchObject({ info: { name, config: source.config } });
    const pattern = '.*'.concat(name.slice(-12), '$');
    const list = (state: string) => library.value('connect.list_connectors(None, pattern, state)', { pattern, state });
    expect(await list('running')).toEqual([name]);
    expect(await list('failed')).toEqual([]);
  });

  test('it pauses, resumes, restarts and stops a connector', async () => {
    for (const [action, state] of [
      ['pause', 'PAUSED'],
      ['resume', 'RUNNING'],
    ] as const) {
      expect(await library.value(`connect.${action}_connector(name)`)).toBeNull();
      await shows(state);
    }
    expect(await library.value('connect.restart_connector(name)')).toBeNull();
    await shows('RUNNING');
    expect(await library.value('connect.restart_connector(name, include_tasks=True)')).toMatchObject({
      name,
      connector: { state: 'RESTARTING' },
      tasks: [{ id: 0, state: 'RESTARTING' }],
    });
    await shows('RUNNING');
    expect(await library.value('connect.restart_connector_task(name, 0)')).toBeNull();
    await shows('RUNNING');
    expect(await library.value('connect.get_connector_task_status(name, 0)')).toMatchObject({
      id: 0,
      state: 'RUNNING',
    });
    expect(await library.value('connect.stop_connector(name)')).toBeNull();
    await eventually('it is stopped', async () => {
      const { connector, tasks } = await status();
      return connector.state === 'STOPPED' && tasks.length === 0;
    });
    await library.value('connect.resume_connector(name)');
    await shows('RUNNING');
  });

  test("it lists a connector's topics", async () => {
    await source.append('another');
    const topics = () => library.value<Record<string, { topics: string[] }>>('connect.list_connector_topics(name)');
    await eventually('the topic is listed', async () => (await topics())[name]?.topics.includes(source.topic));
    expect(await library.value('connect.reset_connector_topics(name)')).toBeNull();
    await eventually('no topic is listed', async () => (await topics())[name]?.topics.length === 0);
  });

  test('it shows the trace of a failed task, and restarts only that task', async () => {
    const failing = await FileSource.drawn(draw);
    const values = { failed: failing.name, config: failing.failing };
    await library.value('connect.update_connector(failed, config)', values);
    await eventually('the task fails', async () => (await status(failing.name)).tasks[0]?.state === 'FAILED');
    expect(await status(failing.name)).toMatchObject({
      connector: { state: 'RUNNING' },
      tasks: [
        { state: 'FAILED', trace: expect.stringContaining('Only Struct objects supported for [field extraction]') },
      ],
    });
    const restart = 'connect.restart_connector(failed, include_tasks=True, only_failed=True)';
    expect(await library.value(restart)).toMatchObject({
      connector: { state: 'RUNNING' },
      tasks: [{ state: 'RESTARTING' }],
    });
    await library.value('connect.delete_connector(failed)');
  });

  test('it controls all connectors that match a pattern', async () => {
    const prefix = uniqueName('all');
    const names = [`${prefix}-a`, `${prefix}-b`];
    for (const one of names) {
      const { config } = await FileSource.drawn(draw, one);
      await library.value('connect.create_connector(body)', { body: { name: one, config } });
      await shows('RUNNING', one);
    }
    const all = (action: string) => library.value(`connect.${action}_all_connectors(pattern='${prefix}')`);
    for (const [action, state] of [
      ['pause', 'PAUSED'],
      ['resume', 'RUNNING'],
      ['restart', 'RUNNING'],
    ] as const) {
      await all(action);
      for (const one of names) await shows(state, one);
    }
    await all('stop');
    for (const one of names)
      await eventually('it is stopped', async () => (await status(one)).connector.state === 'STOPPED');
    await all('delete');
    const left = () => library.value<string[]>('connect.list_connectors(pattern=pattern)', { pattern: prefix });
    await eventually('the connectors are deleted', async () => (await left()).length === 0);
    await shows('RUNNING');
  });

  test('it reports errors', async () => {
    const absent = plainName(draw);
    for (const call of [
      'get_connector',
      'get_connector_config',
      'get_connector_status',
      'pause_connector',
      'delete_connector',
    ])
      expect(await library.call(`connect.${call}(absent)`, { absent })).toMatchObject({
        error: 'HTTPError',
        message: expect.stringMatching(/^404 Client Error: Not Found for url/),
      });
    expect(await library.call('connect.restart_connector(absent)')).toMatchObject({
      error: 'HTTPError',
      message: `{"error_code":404,"message":"Unknown connector: ${absent}"}`,
    });
    expect(await library.call('connect.restart_connector_task(name, 7)')).toMatchObject({
      message: expect.stringMatching(/^404/),
    });
    const create = (body: unknown) => library.call('connect.create_connector(body)', { body });
    expect(await create({ name, config: source.config })).toMatchObject({
      error: 'HTTPError',
      message: expect.stringMatching(/^409 Client Error: Conflict/),
      body: JSON.stringify({ error_code: 409, message: `Connector ${name} already exists` }),
    });
    expect(await create({ name: absent, config: { 'connector.class': 'None' } })).toMatchObject({
      message: expect.stringMatching(/^400|^500/),
    });
    expect(await create({ name: absent, config: { ...source.config, 'tasks.max': 'many' } })).toMatchObject({
      message: expect.stringMatching(/^400 Client Error: Bad Request/),
      body: expect.stringContaining('Invalid value many for configuration tasks.max: Not a number of type INT'),
    });
  });

  test('its program works', async () => {
    const kc = async (...args: string[]) => {
      const { stdout, status } = await library.program('cli', '--url', url, ...args);
      expect(status).toBe(0);
      return stdout;
    };
    expect(JSON.parse(await kc('info'))).toHaveProperty('kafka_cluster_id');
    expect(JSON.parse(await kc('list-plugins'))).not.toEqual([]);
    const list = ['list', '--pattern', `.*${name.slice(-12)}`];
    expect(JSON.parse(await kc(...list, '--expand', 'status'))).toHaveProperty([name]);
    const file = join(folder, `${uniqueName('config')}.json`);
    await writeFile(file, JSON.stringify(source.config));
    expect(JSON.parse(await kc('update', name, '--config-file', file))).toMatchObject({ name });
    await shows('RUNNING');
    expect(JSON.parse(await kc('get', name))).toMatchObject({ name, type: 'source' });
    expect(JSON.parse(await kc('config', name))).toEqual({ ...source.config, name });
    expect(JSON.parse(await kc('status', name))).toMatchObject({ tasks: [{ id: 0, state: 'RUNNING' }] });
    expect(JSON.parse(await kc('list-tasks', name))).toMatchObject([{ id: { connector: name, task: 0 } }]);
    expect(JSON.parse(await kc('list-topics', name))).toHaveProperty([name]);
    expect(JSON.parse(await kc('reset-topics', name))).toBeNull();
    expect(JSON.parse(await kc('restart', name, '--include-tasks'))).toMatchObject({ name });
    await shows('RUNNING');
    expect(JSON.parse(await kc('restart-task', name, '0'))).toBeNull();
    await shows('RUNNING');
    expect(JSON.parse(await kc('task-status', name, '0'))).toMatchObject({ id: 0 });
    expect(await kc('pause', name)).toBe('');
    await shows('PAUSED');
    expect(JSON.parse(await kc(...list, '--state', 'PAUSED'))).toEqual([name]);
    expect(await kc('resume', name)).toBe('');
    await shows('RUNNING');
    expect(await kc('get', 'absent')).toMatch(/^404 Client Error: Not Found/);
    // The program sends its file as a JSON string, which no server accepts.
    expect(await kc('validate-config', 'FileStreamSource', '--config-file', file)).toMatch(/^(400|500) /);
    expect(await kc('delete', name)).toBe('');
    await eventually('it is gone', async () => !JSON.parse(await kc('list')).includes(name));
  });
});

test('kafka-connect-py works as a process', async () => {
  const environment = { KAFKA_CONNECT_URL: guarded, KAFKA_CONNECT_BASIC_AUTH: login };
  const { stdout } = await connect.run('kc', ['info'], environment);
  expect(JSON.parse(stdout)).toHaveProperty('kafka_cluster_id');
});

test('kafka-connect-py logs in', async () => {
  for (const [auth, expected] of [
    [login, { result: expect.any(Array) }],
    ['admin:wrong', { error: 'HTTPError', message: expect.stringMatching(/^401 Client Error: Unauthorized/) }],
    [null, { error: 'HTTPError', message: expect.stringMatching(/^401/) }],
  ] as const) {
    await using library = await connect.library(prepare, { url: guarded, auth });
    expect(await library.call('connect.list_connectors()')).toMatchObject(expected);
  }
});
