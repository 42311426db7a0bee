import { join } from 'node:path';
import { searchAttributes } from '../../../workflows/shared/messages.ts';
import { serverFolder } from '../folders.ts';
import { ownServer } from '../managed-server.ts';
import { run } from '../process/commands.ts';
import { freePort } from '../process/ports.ts';
import { temporalAnswers } from '../process/probe.ts';
import { ServerProcess } from '../process/server-process.ts';
import { ignore, type OwnServer, type TemporalOptions, type TemporalServer } from '../types.ts';
import type { TemporalProgram } from './temporal-program.ts';

/** Search attributes that the workflows set, all keywords; the development server registers them at its start. */
export const searchAttributeNames: readonly string[] = Object.values(searchAttributes);

/** Starts a Temporal development server with its web UI, on 127.0.0.1 alone; its state survives kill -9. */
export async function startNativeTemporal(
  { program, version }: TemporalProgram,
  { port: wanted, uiPort: wantedUi, dataDir, log = ignore }: TemporalOptions,
): Promise<TemporalServer & OwnServer> {
  const port = wanted ?? (await freePort());
  const uiPort = wantedUi ?? (await freePort());
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
      // The UI asks the internet for news where that can be turned off.
      ...((await run(program, ['server', 'start-dev', '--help'])).includes('--ui-disable-news-fetch')
        ? ['--ui-disable-news-fetch']
        : []),
    ],
    // Its configuration file is the user's, for the command line; no telemetry, no colours.
    env: { TEMPORAL_CONFIG_FILE: join(folder.path, 'none.toml'), NO_COLOR: '1' },
    logFile: join(folder.path, 'server.log'),
    stopSignal: 'SIGTERM',
    remove: folder.remove,
    answers: () => temporalAnswers(address, searchAttributeNames),
  });
  log(`temporal: starting Temporal ${version} on ${address}`);
  await server.start(async () => undefined);
  return ownServer(
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
