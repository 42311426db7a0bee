import { copyFile, mkdir, mkdtemp, readdir, readFile, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { componentName, kinds } from '../../src/cli/plugin/names.ts';
import { packageFolder } from '../../src/package-folder.ts';
import { run } from '../../src/stack/process/commands.ts';
import { millrace } from './run.ts';

/** `millrace plugin new`, and what becomes of what it writes: as if npm had installed what its package.json names. */
let folder: string;
/** Output of the compiler by kind. */
const built = new Map<string, string>();
const here = (path: string) => join(folder, path);
const tool = (name: string) => join(packageFolder(), 'node_modules', name);

beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'millrace-plugin-new-test-')));
  const published = here('node_modules/millrace');
  await mkdir(published, { recursive: true });
  await run(tool('.bin/tsc'), [
    '-p',
    join(packageFolder(), 'tsconfig.build.json'),
    '--outDir',
    join(published, 'dist'),
  ]);
  await copyFile(join(packageFolder(), 'package.json'), join(published, 'package.json'));
  await symlink(join(packageFolder(), 'node_modules'), join(published, 'node_modules'));
  for (const name of ['vitest', 'typescript', '@types']) await symlink(tool(name), here(`node_modules/${name}`));
  for (const kind of kinds) {
    const { stderr, code } = await millrace(['plugin', 'new', `millrace-plugin-my-${kind}`, '--kind', kind], {
      cwd: folder,
    });
    expect([stderr, code]).toEqual(['', 0]);
    const compiling = run(tool('.bin/tsc'), ['-p', here(`millrace-plugin-my-${kind}`)]);
    built.set(kind, await compiling.catch((error: Error) => error.message));
  }
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test.each(kinds)('a new %s is well typed and builds', async kind => {
  expect(built.get(kind)).toBe('');
  expect(await readdir(here(`millrace-plugin-my-${kind}/dist`))).toContain('index.js');
});

test('the tests of new plugins pass, and there are some of each kind', async () => {
  const report = here('report.json');
  await run(
    process.execPath,
    [tool('vitest/vitest.mjs'), 'run', '--root', folder, '--reporter=json', `--outputFile=${report}`],
    {
      cwd: folder,
      env: { ...process.env, NODE_OPTIONS: '' },
    },
  );
  const { testResults, numFailedTests } = JSON.parse(await readFile(report, 'utf8')) as {
    numFailedTests: number;
    testResults: { name: string; assertionResults: unknown[] }[];
  };
  expect(numFailedTests).toBe(0);
  expect(testResults).toHaveLength(kinds.length);
  for (const { name, assertionResults } of testResults) expect(assertionResults.length, name).toBeGreaterThan(8);
});

test('a worker loads them', async () => {
  const program = join(packageFolder(), 'test/plugins/programs/load-plugins.ts');
  const paths = kinds.map(kind => here(`millrace-plugin-my-${kind}`));
  const args = ['--disable-warning=ExperimentalWarning', program, folder, '20000', ...paths];
  const { list, providers, lines } = JSON.parse(await run(process.execPath, args)) as {
    list: { class: string; type: string; version: string }[];
    providers: string[][];
    lines: { level: string }[];
  };
  expect(lines.filter(line => line.level !== 'info')).toEqual([]);
  const one = (type: string, name: string) => ({ class: `com.example.${name}`, type, version: '0.1.0' });
  expect(list).toEqual([
    one('source', 'MySourceSourceConnector'),
    one('sink', 'MySinkSinkConnector'),
    one('transformation', 'MyTransform'),
    one('predicate', 'MyPredicate'),
    one('converter', 'MyConverterConverter'),
    one('header_converter', 'MyConverterConverter'),
  ]);
  expect(providers).toEqual([['com.example.MyConfigProviderConfigProvider']]);
});

test('a published worker gives plugins its own modules', async () => {
  const script = `
    import { loadPlugins } from ${JSON.stringify(here('node_modules/millrace/dist/src/plugins/load.js'))};
    const messages = [];
    const record = (fields, message) => messages.push({ ...fields, message });
    const log = { debug: record, info: record, warn: record, error: record };
    const spool = ${JSON.stringify(join(packageFolder(), 'examples/plugin-spool'))};
    const { plugins } = await loadPlugins({ paths: [spool, 'millrace-plugin-my-transform'], cwd: ${JSON.stringify(folder)}, log });
    const { MillraceError } = await import(${JSON.stringify(here('node_modules/millrace/dist/src/errors.js'))});
    const mask = await plugins[0].plugin.transforms[0].load();
    let own;
    try { mask.create({ field: 'x', mask: '*' }).apply({ value: 'text' }); } catch (error) { own = error instanceof MillraceError; }
    console.log(JSON.stringify({ own, messages: messages.map(({ message, reason }) => reason ?? message) }));`;
  await symlink(here('millrace-plugin-my-transform'), here('node_modules/millrace-plugin-my-transform'));
  const args = ['--disable-warning=ExperimentalWarning', '--input-type=module', '--eval', script];
  expect(JSON.parse(await run(process.execPath, args, { cwd: folder }))).toEqual({
    own: true,
    messages: ['plugin loaded', 'plugin loaded'],
  });
});

describe('the command', () => {
  test('prints the next commands, and installs nothing', async () => {
    const { stdout } = await millrace(['plugin', 'new', '@acme/feed'], { cwd: folder });
    expect(stdout).toContain(`${here('feed')}: a source, com.example.FeedSourceConnector`);
    for (const line of ['npm install', 'npm test', 'npm run build', `plugin.path=${here('feed')}`])
      expect(stdout).toContain(line);
    expect((await readdir(here('feed'))).toSorted()).toEqual([
      '.gitignore',
      'README.md',
      'package.json',
      'src',
      'test',
      'tsconfig.json',
    ]);
    expect(JSON.parse(await readFile(here('feed/package.json'), 'utf8'))).toMatchObject({ name: '@acme/feed' });
    const { stdout: json } = await millrace(['plugin', 'new', 'other', '--json'], { cwd: folder });
    expect(JSON.parse(json)).toMatchObject({
      folder: here('other'),
      class: 'com.example.OtherSourceConnector',
      kind: 'source',
    });
  });

  test('leaves alone what is there', async () => {
    await mkdir(here('mine'));
    await writeFile(here('mine/package.json'), 'mine');
    const { code, stderr, stdout } = await millrace(['plugin', 'new', 'mine'], { cwd: folder });
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toBe(
      `millrace: ${here('mine')} exists already; choose another name, or run the command in another folder.\n`,
    );
    expect(await readdir(here('mine'))).toEqual(['package.json']);
  });

  test.each([
    [['../x'], 1, 'is not a valid name of an npm package'],
    [['Feed'], 1, 'is not a valid name of an npm package'],
    [['.x'], 1, 'is not a valid name of an npm package'],
    [[], 2, "missing required argument 'name'"],
    [
      ['x', '--kind', 'console'],
      2,
      'Allowed choices are source, sink, transform, predicate, converter, config-provider',
    ],
  ])('%j is refused', async (args, status, sentence) => {
    const { code, stderr } = await millrace(['plugin', 'new', ...args], { cwd: folder });
    expect(stderr).toContain(sentence);
    expect(code).toBe(status);
  });
});

test.each([
  ['feed', 'Feed'],
  ['@acme/millrace-plugin-s3-archive', 'S3Archive'],
  ['millrace-mask', 'Mask'],
  ['7zip', 'My7zip'],
  ['millrace-plugin-', 'My'],
])('%s is %s', (name, component) => {
  expect(componentName(name)).toBe(component);
});
