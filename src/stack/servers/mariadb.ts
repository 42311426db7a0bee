import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { serverFolder } from '../folders.ts';
import { managedServer } from '../managed-server.ts';
import { freePort } from '../process/ports.ts';
import { isMariadbReady } from '../process/probe.ts';
import { ServerProcess } from '../process/server-process.ts';
import { type ManagedServer, type MariadbServer, type StartOptions, silent } from '../types.ts';
import type { MariadbProgram } from './mariadb-program.ts';
import { parseMariadbUrl } from './mariadb-url.ts';

/** Starts MariaDB, listening on 127.0.0.1 only, with a row-based binlog, and `root` without a password. */
export async function startNativeMariadb(
  { server: program, install, version, user }: MariadbProgram,
  { port: requestedPort, dataDir, log = silent }: StartOptions,
): Promise<MariadbServer & ManagedServer> {
  const port = requestedPort ?? (await freePort());
  const location = parseMariadbUrl(`mysql://root@127.0.0.1:${port}`);
  const folder = await serverFolder('mariadb', dataDir, user);
  const data = join(folder.path, 'data');
  const server = new ServerProcess({
    name: 'MariaDB',
    program,
    args: [
      '--no-defaults',
      `--datadir=${data}`,
      '--bind-address=127.0.0.1',
      `--port=${port}`,
      `--socket=${join(folder.path, 'server.sock')}`,
      `--pid-file=${join(folder.path, 'server.pid')}`,
      `--tmpdir=${folder.path}`,
      '--skip-name-resolve',
      '--character-set-server=utf8mb4',
      '--server-id=1',
      '--log-bin=binlog',
      '--binlog-format=ROW',
      '--binlog-row-image=FULL',
      '--binlog-row-metadata=FULL',
      '--innodb-buffer-pool-size=128M',
      '--max-connections=200',
    ],
    ...(user ? { user } : {}),
    logFile: join(folder.path, 'server.log'),
    stopSignal: 'SIGTERM',
    remove: folder.remove,
    isReady: () => isMariadbReady(location.url),
    // Locks of a server process that was killed and has not ended yet.
    retryStartOn: /Unable to lock \.\/ibdata1|Can't lock aria control file/,
  });
  log(`mariadb: starting MariaDB ${version} on ${location.address}`);
  await server.start(async run => {
    if (existsSync(join(data, 'mysql'))) return;
    const options = [
      '--no-defaults',
      `--datadir=${data}`,
      '--auth-root-authentication-method=normal',
      '--skip-test-db',
    ];
    await run(install, options);
  });
  return managedServer({ service: 'mariadb', origin: 'native', version: `MariaDB ${version}`, ...location }, server);
}
