import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';

const execute = promisify(execFile);

/** The parent of the servers' temporary folders; it must be empty after each test. */
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-test-tmp-'));
  // Accessible to the user that runs PostgreSQL when the test runs as root.
  await chmod(folder, 0o1777);
});

afterEach(() => rm(folder, { recursive: true }));

test.each<[ending: string, end: (holder: ChildProcess) => void]>([
  ['kill -9', holder => holder.kill('SIGKILL')],
  ['SIGTERM', holder => holder.kill('SIGTERM')],
  ['Ctrl-C', holder => process.kill(-(holder.pid ?? 0), 'SIGINT')],
  ['an uncaught error', holder => holder.stdin?.write('throw')],
  ['an exit without stop', holder => holder.stdin?.write('end')],
])(
  'after %s of the process that started PostgreSQL, no process and no file remains',
  async (_, end) => {
    await expectCleanup(['postgres'], end);
  },
  60_000,
);

test('after kill -9 of the process that started all servers, no process and no file remains', async () => {
  await expectCleanup(['temporal', 'kafka', 'postgres'], holder => holder.kill('SIGKILL'));
}, 180_000);

test('after kill -9 during the start, no process and no file remains', async () => {
  const holder = hold(['kafka', 'postgres']);
  const ended = once(holder, 'exit');
  await eventually('both create their files', async () => (await processesIn(folder)).length >= 2);
  holder.kill('SIGKILL');
  await ended;
  await waitForCleanup();
}, 120_000);

async function expectCleanup(services: readonly string[], end: (holder: ChildProcess) => void): Promise<void> {
  const holder = hold(services);
  const ended = once(holder, 'exit');
  const [line] = (await once(createInterface({ input: holder.stdout }), 'line')) as [string];
  const pids = JSON.parse(line) as number[];
  expect(pids.map(isAlive)).toEqual(services.map(() => true));
  expect(await readdir(folder)).toHaveLength(services.length);
  end(holder);
  await ended;
  await waitForCleanup();
  expect(pids.map(isAlive)).toEqual(services.map(() => false));
}

function hold(services: readonly string[]) {
  const program = join(import.meta.dirname, 'programs', 'hold-stack.ts');
  return spawn(process.execPath, [program, ...services], {
    env: { ...process.env, TMPDIR: folder, MILLRACE_STACK: 'native' },
    stdio: ['pipe', 'pipe', 'ignore'],
    detached: true,
  });
}

async function waitForCleanup(): Promise<void> {
  await eventually('their files are gone', async () => (await readdir(folder)).length === 0);
  await eventually('their processes are gone', async () => (await processesIn(folder)).length === 0);
}

/** Returns the command lines that contain a path in `folder`; those of all servers do. */
async function processesIn(folder: string): Promise<string[]> {
  const { stdout } = await execute('ps', ['-A', '-ww', '-o', 'args=']);
  return stdout.split('\n').filter(line => line.includes(folder));
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
