import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { generator } from '../support/generate/index.ts';
import { JavaClient } from './java-client.ts';
import { FileSource, guarded, login, plainName, targets } from './targets.ts';

/** org.sourcelab:kafka-connect-client. It encodes Latin-1 characters wrongly, so that no server accepts them. */
const draw = generator(import.meta.url);
const asciiName = () =>
  plainName(draw)
    .replace(/[^ -~]/g, '')
    .trim();

interface Status {
  readonly connector: { readonly state: string };
  readonly tasks: readonly { readonly id: number; readonly state: string; readonly trace: string | null }[];
}

describe.each(targets)('kafka-connect-client works with $server', ({ url }) => {
  let client: JavaClient;
  let source: FileSource;
  let name: string;
  beforeAll(async () => {
    client = await JavaClient.start(url);
    source = await FileSource.drawn(draw, asciiName());
    name = source.name;
  });
  afterAll(() => client?.[Symbol.asyncDispose]());

  const shows = (state: string, of = name) =>
    eventually(`${of} is ${state}`, async () => {
      const status = await client.value<Status>('getConnectorStatus', of);
      const { connector, tasks } = status;
      if (tasks.length === 0 || [connector, ...tasks].some(one => one.state !== state))
        throw new Error(JSON.stringify(status));
      return true;
    });

  test('it reads the cluster and its plugins', async () => {
    expect(await client.value('getConnectServerVersion')).toEqual({
      version: expect.any(String),
      commit: expect.any(String),
      kafkaClusterId: expect.any(String),
    });
    expect(await client.value('getConnectorPlugins')).toContainEqual(
      expect.objectContaining({ type: 'source', version: expect.any(String) }),
    );
    const definition = { name: 'FileStreamSourceConnector', config: { ...source.config, name } };
    expect(await client.value('validateConnectorPluginConfig', definition)).toMatchObject({
      errorCount: 0,
      configs: expect.arrayContaining([
        { definition: expect.objectContaining({ name: 'topic', required: true }), value: expect.anything() },
      ]),
    });
  });

  test('it creates and updates a connector, and reads its configuration back unchanged', async () => {
    const { config } = source;
    expect(await client.value('addConnector', { name, config })).toMatchObject({
      name,
      config: { ...config, name },
      type: 'source',
    });
    await shows('RUNNING');
    const changed = { ...config, 'batch.size': '12' };
    expect(await client.value('updateConnectorConfig', name, changed)).toMatchObject({ config: { ...changed, name } });
    expect(await client.value('getConnectorConfig', name)).toEqual({ ...changed, name });
    await shows('RUNNING');
    expect(await client.value('getConnector', name)).toMatchObject({ name, tasks: [{ connector: name, task: 0 }] });
    expect(await client.value('getConnectors')).toContain(name);
    expect(await client.value('getConnectorsWithExpandedStatus')).toMatchObject({
      mappedStatuses: { [name]: { name, connector: { state: 'RUNNING' } } },
    });
    expect(await client.value('getConnectorsWithExpandedInfo')).toMatchObject({
      mappedDefinitions: { [name]: { config: changed } },
    });
    expect(await client.value('getConnectorsWithAllExpandedMetadata')).toMatchObject({
      mappedDefinitions: { [name]: { config: changed } },
      mappedStatuses: { [name]: { type: 'source' } },
    });
    expect(await client.value('getConnectorTasks', name)).toMatchObject([{ id: { connector: name, task: 0 } }]);
    // The task before the update was RUNNING, too.
    await eventually('the task runs', async () => {
      const { id, state } = await client.value<Status['tasks'][0]>('getConnectorTaskStatus', name, 0);
      return id === 0 && state === 'RUNNING';
    });
  });

  test("it lists a connector's topics", async () => {
    const topics = async () => (await client.value<{ topics: string[] }>('getConnectorTopics', name)).topics;
    await eventually('the topic is listed', async () => (await topics()).includes(source.topic));
    expect(await client.value('resetConnectorTopics', name)).toBe(true);
    await eventually('no topic is listed', async () => (await topics()).length === 0);
  });

  test('it pauses, resumes, restarts and stops a connector', async () => {
    for (const [method, argument, state] of [
      ['pauseConnector', name, 'PAUSED'],
      ['resumeConnector', name, 'RUNNING'],
      ['restartConnector', name, 'RUNNING'],
      ['restartConnector', { name, includeTasks: true, onlyFailed: false }, 'RUNNING'],
      ['restartConnector', { name, includeTasks: true, onlyFailed: true }, 'RUNNING'],
    ] as const) {
      expect(await client.value(method, argument)).toBe(true);
      await shows(state);
    }
    expect(await client.value('restartConnectorTask', name, 0)).toBe(true);
    await shows('RUNNING');
    expect(await client.value('stopConnector', name)).toBe(true);
    await eventually('it is stopped', async () => {
      const { connector, tasks } = await client.value<Status>('getConnectorStatus', name);
      return connector.state === 'STOPPED' && tasks.length === 0;
    });
    expect(await client.value('resumeConnector', name)).toBe(true);
    await shows('RUNNING');
  });

  test('it shows the trace of a failed task', async () => {
    const failing = await FileSource.drawn(draw, asciiName());
    await client.value('addConnector', { name: failing.name, config: failing.failing });
    await eventually('the task fails', async () => {
      const { state, trace } = await client.value<Status['tasks'][0]>('getConnectorTaskStatus', failing.name, 0);
      return state === 'FAILED' && trace?.includes('Only Struct objects supported');
    });
    expect(await client.value('deleteConnector', failing.name)).toBe(true);
  });

  test('it reports errors', async () => {
    const absent = asciiName();
    const missing = { error: 'ResourceNotFoundException', message: expect.stringContaining(absent) };
    for (const method of [
      ...['getConnector', 'getConnectorConfig', 'getConnectorStatus', 'getConnectorTasks'],
      ...['pauseConnector', 'resumeConnector', 'restartConnector', 'deleteConnector'],
    ])
      expect(await client.call(method, absent)).toMatchObject(missing);
    expect(await client.call('getConnectorTaskStatus', name, 9)).toMatchObject({ error: 'ResourceNotFoundException' });
    expect(await client.call('addConnector', { name, config: source.config })).toMatchObject({
      error: 'ConcurrentConfigModificationException',
      message: `Connector ${name} already exists`,
    });
    expect(
      await client.call('addConnector', { name: absent, config: { ...source.config, 'tasks.max': 'many' } }),
    ).toMatchObject({
      error: 'InvalidRequestException',
      message: expect.stringContaining('Invalid value many for configuration tasks.max: Not a number of type INT'),
    });
    expect(await client.call('addConnector', { name: `${absent}é`, config: source.config })).toMatchObject({
      error: expect.stringMatching(/^(InvalidRequest|ResultParsing)Exception$/),
    });
  });

  test('it deletes a connector', async () => {
    expect(await client.value('deleteConnector', name)).toBe(true);
    await eventually('it is gone', async () => !(await client.value<string[]>('getConnectors')).includes(name));
  });
});

test('kafka-connect-client logs in', async () => {
  await using client = await JavaClient.start(guarded, ...login.split(':'));
  expect(await client.value('getConnectors')).toEqual(expect.any(Array));
  await using refused = await JavaClient.start(guarded, 'admin', 'wrong');
  expect(await refused.call('getConnectors')).toMatchObject({ error: 'UnauthorizedRequestException' });
});
