import { existsSync } from 'node:fs';
import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { freePort } from '../../src/stack/process/ports.ts';
import { readWalLevel } from '../../src/stack/process/probe.ts';
import type { ServerState } from '../../src/stack/state.ts';
import { millrace } from '../cli/run.ts';
import { eventually } from '../support/eventually.ts';

interface Status {
  readonly running: boolean;
  readonly pid: number;
  readonly servers: { readonly postgres: ServerState & { readonly url: string; readonly answers: boolean } };
}

let cache: string;

beforeEach(async () => {
  cache = await mkdtemp(join(tmpdir(), 'millrace-test-cache-'));
});

afterEach(async () => {
  await stack('down');
  await rm(cache, { recursive: true });
});

test('the stack outlives the command up; status shows it; down stops it and removes its state', async () => {
  const up = await stack('up', 'postgres', '--json');
  expect(up).toMatchObject({ code: 0 });
  expect(up.stderr).toContain('postgres: starting');
  const { postgres } = (JSON.parse(up.stdout) as Status).servers;
  expect(await readWalLevel(postgres.url)).toBe('logical');

  const status = await stack('status', '--json');
  expect(status.code).toBe(0);
  expect(JSON.parse(status.stdout)).toMatchObject({
    running: true,
    servers: { postgres: { ...postgres, answers: true } },
  });
  expect((await stack('status')).stdout).toMatch(/^postgres +postgres:\/\/\S+ +PostgreSQL/);

  expect(JSON.parse((await stack('down', '--json')).stdout)).toEqual({ stopped: true });
  expect(await readWalLevel(postgres.url)).toBeUndefined();
  expect(await stateFiles()).toEqual([]);
}, 60_000);

test('without a stack, status exits with 3 and down does nothing', async () => {
  expect(await stack('status')).toMatchObject({ code: 3, stdout: expect.stringContaining('nothing runs') });
  expect(JSON.parse((await stack('status', '--json')).stdout)).toEqual({ running: false });
  expect(await stack('down', '--json')).toMatchObject({ code: 0, stdout: expect.stringContaining('"stopped": false') });
});

test('up while a stack runs returns that stack, or an error if it lacks a requested service', async () => {
  const first = JSON.parse((await stack('up', 'postgres', '--json')).stdout) as Status;
  const second = JSON.parse((await stack('up', 'postgres', '--json')).stdout) as Status;
  expect(second.servers).toEqual(first.servers);
  // A port option requests its service.
  expect(await stack('up', 'postgres', '--mariadb-port', '3306')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('a stack runs without mariadb'),
  });
  expect(await stack('up', 'postgres', 'kafka')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('a stack runs without kafka'),
  });
}, 60_000);

test('two concurrent calls of up: one starts the servers, the other fails with an error', async () => {
  const both = await Promise.all([stack('up', 'postgres'), stack('up', 'postgres')]);
  expect(both.map(({ code }) => code).sort()).toEqual([0, 1]);
  expect(both.map(({ stderr }) => stderr).join()).toMatch(/a stack (runs already|is starting)/);
  expect(await stack('status')).toMatchObject({ code: 0 });
}, 60_000);

test('servers end when the process of the stack is killed, and up starts them again', async () => {
  const { pid, servers } = JSON.parse((await stack('up', 'postgres', '--json')).stdout) as Status;
  process.kill(pid, 'SIGKILL');
  await eventually('the server is gone', async () => (await readWalLevel(servers.postgres.url)) === undefined);
  expect(await stack('status')).toMatchObject({ code: 3 });
  expect(await stack('up', 'postgres')).toMatchObject({ code: 0 });
}, 60_000);

test('up uses the given port and data folder, and down keeps the data', async () => {
  // Accessible to other users, because PostgreSQL does not run as root.
  const data = await mkdtemp(join(tmpdir(), 'millrace-test-data-'));
  await chmod(data, 0o755);
  const port = await freePort();
  const up = () => stack('up', 'postgres', '--postgres-port', String(port), '--data', data);
  const url = `postgres://postgres:postgres@127.0.0.1:${port}/postgres`;
  expect(await up()).toMatchObject({ code: 0, stdout: expect.stringContaining(url) });
  await query(url, 'CREATE TABLE items AS SELECT 1 AS id');
  await stack('down');
  await up();
  expect(await query(url, 'SELECT * FROM items')).toEqual([{ id: 1 }]);
  await stack('down');
  await rm(data, { recursive: true });
}, 60_000);

test('wrong usage is exit status 2', async () => {
  expect(await stack('up', 'oracle')).toMatchObject({ code: 2, stderr: expect.stringContaining('postgres') });
  expect(await stack('up', '--kafka-port', 'x')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('Not a port'),
  });
});

test('a stack that cannot start reports the reason and removes its state', async () => {
  const failed = await stack('up', 'postgres', { MILLRACE_POSTGRES: 'postgres://postgres@127.0.0.1:1/postgres' });
  expect(failed).toMatchObject({ code: 1, stderr: expect.stringContaining('does not answer at 127.0.0.1:1') });
  expect(await stateFiles()).toEqual([]);
});

function stack(...args: readonly (string | NodeJS.ProcessEnv)[]) {
  const last = args.at(-1);
  const env = typeof last === 'object' ? last : {};
  const words = args.filter(arg => typeof arg === 'string');
  return millrace(['stack', ...words], { env: { MILLRACE_CACHE: cache, MILLRACE_STACK: 'native', ...env } });
}

async function query(connectionString: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

async function stateFiles(): Promise<string[]> {
  return existsSync(cache) ? (await readdir(cache)).filter(name => name.startsWith('stack')) : [];
}
