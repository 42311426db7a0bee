import { join } from 'node:path';
import { searchAttributes } from '../../../workflows/shared/messages.ts';
import { serverFolder } from '../folders.ts';
import { managedServer } from '../managed-server.ts';
import { run } from '../process/commands.ts';
import { freePort } from '../process/ports.ts';
import { isTemporalReady } from '../process/probe.ts';
import { ServerProcess } from '../process/server-process.ts';
import { type ManagedServer, silent, type TemporalOptions, type TemporalServer } from '../types.ts';
import type { TemporalProgram } from './temporal-program.ts';

/** Search attributes that the workflows set, all of type Keyword; the development server registers them when it starts. */
export const searchAttributeNames: readonly string[] = Object.values(searchAttributes);

/** Starts a Temporal development server and its web UI, listening on 127.0.0.1 only; its state survives kill -9. */
export async function startNativeTemporal(
  { program, version }: TemporalProgram,
  { port: requestedPort, uiPort: requestedUiPort, dataDir, log = silent }: TemporalOptions,
): Promise<TemporalServer & ManagedServer> {
  const port = requestedPort ?? (await freePort());
  const uiPort = requestedUiPort ?? (await freePort());
  const address = `127.0.0.1:${port}`;
  const folder = await serverFolder('temporal', dataDir);
  const server = new ServerProcess({
    name: 'Temporal',
    program,
    args: [
      ...['server', 'start-dev', '--log-level', 'error'],
      ...['--ip', '127.0.0.1', '--port', String(port), '--ui-port', String(uiPort)],
      ...['--http-port', String(await freePort()), '--metrics-port', String(await freePort())],
      ...['--db-filename', join(folder.path, 'temporal.db')],
      ...searchAttributeNames.flatMap(name => ['--search-attribute', `${name}=Keyword`]),
      // The UI downloads news from the internet unless that is disabled; older versions do not have the option.
      ...((await run(program, ['server', 'start-dev', '--help'])).includes('--ui-disable-news-fetch')
        ? ['--ui-disable-news-fetch']
        : []),
    ],
    // The user's configuration file is for the command line, not for this server.
    env: { TEMPORAL_CONFIG_FILE: join(folder.path, 'none.toml'), NO_COLOR: '1' },
    logFile: join(folder.path, 'server.log'),
    stopSignal: 'SIGTERM',
    remove: folder.remove,
    isReady: () => isTemporalReady(address, searchAttributeNames),
  });
  log(`temporal: starting Temporal ${version} on ${address}`);
  await server.start(async () => undefined);
  return managedServer(
    {
      service: 'temporal',
      origin: 'native',
      address,
      version: `Temporal ${version}`,
      ui: `http://127.0.0.1:${uiPort}`,
    },
    server,
  );
}
