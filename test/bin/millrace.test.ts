import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { packageFolder } from '../../src/package-folder.ts';

const execute = promisify(execFile);
const launcher = join(packageFolder(), 'bin/millrace');
/** A PATH without Node. */
const bare = ['/usr/bin', '/bin'];

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace test bin-'));
});

afterEach(() => rm(folder, { recursive: true }));

describe('in this checkout', () => {
  test('prints the version of package.json', async () => {
    const { version } = JSON.parse(await readFile(join(packageFolder(), 'package.json'), 'utf8'));
    expect((await execute(launcher, ['--version'])).stdout).toBe(`${version}\n`);
  });

  test('an unknown command has exit status 2', async () => {
    await expect(execute(launcher, ['frobnicate'])).rejects.toMatchObject({
      code: 2,
      stderr: expect.stringContaining("unknown command 'frobnicate'"),
    });
  });

  test('node_modules/.bin/millrace exists after dependencies are installed', async () => {
    const { stdout } = await execute(join(packageFolder(), 'node_modules/.bin/millrace'), ['--version']);
    expect(stdout).toMatch(/^\d+\.\d+\.\d+/);
  });
});

describe("the launcher's location", () => {
  test('a published package runs its build and passes arguments unchanged', async () => {
    const root = await published(join(folder, 'node_modules/millrace'));
    await nodeCalled('node', { version: 'v24.1.0', in: join(folder, 'path') });
    const { stdout } = await launch(join(root, 'bin/millrace'), ['worker', 'a b', '$x', ''], [join(folder, 'path')]);
    expect(stdout.split('\n').filter(line => !line.startsWith('--'))).toEqual([
      join(root, 'dist/src/cli.js'),
      'worker',
      'a b',
      '$x',
      '',
      '',
    ]);
  });

  test('a checkout runs its sources', async () => {
    const root = await published(join(folder, 'checkout'));
    await mkdir(join(root, 'src'));
    await writeFile(join(root, 'src/cli.ts'), '');
    await nodeCalled('node', { version: 'v25.0.0', in: join(folder, 'path') });
    const { stdout } = await launch(join(root, 'bin/millrace'), [], [join(folder, 'path')]);
    expect(stdout).toContain(join(root, 'src/cli.ts'));
  });

  test('relative and absolute links work, and the launcher is found on the PATH', async () => {
    const root = await published(join(folder, 'lib/node_modules/millrace'));
    await nodeCalled('node', { version: 'v24.1.0', in: join(folder, 'path') });
    await symlink('../lib/node_modules/millrace/bin/millrace', join(folder, 'path/relative'));
    await symlink(join(folder, 'path/relative'), join(folder, 'path/millrace'));
    await tools();
    const { stdout } = await execute('/bin/sh', ['-c', 'millrace'], { env: { PATH: path([join(folder, 'path')]) } });
    expect(stdout).toContain(join(root, 'dist/src/cli.js'));
  });
});

describe('the Node that runs Millrace', () => {
  test("the package's own Node is used when the system's is too old", async () => {
    const root = await published(join(folder, 'node_modules/millrace'));
    await nodeCalled('system', { version: 'v20.20.2', in: join(folder, 'path') });
    await nodeCalled('nested', { version: 'v24.9.0', in: join(root, 'node_modules/node/bin') });
    expect((await launch(join(root, 'bin/millrace'), [], [join(folder, 'path')])).stderr).toBe('nested\n');
  });

  test('a hoisted Node is used when the system has none', async () => {
    const root = await published(join(folder, 'node_modules/millrace'));
    await nodeCalled('hoisted', { version: 'v24.9.0', in: join(folder, 'node_modules/node/bin') });
    expect((await launch(join(root, 'bin/millrace'), [])).stderr).toBe('hoisted\n');
  });

  test("the system's Node is used when it is new enough", async () => {
    const root = await published(join(folder, 'node_modules/millrace'));
    await nodeCalled('system', { version: 'v26.0.0', in: join(folder, 'path') });
    await nodeCalled('nested', { version: 'v24.9.0', in: join(root, 'node_modules/node/bin') });
    expect((await launch(join(root, 'bin/millrace'), [], [join(folder, 'path')])).stderr).toBe('system\n');
  });

  test('the launcher prints one sentence and exits with status 1 without Node', async () => {
    const root = await published(join(folder, 'node_modules/millrace'));
    await nodeCalled('system', { version: 'v22.1.0', in: join(folder, 'path') });
    await nodeCalled('nested', { version: 'not a version', in: join(root, 'node_modules/node/bin') });
    await expect(launch(join(root, 'bin/millrace'), [], [join(folder, 'path')])).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^millrace: needs Node 24 or newer; .*\n$/),
    });
  });
});

test('the launcher replaces itself with Millrace, so that signals reach it', async () => {
  const root = await published(join(folder, 'millrace'));
  await writeFile(
    join(root, 'dist/src/cli.js'),
    'process.stdout.write(String(process.pid)); setInterval(() => {}, 1e6)',
  );
  const child = spawn(join(root, 'bin/millrace'), { env: { PATH: path([join(process.execPath, '..')]) } });
  const ended = once(child, 'exit');
  const [pid] = await once(child.stdout, 'data');
  expect(Number(pid)).toBe(child.pid);
  child.kill('SIGTERM');
  expect(await ended).toEqual([null, 'SIGTERM']);
});

/** The launcher at the path where a package manager installs it. */
async function published(root: string): Promise<string> {
  await mkdir(join(root, 'bin'), { recursive: true });
  await mkdir(join(root, 'dist/src'), { recursive: true });
  await cp(launcher, join(root, 'bin/millrace'));
  return root;
}

/** A fake Node that prints its version to stderr and its arguments to stdout, one per line. */
async function nodeCalled(name: string, { version, in: bin }: { version: string; in: string }): Promise<void> {
  await mkdir(bin, { recursive: true });
  const script = `#!/bin/sh\n[ "$1" = --version ] && { echo '${version}'; exit; }\necho ${name} >&2\nprintf '%s\\n' "$@"\n`;
  await writeFile(join(bin, 'node'), script);
  await chmod(join(bin, 'node'), 0o755);
}

const path = (folders: readonly string[]): string => [...folders, join(folder, 'tools')].join(':');

async function launch(program: string, args: readonly string[], folders: readonly string[] = []) {
  await tools();
  return execute(program, args, { env: { PATH: path(folders) } });
}

/** A folder with the tools that the launcher calls, without Node. */
async function tools(): Promise<void> {
  await mkdir(join(folder, 'tools'), { recursive: true });
  for (const name of ['sh', 'readlink']) {
    for (const from of bare) await symlink(join(from, name), join(folder, 'tools', name)).catch(() => undefined);
  }
}
