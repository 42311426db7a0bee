import { existsSync } from 'node:fs';
import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { serverFolder } from '../folders.ts';
import { ownServer } from '../managed-server.ts';
import { freePort } from '../process/ports.ts';
import { postgresAnswers } from '../process/probe.ts';
import { ServerProcess } from '../process/server-process.ts';
import { ignore, type OwnServer, type PostgresServer, type StartOptions } from '../types.ts';
import type { PostgresProgram } from './postgres-program.ts';
import { ownPostgresUrl, postgresAt } from './postgres-url.ts';

/** Starts a PostgreSQL of its own on 127.0.0.1 alone, with logical decoding, and `postgres` for a user without password. */
export async function startNativePostgres(
  { bin, version, user }: PostgresProgram,
  { port: wanted, dataDir, log = ignore }: StartOptions,
): Promise<PostgresServer & OwnServer> {
  const port = wanted ?? (await freePort());
  const where = postgresAt(ownPostgresUrl(port));
  const folder = await serverFolder('postgres', dataDir, user);
  const data = join(folder.path, 'data');
  const server = new ServerProcess({
    name: 'PostgreSQL',
    program: join(bin, 'postgres'),
    args: ['-D', data, '-p', String(port)],
    ...(user ? { user } : {}),
    logFile: join(folder.path, 'server.log'),
    stopSignal: 'SIGINT',
    forks: true,
    remove: folder.remove,
    // After kill -9 a segment of shared memory stays, named in the pid file; nobody else removes it.
    finish: 'ipcrm -m "$(sed -n "7s/.* //p" "$1/data/postmaster.pid")"',
    answers: async () => (await postgresAnswers(where.url)) !== undefined,
    notYet: /pre-existing shared memory block|lock file "postmaster.pid" already exists/,
  });
  log(`postgres: starting PostgreSQL ${version} on ${where.address}`);
  await server.start(async run => {
    if (existsSync(join(data, 'PG_VERSION'))) return;
    const init = ['-D', data, '-U', 'postgres', '--auth=trust', '--encoding=UTF8', '--locale=C', '--no-sync'];
    await run(join(bin, 'initdb'), init);
    await appendFile(join(data, 'postgresql.conf'), configuration);
  });
  return ownServer({ service: 'postgres', origin: 'native', version: `PostgreSQL ${version}`, ...where }, server);
}

// In the file, not on the command line, so that ALTER SYSTEM can override it.
const configuration = `
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
wal_level = logical
max_wal_senders = 50
max_replication_slots = 50
max_connections = 200
max_wal_size = 2GB
shared_buffers = 256MB
# Shared memory in the data folder, so that it goes with it.
dynamic_shared_memory_type = mmap
`;
