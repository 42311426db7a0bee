import type { ConnectionOptions } from 'node:tls';
import pg from 'pg';
import { readConfigFile } from '../../../src/config/worker-config/config-file.ts';
import type { WatchedSession } from '../../../src/databases/answer-watch.ts';
import { bytesMoved, KEEPALIVE_MS, openInTime } from '../../../src/databases/link.ts';
import {
  backendOf,
  INQUIRY_NAME,
  inquireBackend,
  preferWarning,
  socketOf,
} from '../../../src/databases/postgresql/session.ts';
import { MillraceError, messageOf } from '../../../src/errors.ts';
import type { Destination } from '../config/jdbc-url.ts';
import { offsetOf, type Settings } from '../config/settings.ts';
import { quote, quoteLiteral } from '../table/identifiers.ts';
import { sinkError } from './sql-errors.ts';

/**
 * A connection set up for writing: session time zone as configured, no statement timeout, plans that do not look into
 * the arrays. Rejects with SINK_UNAVAILABLE or SINK_SETUP.
 */
export async function connect(settings: Settings, application: string, signal: AbortSignal): Promise<pg.Client> {
  const { destination } = settings;
  if (destination.tls !== 'prefer') return await login(settings, application, await tlsOptions(destination), signal);
  try {
    return await login(settings, application, { rejectUnauthorized: false }, signal);
  } catch (error) {
    if (!(error instanceof NoTls)) throw error;
    return await login(settings, application, false, signal);
  }
}

/** The warning for a session that is not verified by default. */
export function warningOf(client: pg.Client, { destination: { host, port, tls } }: Settings): string | undefined {
  return tls === 'prefer' ? preferWarning(client, `PostgreSQL at ${host}:${port}`) : undefined;
}

/** A session as watchAnswer takes it. application: its name in pg_stat_activity. */
export function watchedSession(client: pg.Client, settings: Settings, application: string): WatchedSession {
  const { host, port, socketTimeoutMs } = settings.destination;
  return {
    server: `PostgreSQL at ${host}:${port}`,
    failure: 'SINK_UNAVAILABLE',
    limitMs: socketTimeoutMs,
    limitSetting: 'socketTimeout in connection.url',
    progress: () => bytesMoved(socketOf(client)),
    inquire: (inquiry, signal) =>
      inquireBackend(
        deadline => connect(settings, INQUIRY_NAME, deadline),
        backendOf(client, application),
        inquiry,
        signal,
      ),
  };
}

/** The server has no TLS, or none that this side can speak. */
class NoTls extends Error {}

async function login(
  settings: Settings,
  application: string,
  ssl: false | ConnectionOptions,
  signal: AbortSignal,
): Promise<pg.Client> {
  const { destination } = settings;
  const { host, port, database, user, password, options, tls } = destination;
  const client = new pg.Client({
    host,
    port,
    database,
    user,
    // A function, so that no password is looked for in files where none is configured.
    password: () => password ?? '',
    ssl,
    options,
    application_name: application,
    keepAlive: destination.tcpKeepAlive,
    keepAliveInitialDelayMillis: KEEPALIVE_MS,
  });
  // What breaks while a query waits reaches the query; the rest shows with the next one.
  client.on('error', () => {});
  const open = async () => {
    await client.connect();
    await client.query(sessionSettings(settings));
  };
  try {
    await openInTime(destination, signal, () => socketOf(client), open);
    return client;
  } catch (error) {
    if (ssl !== false && tls === 'prefer' && isTlsFailure(error)) throw new NoTls(messageOf(error), { cause: error });
    throw sinkError(error, `connecting to ${host}:${port}`);
  }
}

const isTlsFailure = (error: unknown): boolean =>
  /does not support SSL|establishing an SSL/.test(messageOf(error)) ||
  /^(ERR_SSL|ERR_TLS|EPROTO)/.test(String((error as { code?: unknown }).code));

async function tlsOptions(destination: Destination): Promise<false | ConnectionOptions> {
  const { tls, rootCertificate, certificate, key } = destination;
  if (tls === 'disable') return false;
  const read = async (name: string, file: string | undefined) => {
    if (file === undefined) return undefined;
    try {
      return await readConfigFile(file);
    } catch (error) {
      throw new MillraceError(
        'SINK_SETUP',
        `The file that ${name} in connection.url names cannot be read: ${messageOf(error)}`,
        {
          cause: error,
        },
      );
    }
  };
  const [ca, cert, secret] = await Promise.all([
    read('sslrootcert', rootCertificate),
    read('sslcert', certificate),
    read('sslkey', key),
  ]);
  return {
    // As in libpq and the JDBC driver: `require` encrypts, the verifying modes check the authority and the name.
    rejectUnauthorized: tls !== 'require',
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(secret === undefined ? {} : { key: secret }),
    ...(tls === 'verify-ca' ? { checkServerIdentity: () => undefined } : {}),
  };
}

function sessionSettings({ timeZone, destination }: Settings): string {
  const offset = offsetOf(timeZone);
  const zone = offset === undefined ? quoteLiteral(timeZone) : `INTERVAL ${quoteLiteral(offset)} HOUR TO MINUTE`;
  const settings = [
    `SET TIME ZONE ${zone}`,
    'SET statement_timeout = 0',
    // A lock that lasts ends the attempt, not the task: the next one looks who holds it. One that is configured stays.
    "SELECT set_config('lock_timeout', '10s', false) WHERE current_setting('lock_timeout') = '0'",
    'SET DateStyle = ISO',
    // The arrays of a batch say nothing about the next one's: plan once. The setting is there from PostgreSQL 12 on.
    `SELECT set_config(name, 'force_generic_plan', false) FROM pg_settings WHERE name = 'plan_cache_mode'`,
  ];
  if (destination.searchPath !== undefined) {
    const path = destination.searchPath.split(',').map(schema => quote(schema.trim()));
    settings.push(`SET search_path = ${path.join(', ')}`);
  }
  return settings.join('; ');
}
