import { mkdir, mkdtemp, readFile, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { packageFolder } from '../../src/package-folder.ts';
import { run } from '../../src/stack/process/commands.ts';

/** Type-checks, loads and runs the programs of docs/guides/plugins.md. */
test('the plugin of the guide loads, and its tests pass', async () => {
  const page = await readFile(join(packageFolder(), 'docs/guides/plugins.md'), 'utf8');
  const [plugin = '', tests = '', ...more] = [...page.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, text]) => text);
  expect(more).toEqual([]);
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'millrace-guide-test-')));
  try {
    await symlink(join(packageFolder(), 'node_modules'), join(folder, 'node_modules'));
    await writeFile(join(folder, 'package.json'), '{"type": "module"}');
    const plugins = join(folder, 'plugins');
    await mkdir(plugins);
    await writeFile(join(plugins, 'shout.ts'), plugin);
    const program = fileURLToPath(new URL('programs/load-plugins.ts', import.meta.url));
    const args = ['--disable-warning=ExperimentalWarning', program, folder, '20000', plugins];
    const { list, lines } = JSON.parse(await run(process.execPath, args)) as {
      list: unknown;
      lines: { level: string }[];
    };
    expect(list).toEqual([{ class: 'com.example.Shout', type: 'transformation', version: '1.0.0' }]);
    expect(lines.map(line => line.level)).toEqual(['info']);

    await writeFile(join(plugins, 'shout.test.ts'), tests);
    await writeFile(
      join(folder, 'tsconfig.json'),
      JSON.stringify({ extends: join(packageFolder(), 'tsconfig.json'), include: ['plugins/*.ts'] }),
    );
    await run(join(packageFolder(), 'node_modules/.bin/tsc'), ['-p', folder]);
    const sourceFile = (path: string) => JSON.stringify(join(packageFolder(), path));
    await writeFile(
      join(folder, 'vitest.config.mjs'),
      `export default { resolve: { alias: { 'millrace/api': ${sourceFile('src/public.ts')}, 'millrace/testing': ${sourceFile('src/testing/index.ts')} } } };`,
    );
    const vitest = join(packageFolder(), 'node_modules/vitest/vitest.mjs');
    await run(process.execPath, [vitest, 'run', '--root', folder, '--config', join(folder, 'vitest.config.mjs')]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
