import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { generator } from '../support/generate/index.ts';
import { InstalledClient, type Library } from './python-client.ts';
import { FileSource, guarded, login, plainName, targets } from './targets.ts';

const draw = generator(import.meta.url);
const client = await InstalledClient.of('kafka-connect-api');
const prepare = [
  'from kafka_connect_api.kafka_connect_api import Api, Cluster, Connector',
  'from kafka_connect_api import aws_lambdas',
  'cluster = Cluster(Api(url=url, username=username, password=password))',
].join('\n');

describe.each(targets)('kafka-connect-api works with $server', ({ url }) => {
  let library: Library;
  let source: FileSource;
  let name: string;
  beforeAll(async () => {
    library = await client.library(prepare, { url, username: null, password: null });
    source = await FileSource.drawn(draw);
    name = source.name;
    await library.call('connector = Connector(cluster, name)', { name });
  });
  afterAll(() => library?.[Symbol.asyncDispose]());

  const value = <T>(code: string, values = {}) => library.value<T>(code, values);
  const call = (code: string, values = {}) => library.call(code, values);
  const shows = (state: string) =>
    eventually(`${name} is ${state}`, async () => {
      const states = await value<string[]>('[connector.state, *(task.state for task in connector.tasks)]');
      return states.length > 1 && states.every(one => one === state);
    });

  test('it reads the cluster', async () => {
    expect(await value('[cluster.version, cluster.kafka_cluster]')).toEqual([expect.any(String), expect.any(String)]);
    expect(await value('repr(cluster)')).toContain(url);
  });

  test('it controls a connector from creation to deletion', async () => {
    expect(await call('connector.exists()')).toMatchObject({ error: 'GenericNotFound' });
    await call('connector.config = config', { config: source.config });
    await shows('RUNNING');
    expect(await value('connector.exists()')).toBe(true);
    expect(await value('connector.config')).toEqual({ ...source.config, name });
    expect(await value('connector.connector_class')).toBe(source.config['connector.class']);
    expect(await value('sorted(cluster.connectors)')).toContain(name);
    const changed = { ...source.config, 'batch.size': '7' };
    await call('connector.config = config', { config: changed });
    expect(await value('connector.config')).toEqual({ ...changed, name });
    await shows('RUNNING');
    expect(await value('connector.status')).toMatchObject({ name, connector: { state: 'RUNNING' }, type: 'source' });
    expect(await value('[[task.id, task.is_running(), task.config["topic"]] for task in connector.tasks]')).toEqual([
      [0, true, source.topic],
    ]);
    for (const [action, state] of [
      ['pause()', 'PAUSED'],
      ['resume()', 'RUNNING'],
      ['restart()', 'RUNNING'],
      ['restart_all_tasks()', 'RUNNING'],
      ['cycle_connector()', 'RUNNING'],
    ] as const) {
      await value(`connector.${action}`);
      await shows(state);
    }
    await value('connector.delete()');
    await eventually('it is gone', async () => !(await value<string[]>('sorted(cluster.connectors)')).includes(name));
  });

  test('it sets log levels', async () => {
    const levels = () => value<Record<string, { level: string }>>('cluster.loggers');
    const before = (await levels())['root']?.level ?? '';
    await call("cluster.root_logger = 'DEBUG'");
    expect(await value('cluster.root_logger')).toMatchObject({ level: 'DEBUG', last_modified: expect.any(Number) });
    const [logger = ''] = Object.keys(await levels()).filter(one => one !== 'root');
    expect(await value("cluster.set_logger_log_level(logger, 'WARN')", { logger })).toContain(logger);
    expect((await levels())[logger]?.level).toBe('WARN');
    await call('cluster.root_logger = before', { before });
    expect((await levels())['root']?.level).toBe(before);
  });

  test('it reports errors', async () => {
    const absent = plainName(draw);
    await call('absent = Connector(cluster, missing)', { missing: absent });
    for (const action of ['config', 'status', 'pause()', 'resume()', 'restart()', 'delete()', 'tasks'])
      expect(await call(`absent.${action}`)).toMatchObject({
        error: 'GenericNotFound',
        message: expect.stringContaining("'error_code': 404"),
      });
    const refused = await call('absent.config = config', { config: { ...source.config, 'tasks.max': 'many' } });
    expect(refused).toMatchObject({
      error: 'ConnectApiException',
      message: expect.stringContaining('Invalid value many for configuration tasks.max'),
    });
    const body = { name, config: source.config };
    const post = () => call("cluster.api.post('/connectors', json=body)", { body });
    expect(await post()).toMatchObject({ result: { name } });
    expect(await post()).toMatchObject({
      error: 'GenericConflict',
      message: expect.stringMatching(/'error_code': 409, 'message': 'Connector .* already exists'/),
    });
    await value('Connector(cluster, name).delete()', { name });
  });

  test('its handlers for AWS Lambda work', async () => {
    const one = await FileSource.drawn(draw);
    const event = { cluster: { hostname: 'unused', url }, connector: { name: one.name, config: one.config } };
    const handle = (handler: string) => value(`aws_lambdas.${handler}(event, None)`, { event });
    expect(await handle('create_update_connector')).toBe(0);
    await eventually('it is healthy', () => handle('check_connector_health'));
    expect(await handle('restart_connector')).toBe(0);
    await eventually('it is healthy', () => handle('check_connector_health'));
    expect(await handle('delete_connector')).toBe(0);
    expect(await call('aws_lambdas.check_connector_health(event, None)')).toMatchObject({ error: 'KeyError' });
  });
});

test('kafka-connect-api logs in', async () => {
  const [username, password] = login.split(':');
  await using library = await client.library(prepare, { url: guarded, username, password });
  expect(await library.value('cluster.version')).toEqual(expect.any(String));
  await using refused = await client.library(prepare, { url: guarded, username, password: 'wrong' });
  expect(await refused.call('cluster.version')).toMatchObject({ error: 'GenericUnauthorized' });
});
