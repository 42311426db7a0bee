import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { ConfigProvider } from '../../../src/api/index.ts';
import { resolvePlaceholders } from '../../../src/config/secrets/placeholders.ts';
import { configProviders } from '../../../src/config/worker-config/config-providers.ts';

const $ = (reference: string) => `$\{${reference}}`;

const fixed: ConfigProvider = {
  get: async (path, keys) => new Map(keys.filter(key => !key.startsWith('no')).map(key => [key, `<${path}|${key}>`])),
};
const providers = new Map([['p', fixed]]);
const resolve = async (text: string) => (await resolvePlaceholders({ k: text }, providers)).props['k'];

describe('placeholders', () => {
  test.each([
    ['plain', 'plain'],
    [$('p:key'), '<|key>'],
    [$('p:/a/b:key'), '</a/b|key>'],
    [`a${$('p:x')}b${$('p:y')}`, 'a<|x>b<|y>'],
    [$('p:C:\\dir\\f.properties:key'), '<C:\\dir\\f.properties|key>'],
    // Unknown providers, and texts that are not placeholders.
    [$('other:key'), $('other:key')],
    [$('topic'), $('topic')],
    ['$', '$'],
    [`$${'{open'}`, `$${'{open'}`],
  ])('%s', async (text, expected) => {
    expect(await resolve(text)).toBe(expected);
  });

  test('all values of providers are returned as secrets', async () => {
    const { secrets } = await resolvePlaceholders({ a: $('p:x'), b: `${$('p:x')}${$('p:y')}`, c: 'z' }, providers);
    expect([...secrets].sort()).toEqual(['<|x>', '<|y>']);
  });

  test('an unknown key of a provider is an error with its name', async () => {
    await expect(resolve($('p:/f:nope'))).rejects.toMatchObject({
      code: 'TASK_CONFIG',
      message: 'The configuration provider p has no key nope in /f.',
    });
  });

  test('values are not resolved again, and text without placeholders is unchanged', async () => {
    const echo: ConfigProvider = { get: async (_path, keys) => new Map(keys.map(key => [key, $('p:again')])) };
    const { props } = await resolvePlaceholders({ k: $('e:x') }, new Map([...providers, ['e', echo]]));
    expect(props['k']).toBe($('p:again'));
    await fc.assert(
      fc.asyncProperty(
        fc.dictionary(
          fc.string(),
          fc.string().filter(text => !text.includes('${')),
        ),
        async props => {
          expect((await resolvePlaceholders(props, providers)).props).toEqual({ ...props });
        },
      ),
    );
  });
});

describe('providers', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'millrace-providers-'));
    mkdirSync(join(folder, 'in'));
    writeFileSync(join(folder, 'in', 'f.properties'), 'password=s3\\u00e9cret\nuser = me');
    writeFileSync(join(folder, 'out.properties'), 'password=other');
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const createProviders = (type: string, params: Record<string, string> = {}) => {
    const properties = Object.entries(params).map(([key, value]) => [`config.providers.x.param.${key}`, value]);
    return configProviders({
      'config.providers': 'x',
      'config.providers.x.class': type,
      ...Object.fromEntries(properties),
    });
  };
  const read = async (created: Promise<Map<string, ConfigProvider>>, reference: string) =>
    (await resolvePlaceholders({ k: $(`x:${reference}`) }, await created)).props['k'];

  test('properties file', async () => {
    const files = createProviders('org.apache.kafka.common.config.provider.FileConfigProvider', {
      'allowed.paths': join(folder, 'in'),
    });
    expect(await read(files, `${join(folder, 'in', 'f.properties')}:password`)).toBe('s3écret');
    for (const path of [
      join(folder, 'out.properties'),
      join(folder, 'in', '..', 'out.properties'),
      `${join(folder, 'in')}side`,
    ])
      await expect(read(files, `${path}:password`)).rejects.toThrow('is not among allowed.paths');
    await expect(read(files, `${join(folder, 'in', 'nope')}:password`)).rejects.toThrow('cannot be read');
    const broken = join(folder, 'in', 'broken.properties');
    writeFileSync(broken, 'a=1\npassword=C:\\users\n');
    await expect(read(files, `${broken}:a`)).rejects.toThrow(
      `${broken} of a configuration provider cannot be read: line 2`,
    );
  });

  test('folder with a file for each key', async () => {
    const folders = createProviders('DirectoryConfigProvider', { 'allowed.paths': folder });
    expect(await read(folders, `${folder}:out.properties`)).toBe('password=other');
    await expect(read(folders, `${folder}:../etc`)).rejects.toThrow('is not among allowed.paths');
    await expect(read(folders, `${folder}:absent`)).rejects.toThrow(`has no key absent in ${folder}`);
    await expect(read(folders, `${folder}:in`)).rejects.toThrow('cannot be read');
  });

  test('environment variables that match the pattern', async () => {
    vi.stubEnv('MILLRACE_TEST_VALUE', 'v');
    vi.stubEnv('OTHER_TEST_VALUE', 'w');
    const environment = createProviders('EnvVarConfigProvider', { 'allowlist.pattern': 'MILLRACE_.*' });
    expect(await read(environment, 'MILLRACE_TEST_VALUE')).toBe('v');
    await expect(read(environment, 'OTHER_TEST_VALUE')).rejects.toThrow('has no key OTHER_TEST_VALUE');
    vi.unstubAllEnvs();
  });

  test('an unknown class is an error with its name', async () => {
    await expect(createProviders('com.example.Vault')).rejects.toThrow(
      'config.providers.x.class is com.example.Vault; there are',
    );
    await expect(configProviders({ 'config.providers': 'x' })).rejects.toThrow('config.providers.x.class is missing');
    await expect(createProviders('EnvVarConfigProvider', { 'allowlist.pattern': '(' })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('config.providers.x.param: Invalid value ( for configuration allowlist.pattern'),
    });
    expect(await configProviders({})).toEqual(new Map());
  });
});
