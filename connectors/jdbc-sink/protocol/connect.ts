import type pg from 'pg';
import { readConfigFile } from '../../../src/config/worker-config/config-file.ts';
import type { WatchedSession } from '../../../src/databases/answer-watch.ts';
import { serverName } from '../../../src/databases/jdbc-url.ts';
import { transferredBytes } from '../../../src/databases/link.ts';
import { openClient } from '../../../src/databases/postgresql/connect.ts';
import { quoteIdentifier, quoteLiteral } from '../../../src/databases/postgresql/quote.ts';
import {
  backendOf,
  PROBE_APPLICATION_NAME,
  preferWarning,
  probeBackend,
  socketOf,
} from '../../../src/databases/postgresql/session.ts';
import type { PemReader } from '../../../src/databases/tls.ts';
import { MillraceError, messageOf } from '../../../src/errors.ts';
import { offsetOf, type Settings } from '../config/settings.ts';
import { toMillraceError } from './failures.ts';

/**
 * Opens a connection for writing: configured session time zone, no statement timeout, generic plans. application: its
 * name in pg_stat_activity. Rejects with SINK_UNAVAILABLE or SINK_SETUP.
 */
export async function connect(settings: Settings, application: string, signal: AbortSignal): Promise<pg.Client> {
  const { destination } = settings;
  try {
    return await openClient(destination, {
      applicationName: application,
      options: destination.options,
      readPem,
      signal,
      prepare: client => client.query(sessionSettings(settings)),
    });
  } catch (error) {
    throw toMillraceError(error, `connecting to ${destination.host}:${destination.port}`);
  }
}

const pemParameters = {
  tls: 'sslmode',
  rootCertificate: 'sslrootcert',
  certificate: 'sslcert',
  key: 'sslkey',
} as const;

const readPem: PemReader = async (path, setting) => {
  try {
    return await readConfigFile(path);
  } catch (error) {
    throw new MillraceError(
      'SINK_SETUP',
      `The file that ${pemParameters[setting]} in connection.url names cannot be read: ${messageOf(error)}`,
      { cause: error },
    );
  }
};

/** Warning for a connection that is not verified because no TLS mode is configured; undefined otherwise. */
export function unverifiedWarning(client: pg.Client, { destination }: Settings): string | undefined {
  return destination.tls === 'prefer' ? preferWarning(client, serverName(destination)) : undefined;
}

/** Session for watchAnswer. application: its name in pg_stat_activity. */
export function watchedSession(client: pg.Client, settings: Settings, application: string): WatchedSession {
  const { destination } = settings;
  return {
    server: serverName(destination),
    failure: 'SINK_UNAVAILABLE',
    limitMs: destination.socketTimeoutMs,
    limitSetting: 'socketTimeout in connection.url',
    progress: () => transferredBytes(socketOf(client)),
    probe: (inquiry, signal) =>
      probeBackend(
        deadline => connect(settings, PROBE_APPLICATION_NAME, deadline),
        backendOf(client, application),
        inquiry,
        signal,
      ),
  };
}

function sessionSettings({ timeZone, destination }: Settings): string {
  const offset = offsetOf(timeZone);
  const zone = offset === undefined ? quoteLiteral(timeZone) : `INTERVAL ${quoteLiteral(offset)} HOUR TO MINUTE`;
  const settings = [
    `SET TIME ZONE ${zone}`,
    'SET statement_timeout = 0',
    // A long wait for a lock ends the attempt, so that the next one ends stalled transactions. A configured limit stays.
    "SELECT set_config('lock_timeout', '10s', false) WHERE current_setting('lock_timeout') = '0'",
    'SET DateStyle = ISO',
    // One plan for all batches, as they differ only in their arrays. The setting exists since PostgreSQL 12.
    `SELECT set_config(name, 'force_generic_plan', false) FROM pg_settings WHERE name = 'plan_cache_mode'`,
  ];
  if (destination.searchPath !== undefined) {
    const path = destination.searchPath.split(',').map(schema => quoteIdentifier(schema.trim()));
    settings.push(`SET search_path = ${path.join(', ')}`);
  }
  return settings.join('; ');
}
