import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import {
  type ManagedServer,
  startElasticsearch,
  startKafka,
  startMariadb,
  startPostgres,
  startTemporal,
} from '../../src/stack/index.ts';
import {
  isElasticsearchReady,
  isKafkaReady,
  isListening,
  isMariadbReady,
  isTemporalReady,
  readWalLevel,
} from '../../src/stack/process/probe.ts';
import { searchAttributeNames } from '../../src/stack/servers/temporal.ts';
import { eventually } from '../support/eventually.ts';

const cases = [
  { name: 'kafka', start: startKafka, answers: (server: ManagedServer) => isKafkaReady(server.address) },
  {
    name: 'postgres',
    start: startPostgres,
    answers: async (server: ManagedServer) => (await readWalLevel(urlOf(server))) !== undefined,
  },
  {
    name: 'temporal',
    start: startTemporal,
    answers: (s: ManagedServer) => isTemporalReady(s.address, searchAttributeNames),
  },
  {
    name: 'elasticsearch',
    start: startElasticsearch,
    answers: (server: ManagedServer) => isElasticsearchReady(server.address),
  },
  {
    name: 'mariadb',
    start: startMariadb,
    answers: (server: ManagedServer) => isMariadbReady((server as Awaited<ReturnType<typeof startMariadb>>).url),
  },
];

const urlOf = (server: ManagedServer): string => `postgres://postgres:postgres@${server.address}/postgres`;

describe.each(cases)('$name', ({ start, answers }) => {
  let server: ManagedServer;
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'millrace-test-tmp-'));
    // Accessible to the user that runs PostgreSQL when the test runs as root.
    await chmod(folder, 0o1777);
    vi.stubEnv('TMPDIR', folder);
    server = await start();
    vi.unstubAllEnvs();
  }, 180_000);

  afterAll(async () => {
    await server.stop();
    await rm(folder, { recursive: true });
  });

  test('kill9 ends the server; restart starts it at the same address', async () => {
    expect(await answers(server)).toBe(true);
    const { address, pid } = server;
    await server.kill9();
    expect(await answers(server)).toBe(false);
    expect(server.pid).toBeUndefined();
    await server.restart();
    expect(await answers(server)).toBe(true);
    expect(server.address).toBe(address);
    if (server.origin === 'native') expect(server.pid).not.toBe(pid);
  }, 120_000);

  test('stopProcess keeps connections open without answers until cont', async () => {
    await server.stopProcess();
    expect(await isListening(server.address)).toBe(true);
    expect(await answers(server)).toBe(false);
    await server.cont();
    await eventually('it answers again', () => answers(server));
  }, 60_000);

  test('stop after stopProcess removes processes and files; the server cannot be restarted', async () => {
    const { pid } = server;
    if (server.origin === 'native') expect(await readdir(folder)).toHaveLength(1);
    await server.stopProcess();
    await server.stop();
    expect(await isListening(server.address)).toBe(false);
    if (pid !== undefined) expect(() => process.kill(pid, 0)).toThrow('ESRCH');
    expect(await readdir(folder)).toEqual([]);
    await expect(server.restart()).rejects.toThrow();
  }, 60_000);
});

test('PostgreSQL keeps rows after a crash and a restart, has logical decoding, and listens on loopback only', async () => {
  await using server = await startPostgres();
  await query(server.url, 'CREATE TABLE items (id int); INSERT INTO items VALUES (1)');
  await query(server.url, "ALTER SYSTEM SET work_mem = '5MB'");
  await server.kill9();
  await server.restart();
  await server.restart();
  expect(await query(server.url, 'SELECT id FROM items')).toEqual([{ id: 1 }]);
  expect(await query(server.url, 'SHOW work_mem')).toEqual([{ work_mem: '5MB' }]);
  expect(await query(server.url, 'SHOW wal_level')).toEqual([{ wal_level: 'logical' }]);
  expect(await query(server.url, 'SHOW fsync')).toEqual([{ fsync: 'on' }]);
  if (server.origin === 'native') {
    expect(await query(server.url, 'SHOW listen_addresses')).toEqual([{ listen_addresses: '127.0.0.1' }]);
    expect(await query(server.url, 'SHOW unix_socket_directories')).toEqual([{ unix_socket_directories: '' }]);
  }
}, 60_000);

async function query(connectionString: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}
