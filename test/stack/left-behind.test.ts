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

/** Where the servers put their temporary folders: whatever is there in the end has been left behind. */
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-test-tmp-'));
  // For the user that PostgreSQL runs as, when this is root.
  await chmod(folder, 0o1777);
});

afterEach(() => rm(folder, { recursive: true }));

test.each<[ending: string, end: (holder: ChildProcess) => void]>([
  ['kill -9', holder => holder.kill('SIGKILL')],
  ['SIGTERM', holder => holder.kill('SIGTERM')],
  ['Ctrl-C', holder => process.kill(-(holder.pid ?? 0), 'SIGINT')],
  ['an uncaught error', holder => holder.stdin?.write('throw')],
  ['its end without a stop', holder => holder.stdin?.write('end')],
])(
  'after %s of whoever started PostgreSQL, nothing is left',
  async (_, end) => {
    await nothingLeft(['postgres'], end);
  },
  60_000,
);

test('after kill -9 of whoever started all of them, nothing is left', async () => {
  await nothingLeft(['temporal', 'kafka', 'postgres'], holder => holder.kill('SIGKILL'));
}, 180_000);

test('after kill -9 in the middle of their start, nothing is left', async () => {
  const holder = hold(['kafka', 'postgres']);
  const ended = once(holder, 'exit');
  await eventually('both lay out their files', async () => (await processesIn(folder)).length >= 2);
  holder.kill('SIGKILL');
  await ended;
  await cleanedUp();
}, 120_000);

async function nothingLeft(services: readonly string[], end: (holder: ChildProcess) => void): Promise<void> {
  const holder = hold(services);
  const ended = once(holder, 'exit');
  const [line] = (await once(createInterface({ input: holder.stdout }), 'line')) as [string];
  const pids = JSON.parse(line) as number[];
  expect(pids.map(isAlive)).toEqual(services.map(() => true));
  expect(await readdir(folder)).toHaveLength(services.length);
  end(holder);
  await ended;
  await cleanedUp();
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

async function cleanedUp(): Promise<void> {
  await eventually('their files are gone', async () => (await readdir(folder)).length === 0);
  await eventually('their processes are gone', async () => (await processesIn(folder)).length === 0);
}

/** Command lines that name a path in `folder`; every server's does. */
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
