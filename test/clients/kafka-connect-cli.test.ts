import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { generator } from '../support/generate/index.ts';
import { uniqueName } from '../support/topic.ts';
import { InstalledClient, type Library } from './python-client.ts';
import { FileSource, folder, millrace, plainName, targets } from './targets.ts';

const draw = generator(import.meta.url);
const client = await InstalledClient.of('kafka-connect-cli');

describe.each(targets)('kafka-connect-cli works with $server', ({ url }) => {
  let library: Library;
  let source: FileSource;
  let name: string;
  beforeAll(async () => {
    library = await client.library('from kafka_connect.__main__ import main', {});
    source = await FileSource.drawn(draw);
    name = source.name;
  });
  afterAll(() => library?.[Symbol.asyncDispose]());

  const run = (...args: string[]) => library.program('main', ...args, '--url', url);
  const command = async (...args: string[]) => {
    const { status, stdout } = await run(...args);
    expect({ status, stdout }).toMatchObject({ status: 0 });
    return stdout;
  };
  const json = async (...args: string[]) => JSON.parse(await command(...args));
  const failure = async (...args: string[]) => {
    const { status, stdout } = await run(...args);
    expect(status).toBe(1);
    return stdout;
  };
  const get = (of = name) => json('connector', 'get', `--name=${of}`);
  const tasks = (of = name): Promise<{ state: string; trace: string }[]> => json('task', 'list', `--connector=${of}`);
  const shows = (state: string, of = name) =>
    eventually(`${of} is ${state}`, async () => {
      const all = await tasks(of);
      return all.length > 0 && all.every(task => task.state === state);
    });

  test('it controls a connector from creation to deletion', async () => {
    const file = join(folder, `${uniqueName('config')}.json`);
    await writeFile(file, JSON.stringify(source.config));
    const create = ['connector', 'create', `--name=${name}`, '--configuration-file', file];
    expect(await json(...create)).toMatchObject({ name, config: source.config, type: 'source' });
    await shows('RUNNING');
    expect(await failure(...create)).toBe(`Error: Connector ${name} already exists\n`);
    expect(await json(...create, '--if-not-exists')).toBeNull();
    const changed = { ...source.config, 'batch.size': '10' };
    const update = ['connector', 'update', `--name=${name}`, '--configuration', JSON.stringify(changed)];
    expect(await json(...update)).toMatchObject({ name, config: changed });
    expect(await json('connector', 'configuration', `--name=${name}`)).toEqual({ ...changed, name });
    await shows('RUNNING');
    // The task before the update was RUNNING, too.
    const running = { connector: name, state: 'RUNNING', failedTasks: [] };
    await eventually('the task runs', async () => isDeepStrictEqual(await get(), running));
    const list = (): Promise<unknown[]> => json('connector', 'list');
    await eventually('it is listed', async () => (await list()).some(one => isDeepStrictEqual(one, running)));
    for (const [action, state] of [
      ['pause', 'PAUSED'],
      ['resume', 'RUNNING'],
      ['restart', 'RUNNING'],
    ] as const) {
      expect(await command('connector', action, `--name=${name}`)).toBe('');
      await shows(state);
    }
    expect(await command('task', 'restart', `--connector=${name}`, '--task', '0')).toBe('');
    await shows('RUNNING');
    expect(await command('connector', 'delete', `--name=${name}`)).toBe('');
    await eventually('it is gone', async () => (await run('connector', 'get', `--name=${name}`)).status === 1);
    expect(await failure('connector', 'get', `--name=${name}`)).toMatch(/response status: 404/);
  });

  test('its library controls all connectors that match a pattern', async () => {
    const prefix = uniqueName('batch');
    const names = [`${prefix}a`, `${prefix}b`];
    for (const one of names) {
      const { config } = await FileSource.drawn(draw, one);
      await json('connector', 'create', `--name=${one}`, '--configuration', JSON.stringify(config));
      await shows('RUNNING', one);
    }
    await library.call('from kafka_connect import kafka_connect as functions');
    const values = { url, pattern: `${prefix}.*` };
    // Commands for all connectors do not accept --url.
    for (const [action, state] of [
      ['pause', 'PAUSED'],
      ['resume', 'RUNNING'],
    ] as const) {
      const { error, printed } = await library.call(
        `functions.${action}_all_connectors(url, pattern, verbose=True)`,
        values,
      );
      expect({ error, lines: printed?.trim().split('\n').sort() }).toEqual({
        error: undefined,
        lines: names.map(one => `Connector ${one} ${action}d`),
      });
      for (const one of names) await shows(state, one);
    }
    await library.value('functions.delete_all_connectors(url, pattern)', values);
    for (const one of names)
      await eventually(`${one} is gone`, async () => (await run('connector', 'get', `--name=${one}`)).status === 1);
  });

  test('it shows a failed task and the health of all connectors', async () => {
    const failing = await FileSource.drawn(draw);
    const { name: failed } = failing;
    await json('connector', 'create', `--name=${failed}`, '--configuration', JSON.stringify(failing.failing));
    await shows('FAILED', failed);
    expect(await get(failed)).toEqual({ connector: failed, state: 'FAILED', failedTasks: [0] });
    expect((await tasks(failed))[0]?.trace).toContain('Only Struct objects supported');
    const { status, stdout } = await run('health-check', '--verbose');
    expect(status).toBe(1);
    expect(stdout).toContain(`Task 0 of connector ${failed} in state FAILED`);
    expect(await command('connector', 'delete', `--name=${failed}`)).toBe('');
    await eventually('all connectors are healthy', async () => (await run('health-check')).status === 0);
  });

  test('it reports errors', async () => {
    const absent = plainName(draw);
    const missing = /^Error: (GET|PUT|POST|DELETE) .*: response status: 404, message: \{"error_code":404,/s;
    for (const action of ['get', 'configuration', 'pause', 'resume', 'restart', 'delete'])
      expect(await failure('connector', action, `--name=${absent}`)).toMatch(missing);
    expect(await failure('task', 'list', `--connector=${absent}`)).toMatch(missing);
    expect(await failure('task', 'restart', `--connector=${absent}`, '--task', '0')).toMatch(missing);
    const invalid = JSON.stringify({ ...source.config, 'tasks.max': 'many' });
    const answer = await failure('connector', 'create', `--name=${absent}`, '--configuration', invalid);
    expect(answer).toMatch(/response status: 400, message: .*Invalid value many for configuration tasks.max/);
  });
});

test('kafka-connect-cli works as a process', async () => {
  const { status } = await client.run('kafka_connect', ['health-check', '--url', millrace]);
  expect(status).toBe(0);
  const { status: refused } = await client.run('kafka_connect', ['health-check', '--url', 'http://127.0.0.1:1']);
  expect(refused).toBe(2);
});
