import { copyFile, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { packageFolder } from '../../src/package-folder.ts';
import { run } from '../../src/stack/process/commands.ts';
import { programOf } from '../integration/client/guide.ts';

/** The published package as its users import it: the build, under the names of `exports`. */
let folder: string;
const tsc = join(packageFolder(), 'node_modules/.bin/tsc');

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-exports-test-'));
  await run(tsc, ['-p', join(packageFolder(), 'tsconfig.build.json'), '--outDir', join(folder, 'dist')]);
  await copyFile(join(packageFolder(), 'package.json'), join(folder, 'package.json'));
  await symlink(join(packageFolder(), 'node_modules'), join(folder, 'node_modules'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const node = (script: string): Promise<string> =>
  run(process.execPath, ['--input-type=module', '--eval', script], { cwd: folder });

test('every entry is built', async () => {
  const { exports } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as {
    exports: Record<string, string | Record<string, string>>;
  };
  const files = Object.values(exports).flatMap(entry => (typeof entry === 'string' ? [entry] : Object.values(entry)));
  expect(files.length).toBeGreaterThan(5);
  for (const file of files) expect((await stat(join(folder, file))).isFile(), file).toBe(true);
});

test('every public name exists at run time', async () => {
  const script = `
    const names = {};
    for (const entry of ['millrace', 'millrace/api', 'millrace/client', 'millrace/testing', 'millrace/workflows'])
      names[entry] = Object.keys(await import(entry));
    console.log(JSON.stringify(names));`;
  const names = JSON.parse(await node(script)) as Record<string, string[]>;
  expect(names['millrace/client']).toEqual(expect.arrayContaining(['connectMillrace', 'MillraceError']));
  expect(names['millrace/api']).toEqual(names['millrace']);
  expect(names['millrace']).toEqual(
    expect.arrayContaining(['ValueStruct', 'definePlugin', 'defineConfig', 'DataError']),
  );
  expect(names['millrace/testing']).toEqual(expect.arrayContaining(['sourceContract', 'sinkContract']));
  expect(names['millrace/workflows']).toEqual(expect.arrayContaining(['connectorWorkflowId', 'updates', 'queries']));
});

test('the client does not load the data plane', async () => {
  const script = `
    import { registerHooks } from 'node:module';
    const loaded = [];
    registerHooks({ load(url, context, next) { loaded.push(url); return next(url, context); } });
    await import('millrace/client');
    console.log(loaded.filter(url => /kafkajs|prom-client|fastify|temporalio.(worker|core)|connectors.[^/]+.index/.test(url)).join());`;
  expect((await node(script)).trim()).toBe('');
});

test("types come from the package, and the guide's program compiles with them", async () => {
  await writeFile(join(folder, 'guide.ts'), await programOf('ts'));
  await writeFile(
    join(folder, 'types.ts'),
    `import type { SourceConnector } from 'millrace/api';
     import { connectMillrace, type StatusInfo } from 'millrace/client';
     import { connectorWorkflowId } from 'millrace/workflows';
     export const id: string = connectorWorkflowId('etl', 'orders');
     export const kind: SourceConnector<unknown>['kind'] = 'source';
     // @ts-expect-error: a source is no sink
     export const wrong: SourceConnector<unknown>['kind'] = 'sink';
     const millrace = await connectMillrace();
     export const status: StatusInfo = await millrace.connectors.get('orders').status();
     // @ts-expect-error: there is no such state
     await millrace.connectors.start('orders', {}, { state: 'ASLEEP' });
     // @ts-expect-error: a name is a text
     millrace.connectors.get(1);`,
  );
  const options = { module: 'nodenext', target: 'es2024', lib: ['es2024', 'esnext.disposable'], strict: true };
  await writeFile(
    join(folder, 'tsconfig.json'),
    JSON.stringify({
      compilerOptions: { ...options, noEmit: true, skipLibCheck: true, types: ['node'] },
      files: ['guide.ts', 'types.ts'],
    }),
  );
  await run(tsc, ['-p', folder]);
});
