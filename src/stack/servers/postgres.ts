import { existsSync } from 'node:fs';
import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { serverFolder } from '../folders.ts';
import { managedServer } from '../managed-server.ts';
import { freePort } from '../process/ports.ts';
import { readWalLevel } from '../process/probe.ts';
import { ServerProcess } from '../process/server-process.ts';
import { type ManagedServer, type PostgresServer, type StartOptions, silent } from '../types.ts';
import type { PostgresProgram } from './postgres-program.ts';
import { managedPostgresUrl, parsePostgresUrl } from './postgres-url.ts';

/** Starts PostgreSQL, listening on 127.0.0.1 only, with logical decoding; the user is `postgres`, without password check. */
export async function startNativePostgres(
  { bin, version, user }: PostgresProgram,
  { port: requestedPort, dataDir, log = silent }: StartOptions,
): Promise<PostgresServer & ManagedServer> {
  const port = requestedPort ?? (await freePort());
  const location = parsePostgresUrl(managedPostgresUrl(port));
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
    // After kill -9 a segment of shared memory stays, whose id is in the pid file; PostgreSQL does not remove it.
    cleanUp: 'ipcrm -m "$(sed -n "7s/.* //p" "$1/data/postmaster.pid")"',
    isReady: async () => (await readWalLevel(location.url)) !== undefined,
    retryStartOn: /pre-existing shared memory block|lock file "postmaster.pid" already exists/,
  });
  log(`postgres: starting PostgreSQL ${version} on ${location.address}`);
  await server.start(async run => {
    if (existsSync(join(data, 'PG_VERSION'))) return;
    const init = ['-D', data, '-U', 'postgres', '--auth=trust', '--encoding=UTF8', '--locale=C', '--no-sync'];
    await run(join(bin, 'initdb'), init);
    await appendFile(join(data, 'postgresql.conf'), configuration);
  });
  return managedServer(
    { service: 'postgres', origin: 'native', version: `PostgreSQL ${version}`, ...location },
    server,
  );
}

// In the file, because ALTER SYSTEM cannot override options of the command line.
const configuration = `
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
wal_level = logical
max_wal_senders = 50
max_replication_slots = 50
max_connections = 200
max_wal_size = 2GB
shared_buffers = 256MB
# Shared memory in files of the data folder, so that it is removed with the folder.
dynamic_shared_memory_type = mmap
`;
