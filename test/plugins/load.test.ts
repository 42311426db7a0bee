import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { packageFolder } from '../../src/package-folder.ts';
import { run } from '../../src/stack/process/commands.ts';

interface Line {
  readonly level: string;
  readonly message: string;
  readonly path?: string;
  readonly reason?: string;
  readonly class?: string;
}
interface LoadResult {
  readonly failed: number;
  readonly list: readonly { readonly class: string; readonly type: string; readonly version: string }[];
  readonly providers: readonly (readonly string[])[];
  readonly same: Readonly<Record<string, unknown>>;
  readonly short?: string;
  readonly lines: readonly Line[];
}

let folder: string;
beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'millrace-plugins-test-')));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const program = fileURLToPath(new URL('programs/load-plugins.ts', import.meta.url));
async function load(paths: readonly string[], { cwd = folder, loadTimeoutMs = 20_000 } = {}): Promise<LoadResult> {
  const args = ['--disable-warning=ExperimentalWarning', program, cwd, String(loadTimeoutMs), ...paths];
  return JSON.parse(await run(process.execPath, args, { cwd: packageFolder() })) as LoadResult;
}

async function writeFiles(all: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, text] of Object.entries(all)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
}

/** Source of a plugin with one transform; `apply` is the body of its method. */
const transform = (className: string, apply = 'return record;', more = '') => `
  import { DataError, Decimal, defineConfig, definePlugin } from 'millrace/api';
  export const plugin = definePlugin({ ${more} transforms: [{
    className: '${className}',
    load: () => ({ config: defineConfig({}), create: () => ({ apply(record) { ${apply} } }) }),
  }] });`;
const manifest = (all: object) => JSON.stringify({ name: 'plugin', type: 'module', ...all });
const classes = ({ list }: LoadResult) => list.map(one => [one.class, one.version]);
const reasons = ({ lines }: LoadResult, level = 'error') =>
  lines.flatMap(one => (one.level === level && one.reason !== undefined ? [[one.path, one.reason]] : []));

describe('discovery', () => {
  test('each subfolder and each module in a folder is a plugin', async () => {
    await writeFiles({
      'all/by-exports/package.json': manifest({
        version: '1.2.3',
        exports: { '.': { types: './x.d.ts', import: './lib/a.js' } },
      }),
      'all/by-exports/lib/a.js': transform('a.Exports'),
      'all/by-main/package.json': manifest({ version: '2.0.0', main: './b.js' }),
      'all/by-main/b.js': transform('a.Main'),
      'all/by-index/package.json': manifest({}),
      'all/by-index/index.js': transform('a.Index'),
      'all/bare/index.mjs': transform('a.Bare'),
      'all/typed/package.json': manifest({ version: '3.0.0-beta.1', exports: './src/index.ts' }),
      'all/typed/src/index.ts': transform('a.Typed', 'const it: unknown = record; return it as typeof record;'),
      'all/single.mjs': transform('a.Single', 'return record;', `version: '0.1',`),
      'all/single.ts': transform('a.SingleTyped'),
      'all/common/package.json': JSON.stringify({ version: '4', main: 'index.cjs' }),
      'all/common/index.cjs': `const { defineConfig } = require('millrace/api');
        exports.plugin = { transforms: [{ className: 'a.Common', load: () => ({ config: defineConfig({}), create: () => ({ apply: r => r }) }) }] };`,
      'all/README.md': 'not a plugin',
      'all/types.d.ts': 'export {}',
      'all/.hidden/index.js': 'throw new Error()',
      'all/node_modules/x/index.js': 'throw new Error()',
    });
    const loaded = await load([join(folder, 'all')]);
    expect(reasons(loaded)).toEqual([]);
    expect(classes(loaded)).toEqual(
      [
        ['a.Bare', 'undefined'],
        ['a.Exports', '1.2.3'],
        ['a.Index', 'undefined'],
        ['a.Main', '2.0.0'],
        ['a.Common', '4'],
        ['a.Single', '0.1'],
        ['a.SingleTyped', 'undefined'],
        ['a.Typed', '3.0.0-beta.1'],
      ].toSorted(([a = ''], [b = '']) => order.indexOf(a) - order.indexOf(b)),
    );
    expect(loaded.failed).toBe(0);
  });
  const order = ['a.Bare', 'a.Exports', 'a.Index', 'a.Main', 'a.Common', 'a.Single', 'a.SingleTyped', 'a.Typed'];

  test('an entry may be a plugin itself, a link to one, or an npm package; duplicates are loaded once', async () => {
    await writeFiles({
      'own/package.json': manifest({ version: '1.0.0', exports: './index.js' }),
      'own/index.js': transform('b.Own'),
      'one.mjs': transform('b.File'),
      'node_modules/millrace-plugin-b/package.json': manifest({ version: '1.1.0', exports: './index.js' }),
      'node_modules/millrace-plugin-b/index.js': transform('b.Package'),
      'node_modules/@b/scoped/package.json': manifest({ version: '1.2.0', exports: { import: './index.js' } }),
      'node_modules/@b/scoped/index.js': transform('b.Scoped'),
      'deep/er/x': '',
    });
    await symlink(join(folder, 'own'), join(folder, 'deep/er/link'));
    const cwd = join(folder, 'deep');
    const loaded = await load(['../own', '', join(folder, 'own'), '../one.mjs', 'millrace-plugin-b', '@b/scoped'], {
      cwd,
    });
    expect(classes(loaded)).toEqual([
      ['b.Own', '1.0.0'],
      ['b.File', 'undefined'],
      ['b.Package', '1.1.0'],
      ['b.Scoped', '1.2.0'],
    ]);
    expect(classes(await load(['er'], { cwd }))).toEqual([['b.Own', '1.0.0']]);
  });

  test('JAR files of Kafka Connect plugins are skipped with a warning', async () => {
    await writeFiles({ 'java/debezium/x.jar': '', 'java/confluent/lib/y.jar': '', 'jars/z.jar': '' });
    const loaded = await load([join(folder, 'java'), join(folder, 'jars')]);
    expect(loaded.failed).toBe(0);
    expect(reasons(loaded, 'warn').map(([path, reason]) => [path, /JAR files/.test(reason ?? '')])).toEqual([
      [join(folder, 'java/confluent'), true],
      [join(folder, 'java/debezium'), true],
      [join(folder, 'jars'), true],
    ]);
  });
});

test('a plugin that cannot be loaded is logged with its reason, and does not affect the others', async () => {
  await writeFiles({
    'broken/throws/index.js': `throw new Error('no licence')`,
    'broken/rejects/index.mjs': `await Promise.reject(new Error('no network'))`,
    'broken/hangs/index.mjs': 'await new Promise(() => {})',
    'broken/syntax/index.mjs': 'export const plugin = {',
    'broken/imports/index.mjs': `import 'not-installed';`,
    'broken/silent/index.mjs': 'export const x = 1;',
    'broken/shapeless/index.mjs':
      'export const plugin = { transforms: [{ className: "", load: 1 }], sinks: {}, other: [] };',
    'broken/text/index.mjs': 'export const plugin = "x";',
    'broken/json/package.json': '{',
    'broken/gone/package.json': manifest({ exports: './dist/index.js' }),
    'broken/empty/notes.txt': '',
    'broken/works/index.mjs': transform('c.Works'),
    'node_modules/typed/package.json': manifest({ exports: './index.ts' }),
    'node_modules/typed/index.ts': transform('c.Typed', 'const x: number = 1; return record;'),
  });
  const loaded = await load([join(folder, 'broken'), join(folder, 'nowhere'), 'not-installed', 'typed'], {
    loadTimeoutMs: 3000,
  });
  expect(classes(loaded)).toEqual([['c.Works', 'undefined']]);
  const expected: Readonly<Record<string, RegExp>> = {
    [join(folder, 'broken/throws')]: /^no licence$/,
    [join(folder, 'broken/rejects')]: /^no network$/,
    [join(folder, 'broken/hangs')]: /was not loaded within 3 s/,
    [join(folder, 'broken/syntax')]: /Unexpected end of input/,
    [join(folder, 'broken/imports')]: /Cannot find package 'not-installed'/,
    [join(folder, 'broken/silent')]: /It exports no `plugin`/,
    [join(folder, 'broken/shapeless')]:
      /plugin\.sinks: must be a list.*plugin\.transforms\[0\]\.className: must not be empty.*plugin\.transforms\[0\]\.load: must be a function.*plugin: has other, which/,
    [join(folder, 'broken/text')]: /plugin: must be an object/,
    [join(folder, 'broken/json')]: /Its package.json is not JSON/,
    [join(folder, 'broken/gone')]: /Cannot find module/,
    [join(folder, 'broken/empty')]: /no package.json and no index.js/,
    [join(folder, 'nowhere')]: /There is no such folder or file/,
    'not-installed': /no package of that name in a node_modules/,
    [join(folder, 'node_modules/typed')]: /It is TypeScript below a node_modules/,
  };
  const actual = Object.fromEntries(reasons(loaded));
  expect(Object.keys(actual).toSorted()).toEqual(Object.keys(expected).toSorted());
  for (const [path, reason] of Object.entries(expected)) expect(actual[path]).toMatch(reason);
  expect(loaded.failed).toBe(Object.keys(expected).length);
});

test('an unhandled rejection of a plugin is logged and does not end the process', async () => {
  await writeFiles({
    'stray/a.mjs': `Promise.reject(new Error('unhandled')); ${transform('g.Stray')}`,
    'stray/b.mjs': transform('g.Other'),
  });
  const loaded = await load([join(folder, 'stray')]);
  expect(classes(loaded)).toEqual([
    ['g.Stray', 'undefined'],
    ['g.Other', 'undefined'],
  ]);
  expect(loaded.lines.filter(({ level }) => level === 'error')).toEqual([
    expect.objectContaining({
      reason: 'unhandled',
      message: expect.stringContaining('started while it was loaded'),
    }),
  ]);
});

test('millrace/api resolves to the classes of the worker, even if a plugin contains another copy', async () => {
  await writeFiles({
    'copies/thrower/index.mjs': transform('d.Thrower', `throw new DataError('no');`),
    'copies/maker/index.ts': transform('d.Maker', 'return { ...record, value: new Decimal(1n, 0) };'),
    'copies/maker/node_modules/millrace/package.json': manifest({ name: 'millrace', exports: { './api': './api.js' } }),
    'copies/maker/node_modules/millrace/api.js': `throw new Error('the wrong copy')`,
  });
  const { same, lines } = await load([join(folder, 'copies')]);
  expect(lines.filter(one => one.level === 'error')).toEqual([]);
  expect(same).toEqual({ 'd.Thrower': { error: true, kind: 'data' }, 'd.Maker': true });
});

test('Millrace’s class names take precedence, the newer of two plugins is used, and all kinds are listed', async () => {
  const all = (className: string, version: string) => `
    export const plugin = { version: '${version}',
      ${['sources', 'sinks', 'transforms', 'predicates', 'converters', 'headerConverters', 'configProviders']
        .map(
          list =>
            `${list}: [{ className: '${className}.${list}.Vault${list === 'configProviders' ? 'ConfigProvider' : ''}', aliases: ['My${list}'], load() {} }],`,
        )
        .join('\n')} };`;
  await writeFiles({
    'names/a.mjs': all('e', '1.9.0'),
    'names/b.mjs': all('e', '1.10.0'),
    'names/c.mjs': all('e', '1.10.0-rc.1'),
    'names/taken.mjs': `export const plugin = {
      transforms: [
        { className: 'org.apache.kafka.connect.transforms.RegexRouter', load() {} },
        { className: 'Filter', load() {} },
        { className: 'f.Fine', aliases: ['MaskField$Value', 'Finest'], load() {} },
      ],
      sinks: [{ className: 'f.JdbcSink', aliases: ['JdbcSinkConnector'], load() {} }],
    };`,
  });
  const loaded = await load([join(folder, 'names')]);
  expect(loaded.list).toEqual([
    { class: 'e.sources.Vault', type: 'source', version: '1.10.0' },
    { class: 'e.sinks.Vault', type: 'sink', version: '1.10.0' },
    { class: 'f.JdbcSink', type: 'sink', version: 'undefined' },
    { class: 'e.transforms.Vault', type: 'transformation', version: '1.10.0' },
    { class: 'f.Fine', type: 'transformation', version: 'undefined' },
    { class: 'e.predicates.Vault', type: 'predicate', version: '1.10.0' },
    { class: 'e.converters.Vault', type: 'converter', version: '1.10.0' },
    { class: 'e.converters.Vault', type: 'header_converter', version: '1.10.0' },
    { class: 'e.headerConverters.Vault', type: 'header_converter', version: '1.10.0' },
  ]);
  expect(loaded.providers).toEqual([['e.configProviders.VaultConfigProvider', 'MyconfigProviders']]);
  expect(loaded.short).toBe('e.configProviders.VaultConfigProvider');
  const warned = loaded.lines.filter(one => one.level === 'warn').map(one => [one.class, one.message]);
  expect(warned.filter(([, message]) => message?.includes('two plugins'))).toHaveLength(14);
  expect(warned.filter(([name]) => !name?.startsWith('e.')).map(([name]) => name)).toEqual([
    'f.JdbcSink',
    'org.apache.kafka.connect.transforms.RegexRouter',
    'Filter',
    'f.Fine',
  ]);
});
