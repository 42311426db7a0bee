import type { ConnectionOptions } from 'node:tls';
import pg from 'pg';
import { messageOf } from '../../errors.ts';
import type { DatabaseAddress } from '../jdbc-url.ts';
import { KEEPALIVE_MS, openInTime } from '../link.ts';
import { type PemReader, tlsAttempts } from '../tls.ts';
import { socketOf } from './session.ts';

export interface ClientOptions {
  /** Name of the session in pg_stat_activity. */
  readonly applicationName: string;
  /** Command-line options of the session, such as `-c timezone=UTC`. */
  readonly options: string | undefined;
  readonly readPem: PemReader;
  readonly signal: AbortSignal;
  /** Statements that set up the session, within loginTimeout. */
  prepare?(client: pg.Client): Promise<unknown>;
}

/**
 * Opens a session within the address's time limits. In the TLS mode `prefer`, a server without usable TLS is connected to
 * without it. Rejects with the driver's error, an Error that names the exceeded limit, or as `readPem` does.
 */
export async function openClient(address: DatabaseAddress, options: ClientOptions): Promise<pg.Client> {
  const [first, second] = await tlsAttempts(address, options.readPem);
  try {
    return await login(address, first, options);
  } catch (error) {
    if (address.tls !== 'prefer' || !isTlsUnavailable(error)) throw error;
    return await login(address, second, options);
  }
}

async function login(
  address: DatabaseAddress,
  ssl: ConnectionOptions | undefined,
  { applicationName, options, signal, prepare }: ClientOptions,
): Promise<pg.Client> {
  const { host, port, database, user, password } = address;
  const client = new pg.Client({
    host,
    port,
    database,
    user,
    // A function, so that the driver does not look for a password in PGPASSWORD or in files.
    password: () => password ?? '',
    ssl: ssl ?? false,
    options,
    application_name: applicationName,
    keepAlive: address.tcpKeepAlive,
    keepAliveInitialDelayMillis: KEEPALIVE_MS,
  });
  // The running query receives the error of a broken connection; if none runs, the next one does.
  client.on('error', () => {});
  const open = async () => {
    await client.connect();
    await prepare?.(client);
  };
  await openInTime(address, signal, () => socketOf(client), open);
  return client;
}

const isTlsUnavailable = (error: unknown): boolean =>
  /does not support SSL|establishing an SSL/.test(messageOf(error)) ||
  /^(ERR_SSL|ERR_TLS|EPROTO)/.test(String((error as { code?: unknown }).code));
