import { describe, expect, test } from 'vitest';
import type { ConfigSpec, Plugin, SourceConnector } from '../../src/api/index.ts';
import { resolvePlaceholders } from '../../src/config/secrets/placeholders.ts';
import { defineConfig, stringKey } from '../../src/config/spec.ts';
import { configProviders } from '../../src/config/worker-config/config-providers.ts';
import { MillraceError } from '../../src/errors.ts';
import { compareVersions } from '../../src/plugins/merge.ts';
import { pluginRegistry } from '../../src/plugins.ts';
import { transformChain } from '../../src/transforms/chain.ts';
import { anyFile } from '../support/files.ts';

const registry = (plugin: Plugin) => pluginRegistry({ plugins: [{ path: '/p', version: '1.0.0', plugin }] });
const config = defineConfig({});
const boom = (): never => {
  throw new TypeError('boom');
};
const throwing: ConfigSpec<unknown> = { keys: [], check: boom };
const taskConfig = (message: string) => ({ code: 'TASK_CONFIG', message: expect.stringContaining(message) });

describe('a component of a plugin', () => {
  const plugin: Plugin = {
    transforms: [
      { className: 'x.Load', load: boom },
      { className: 'x.Shape', load: () => ({ config }) as never },
      { className: 'x.Check', load: () => ({ config: throwing, create: boom }) },
      {
        className: 'x.Answer',
        load: () => ({ config: { keys: [], check: () => ({}) as never }, create: boom }),
      },
      { className: 'x.Create', load: () => ({ config, create: boom }) },
      { className: 'x.Made', load: () => ({ config, create: () => ({ test: boom }) as never }) },
    ],
  };
  const chain = (type: string) =>
    transformChain({ transforms: 'a', 'transforms.a.type': type }, registry(plugin)).catch((error: unknown) => error);

  test.each([
    ['x.Load', 'x.Load of a plugin cannot be loaded: boom'],
    ['x.Shape', 'x.Shape of a plugin.create: must be a function'],
    ['x.Check', 'x.Check of a plugin cannot check its configuration: boom'],
    ['x.Answer', 'x.Answer of a plugin cannot check its configuration: check must return errors and values as maps'],
    ['x.Create', 'x.Create of a plugin cannot be created: boom'],
    ['x.Made', 'The result of create of x.Made of a plugin.apply: must be a function'],
  ])('%s: a failure becomes TASK_CONFIG with the class and the cause', async (type, message) => {
    const error = await chain(type);
    expect(error).toBeInstanceOf(MillraceError);
    expect(error).toMatchObject(taskConfig(message));
  });

  test('a MillraceError that it throws is not wrapped', async () => {
    const unavailable = new MillraceError('SOURCE_UNAVAILABLE', 'later');
    const plugins = registry({
      transforms: [{ className: 'x.Own', load: () => Promise.reject(unavailable) }],
    });
    await expect(plugins.transform('x.Own')).rejects.toBe(unavailable);
  });

  test('is loaded once, and again after a failure', async () => {
    let loads = 0;
    const plugins = registry({
      transforms: [
        {
          className: 'x.Once',
          load: () => (++loads === 1 ? boom() : { config, create: () => ({ apply: record => record }) }),
        },
      ],
    });
    await expect(plugins.transform('Once')).rejects.toThrow('boom');
    await Promise.all([plugins.transform('Once'), plugins.transform('x.Once')]);
    expect(loads).toBe(2);
  });
});

describe('a connector of a plugin', () => {
  class Connector implements SourceConnector<unknown> {
    readonly kind = 'source';
    readonly config = config;
    readonly #tasks = [{ n: '1' }];
    async plan() {
      return this.#tasks;
    }
    task = boom;
    async validate(_config: unknown): Promise<Record<string, string[]>> {
      return this.#tasks.length === 1 ? ('wrong' as never) : {};
    }
  }
  const findSource = () =>
    registry({ sources: [{ className: 'x.Source', load: () => new Connector() }] }).findConnector('Source');
  const context = { signal: AbortSignal.abort(), log: { debug() {}, info() {}, warn() {}, error() {} } };

  test('may be a class with private fields', async () => {
    const connector = await findSource()?.load({ files: anyFile });
    expect(await (connector as SourceConnector<unknown>).plan({}, 1, context)).toEqual([{ n: '1' }]);
    expect(connector).not.toHaveProperty('deleted');
  });

  test('whose validate returns a wrong type is rejected with TASK_CONFIG', async () => {
    const connector = await findSource()?.load({ files: anyFile });
    await expect(connector?.validate?.({}, context)).rejects.toMatchObject(
      taskConfig('x.Source of a plugin cannot check its configuration: validate must return lists of messages by key'),
    );
  });

  test('of the wrong kind is rejected', async () => {
    const wrong = registry({ sinks: [{ className: 'x.Sink', load: () => new Connector() as never }] });
    await expect(wrong.findConnector('x.Sink')?.load({ files: anyFile })).rejects.toMatchObject(
      taskConfig('x.Sink of a plugin.kind'),
    );
  });
});

describe('a configuration provider of a plugin', () => {
  const { configProviders: entries } = registry({
    configProviders: [
      {
        className: 'x.GoodConfigProvider',
        load: () => ({
          config: defineConfig({ url: stringKey({ doc: 'Where.' }) }),
          create: ({ url }) => ({
            get: async (path, keys) => new Map(keys.map(key => [key, `${url}/${path}/${key}`])),
          }),
        }),
      },
      { className: 'x.Load', load: boom },
      { className: 'x.Fails', load: () => ({ config, create: () => ({ get: boom }) }) },
      { className: 'x.NoMap', load: () => ({ config, create: () => ({ get: async () => undefined as never }) }) },
      {
        className: 'x.Number',
        load: () => ({ config, create: () => ({ get: async () => new Map([['k', 1]]) as never }) }),
      },
    ],
  });
  const resolveWith = async (type: string, more: Record<string, string> = {}, incomplete = false) => {
    const failures: string[] = [];
    const props = { 'config.providers': 'v', 'config.providers.v.class': type, ...more };
    const providers = await configProviders(props, {
      entries,
      incomplete,
      failed: (name, why) => failures.push(`${name}: ${why}`),
    });
    const value = await resolvePlaceholders({ a: `$\{v:p:k}` }, providers).then(
      ({ props: resolved, secrets }) => [resolved['a'], secrets],
      (error: MillraceError) => [error.code, error.message],
    );
    return { failures, value };
  };

  test('returns its values, with its configured parameters', async () => {
    const param = { 'config.providers.v.param.url': 'vault' };
    for (const name of ['x.GoodConfigProvider', 'GoodConfigProvider', 'Good'])
      expect(await resolveWith(name, param)).toEqual({ failures: [], value: ['vault/p/k', ['vault/p/k']] });
    await expect(resolveWith('Good')).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: 'config.providers.v.param: Missing required configuration "url" which has no default value.',
    });
  });

  test.each([
    ['x.Load', 'x.Load of a plugin cannot be loaded: boom'],
    ['x.Absent', 'config.providers.v.class is x.Absent; there are '],
  ])('%s that cannot be created fails only the configurations that refer to it', async (type, why) => {
    const { failures, value } = await resolveWith(type, {}, true);
    expect(failures).toEqual([expect.stringContaining(`v: ${why}`)]);
    expect(value).toEqual([
      'TASK_CONFIG',
      expect.stringContaining(`The configuration provider v cannot be used: ${why}`),
    ]);
  });

  test.each([
    ['x.Fails', 'The configuration provider v has failed: boom'],
    ['x.NoMap', 'The configuration provider v has failed: Cannot read properties of undefined'],
    ['x.Number', 'The value of k in p from the configuration provider v is not a string.'],
  ])('%s: a failure of get becomes TASK_CONFIG with the cause', async (type, why) => {
    expect((await resolveWith(type)).value).toEqual(['TASK_CONFIG', expect.stringContaining(why)]);
  });
});

test.each([
  ['1.9.0', '1.10.0'],
  ['1.0.0-rc.1', '1.0.0'],
  ['1.0.0-rc.2', '1.0.0-rc.10'],
  ['1', '1.0.1'],
  ['undefined', '0.0.1'],
  ['v1.2', '1.3+build'],
])('%s is older than %s', (a, b) => {
  expect(compareVersions(a, b)).toBeLessThan(0);
  expect(compareVersions(b, a)).toBeGreaterThan(0);
  expect(compareVersions(a, a)).toBe(0);
});
