import { createPrivateKey } from 'node:crypto';
import pg from 'pg';
import { readConfigFileSync } from '../../../src/config/worker-config/config-file.ts';
import { KEEPALIVE_MS } from '../../../src/databases/link.ts';
import { preferWarning, socketOf } from '../../../src/databases/postgresql/session.ts';
import { MillraceError, messageOf } from '../../../src/errors.ts';
import { type DatabaseError, toMillraceError } from './failures.ts';

/** `database.sslmode`, with the values of libpq. */
export type SslMode = 'disable' | 'allow' | 'prefer' | 'require' | 'verify-ca' | 'verify-full';

export interface ConnectionSettings {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
  readonly ssl: SslSettings;
  readonly keepAlive: boolean;
  readonly initialStatements: readonly string[];
  /** `database.query.timeout.ms`; 0 for none. */
  readonly queryTimeoutMs: number;
}

export interface SslSettings {
  readonly mode: SslMode;
  /** Paths of files; null: none. */
  readonly rootCertificate: string | null;
  readonly certificate: string | null;
  readonly key: string | null;
  readonly keyPassword: string | null;
}

export interface ConnectOptions {
  /** Shown in pg_stat_activity; 63 bytes at most. */
  readonly applicationName: string;
  readonly replication?: boolean;
  readonly connectTimeoutMs?: number;
  /** Checks the session before it is used; the session is closed if it rejects. */
  readonly check?: (client: pg.Client) => Promise<void>;
  /** Aborts connecting. */
  readonly signal?: AbortSignal;
  /** Called with a warning if the server's certificate is not verified. */
  readonly warn?: (message: string) => void;
}

/**
 * Text formats that the column codecs read. They apply to the walsender too, and are startup parameters, so that no
 * statement runs without them.
 */
const TEXT_FORMATS =
  '-c datestyle=ISO -c intervalstyle=iso_8601 -c timezone=UTC -c bytea_output=hex -c extra_float_digits=1 -c lc_monetary=C';

/** Time limit of login, `database.initial.statements` and `check`. */
const READY_MS = 60_000;

/** Opens a session. Rejects with SOURCE_UNAVAILABLE or SOURCE_SETUP. */
export async function connect(settings: ConnectionSettings, options: ConnectOptions): Promise<pg.Client> {
  const doing = `connecting to PostgreSQL at ${settings.host}:${settings.port}`;
  const attempts = sslAttempts(settings.ssl);
  for (const [i, ssl] of attempts.entries()) {
    const client = new pg.Client(clientConfig(settings, options, ssl));
    // The next query of an idle session that breaks rejects.
    client.on('error', () => {});
    const abort = () => socketOf(client).destroy(new Error('the task was stopped'));
    const late = () => socketOf(client).destroy(new Error(`the session was not ready within ${READY_MS / 1000} s`));
    const timer = setTimeout(late, READY_MS);
    options.signal?.addEventListener('abort', abort);
    try {
      options.signal?.throwIfAborted();
      await client.connect();
      if (options.replication !== true) for (const sql of settings.initialStatements) await client.query(sql);
      await options.check?.(client);
      warnOfTls(settings, client, options);
      return client;
    } catch (error) {
      // `end` may never resolve for a session that was not opened.
      socketOf(client).destroy();
      if (i + 1 === attempts.length || !otherMayWork(settings.ssl.mode, error)) throw toMillraceError(error, doing);
    } finally {
      clearTimeout(timer);
      options.signal?.removeEventListener('abort', abort);
    }
  }
  throw new MillraceError('INTERNAL', `${doing}: no connection was attempted`);
}

function warnOfTls({ host, port, ssl }: ConnectionSettings, client: pg.Client, { warn }: ConnectOptions): void {
  if (ssl.mode !== 'prefer' || warn === undefined) return;
  const warning = preferWarning(client, `PostgreSQL at ${host}:${port}`, {
    setting: 'database.sslmode=prefer',
    remedy: 'database.sslmode=verify-full, and database.sslrootcert for an authority of your own',
  });
  if (warning !== undefined) warn(warning);
}

function clientConfig(settings: ConnectionSettings, options: ConnectOptions, ssl: Ssl): pg.ClientConfig {
  const timeout = options.replication === true ? 0 : settings.queryTimeoutMs;
  return {
    host: settings.host,
    port: settings.port,
    user: settings.user,
    password: settings.password,
    database: settings.database,
    ssl,
    keepAlive: settings.keepAlive,
    keepAliveInitialDelayMillis: KEEPALIVE_MS,
    application_name: options.applicationName,
    connectionTimeoutMillis: options.connectTimeoutMs ?? 30_000,
    options: `${TEXT_FORMATS} -c statement_timeout=${timeout}`,
    ...(options.replication === true ? { replication: 'database' } : {}),
  };
}

type Ssl = NonNullable<pg.ClientConfig['ssl']>;

function sslAttempts(ssl: SslSettings): Ssl[] {
  switch (ssl.mode) {
    case 'disable':
      return [false];
    case 'allow':
      return [false, sslConfig(ssl)];
    case 'prefer':
      return [sslConfig(ssl), false];
    default:
      return [sslConfig(ssl)];
  }
}

/** libpq's rule: prefer falls back if the server has no TLS, allow if the server requires it. */
function otherMayWork(mode: SslMode, error: unknown): boolean {
  if (mode === 'prefer') return /does not support SSL/.test(messageOf(error));
  return mode === 'allow' && (error as DatabaseError).code === '28000';
}

function sslConfig({ mode, rootCertificate, certificate, key, keyPassword }: SslSettings): Exclude<Ssl, boolean> {
  const verified = mode === 'verify-ca' || mode === 'verify-full';
  return {
    rejectUnauthorized: verified,
    ...(mode === 'verify-ca' ? { checkServerIdentity: () => undefined } : {}),
    ...(rootCertificate === null ? {} : { ca: file('database.sslrootcert', rootCertificate) }),
    ...(certificate === null ? {} : { cert: file('database.sslcert', certificate) }),
    ...(key === null ? {} : { key: privateKey(key, keyPassword) }),
  };
}

function file(name: string, path: string): Buffer {
  try {
    return readConfigFileSync(path);
  } catch (error) {
    throw new MillraceError('SOURCE_SETUP', `${name} cannot be read: ${messageOf(error)}`, { cause: error });
  }
}

/** Reads PEM, or PKCS #8 in DER as Java's drivers do. */
function privateKey(path: string, password: string | null): string {
  const bytes = file('database.sslkey', path);
  const passphrase = password === null ? {} : { passphrase: password };
  try {
    const key = bytes.includes('-----BEGIN')
      ? createPrivateKey({ key: bytes, ...passphrase })
      : createPrivateKey({ key: bytes, format: 'der', type: 'pkcs8', ...passphrase });
    return key.export({ format: 'pem', type: 'pkcs8' }).toString();
  } catch (error) {
    throw new MillraceError('SOURCE_SETUP', 'database.sslkey is no private key, or database.sslpassword is wrong', {
      cause: error,
    });
  }
}
