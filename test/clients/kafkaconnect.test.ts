import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { generator } from '../support/generate/index.ts';
import { servers } from '../support/servers.ts';
import { uniqueName } from '../support/topic.ts';
import { InstalledClient, type Library } from './python-client.ts';
import { type Config, FileSource, folder, plainName, targets } from './targets.ts';

/** Functions return the server's JSON as text, or a sentence about an error. */
const draw = generator(import.meta.url);
const client = await InstalledClient.of('kafkaconnect');
const prepare = 'from kafkaconnect.connect import Connect\nfrom kafkaconnect.cli import main\nconnect = Connect(url)';
let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase('kafkaconnect');
});
afterAll(() => database?.drop());

const fileOf = async (config: Config): Promise<string> => {
  const file = join(folder, `${uniqueName('config')}.json`);
  await writeFile(file, JSON.stringify(config));
  return file;
};

describe.each(targets)('kafkaconnect works with $server', ({ url }) => {
  let library: Library;
  let source: FileSource;
  let name: string;
  beforeAll(async () => {
    library = await client.library(prepare, { url });
    source = await FileSource.drawn(draw);
    name = source.name;
  });
  afterAll(() => library?.[Symbol.asyncDispose]());

  /** Calls a method that has a connector name as its argument. */
  const text = (method: string, of = name) => library.value<string>(`connect.${method}(name)`, { name: of });
  const json = async (method: string, of = name) => JSON.parse(await text(method, of));
  const shows = (state: string, of = name) =>
    eventually(`${of} is ${state}`, async () => {
      const { connector, tasks } = await json('status', of);
      return tasks.length > 0 && [connector, ...tasks].every(one => one.state === state);
    });
  const command = async (...args: string[]) => {
    const { status, stdout, stderr } = await library.program('main', '--connect', url, ...args);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    return stdout;
  };

  test('it controls a connector from validation to deletion', async () => {
    const config = JSON.stringify({ ...source.config, name });
    const validation = await library.value<string>('connect.validate(plugin, config)', {
      plugin: source.config['connector.class'],
      config,
    });
    expect(JSON.parse(validation)).toMatchObject({ error_count: 0 });
    const created = await library.value<string>('connect.validate_and_create(name, config)', { name, config });
    expect(JSON.parse(created)).toMatchObject({ name, config: { ...source.config, name }, type: 'source' });
    await shows('RUNNING');
    const changed = { ...source.config, 'batch.size': '50' };
    const updated = await library.value<string>('connect.create_or_update(name, config)', {
      name,
      config: JSON.stringify(changed),
    });
    expect(JSON.parse(updated)).toMatchObject({ name, config: { ...changed, name } });
    expect(await json('config')).toEqual({ ...changed, name });
    await shows('RUNNING');
    expect(JSON.parse(await library.value<string>('connect.list()'))).toContain(name);
    expect(await json('info')).toMatchObject({ name, tasks: [{ connector: name, task: 0 }] });
    expect(await json('tasks')).toMatchObject([{ id: { connector: name, task: 0 } }]);
    await eventually('the topic is listed', async () => (await json('topics'))[name].topics.includes(source.topic));
    for (const [method, state] of [
      ['pause', 'PAUSED'],
      ['resume', 'RUNNING'],
      ['restart', 'RUNNING'],
    ] as const) {
      expect(await text(method)).toBe('');
      await shows(state);
    }
    expect(await text('remove')).toBe('');
    await eventually('it is gone', async () => /not found/.test(await text('info')));
  });

  test('it reports errors as sentences', async () => {
    const absent = plainName(draw);
    for (const method of ['info', 'status', 'config', 'tasks', 'pause', 'resume', 'restart', 'remove'])
      expect(await text(method, absent)).toMatch(/^Resource .* not found\.$/);
    const invalid = JSON.stringify({ 'connector.class': 'FileStreamSource', name: absent, 'tasks.max': 'many' });
    const refused = await library.value<string>('connect.validate_and_create(name, config)', {
      name: absent,
      config: invalid,
    });
    expect(JSON.parse(refused).error_count).toBeGreaterThan(0);
    const put = await library.value<string>('connect.create_or_update(name, config)', {
      name: absent,
      config: invalid,
    });
    expect(JSON.parse(put)).toMatchObject({ error_code: 400, message: expect.stringContaining('tasks.max') });
    expect(await text('info', absent)).toMatch(/not found/);
  });

  test('its program works', async () => {
    const upload = ['upload', await fileOf(source.config), '--name', name];
    expect(JSON.parse(await command(...upload, '--dry-run'))).toMatchObject({ error_count: 0 });
    expect(await command(...upload)).toMatch(`Uploading ${name} connector configuration...`);
    await shows('RUNNING');
    expect(JSON.parse(await command('list'))).toContain(name);
    expect(JSON.parse(await command('plugins'))).toContainEqual(expect.objectContaining({ type: 'sink' }));
    for (const what of ['info', 'status', 'config', 'tasks', 'topics']) JSON.parse(await command(what, name));
    for (const [what, state] of [
      ['pause', 'PAUSED'],
      ['resume', 'RUNNING'],
      ['restart', 'RUNNING'],
    ] as const) {
      expect(await command(what, name)).toBe('\n');
      await shows(state);
    }
    expect(await command('delete', name)).toBe('\n');
    await eventually('it is gone', async () => /not found/.test(await command('info', name)));
  });

  test('create jdbc-sink works', async () => {
    const sink = plainName(draw);
    const { host, port, user, password } = servers().postgres;
    const file = await fileOf({
      'connector.class': 'io.debezium.connector.jdbc.JdbcSinkConnector',
      topics: source.topic,
      'connection.url': `jdbc:postgresql://${host}:${port}/${database.name}`,
      'connection.username': user,
      'connection.password': password || 'unused',
    });
    expect(JSON.parse(await command('create', 'jdbc-sink', file, '--name', sink, '--dry-run'))).toMatchObject({
      error_count: 0,
    });
    const [, answer = ''] = (await command('create', 'jdbc-sink', file, '--name', sink)).split(
      `${sink} connector...\n`,
    );
    expect(JSON.parse(answer)).toMatchObject({ name: sink, type: 'sink' });
    await eventually('it runs', async () => (await json('status', sink)).connector.state === 'RUNNING');
    expect(await json('config', sink)).toMatchObject({ 'connection.password': password || 'unused' });
    await text('remove', sink);
  });

  test('create s3-sink and create mirrormaker2 send any configuration', async () => {
    const [archive, mirror] = [plainName(draw), plainName(draw)];
    const keys = ['--aws-access-key-id', 'id', '--aws-secret-access-key', 'secret'];
    await command('create', 's3-sink', await fileOf(source.sink()), '--name', archive, ...keys);
    expect(await json('config', archive)).toMatchObject({
      'aws.access.key.id': 'id',
      'aws.secret.access.key': 'secret',
    });
    const parts = ['heartbeat', 'checkpoint', 'mirror-source'];
    const files = await Promise.all(
      parts.map(async part => [`--${part}`, await fileOf((await FileSource.drawn(draw)).config)]),
    );
    await command('create', 'mirrormaker2', '--name', mirror, ...files.flat());
    for (const part of parts) {
      await shows('RUNNING', `${mirror}-${part}`);
      await text('remove', `${mirror}-${part}`);
    }
    await text('remove', archive);
  });

  test('create influxdb-sink fails, because the class does not exist', async () => {
    const create = (...args: string[]) =>
      library.program('main', '--connect', url, '--broker', servers().kafka, 'create', 'influxdb-sink', ...args);
    const { stdout } = await create('--dry-run', source.topic);
    expect(JSON.parse(stdout)).toMatchObject({ topics: source.topic });
    // The client reads the list of topics from the broker.
    expect((await create('--topic-regex', `${uniqueName('none')}.*`)).stdout).toMatch(/Found 0 topics/);
    expect((await create('--validate', source.topic)).stdout).toMatch(/InfluxSinkConnector/);
  });
});
