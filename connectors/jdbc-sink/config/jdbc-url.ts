import { urlParameters } from '../../../src/databases/driver-parameters.ts';
import { type LinkSettings, linkSettings } from '../../../src/databases/link.ts';

/** Where to write, as read from a JDBC URL of PostgreSQL's driver. */
export interface Destination extends LinkSettings {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string | undefined;
  readonly password: string | undefined;
  readonly tls: TlsMode;
  /** Files with the authority's certificate, the client's, and its key. */
  readonly rootCertificate: string | undefined;
  readonly certificate: string | undefined;
  readonly key: string | undefined;
  /** `currentSchema`: the search path. */
  readonly searchPath: string | undefined;
  /** `options`: what the server is started with for this session, such as `-c synchronous_commit=off`. */
  readonly options: string | undefined;
  /** `prepareThreshold=0`: no named statements, for poolers that cannot keep them. */
  readonly named: boolean;
}

/** `sslmode` as the driver means it; `allow` and `prefer` ask for TLS and go on without. */
export type TlsMode = 'disable' | 'prefer' | 'require' | 'verify-ca' | 'verify-full';

const prefix = 'jdbc:postgresql:';
/** For one batch, in which no wait for a lock lasts longer than lock_timeout: see connect. */
const SOCKET_TIMEOUT_MS = 600_000;

/**
 * Reads `jdbc:postgresql://host:port/database?parameters` and its short forms, as the PostgreSQL JDBC driver's
 * documentation has them. Parameters that only steer the Java driver (`reWriteBatchedInserts`, `stringtype`, …) are
 * passed over. `others`: parameters of keys of their own. Throws Error whose message fits behind the key's name.
 */
export function readJdbcUrl(url: string, others: ReadonlyMap<string, string> = new Map()): Destination {
  if (!url.startsWith('jdbc:')) throw new Error(`a JDBC URL begins with jdbc:, as in ${prefix}//localhost:5432/shop`);
  if (!url.startsWith(prefix)) {
    const other = /^jdbc:([a-z0-9+]+)/i.exec(url)?.[1] ?? 'this database';
    throw new Error(`${other} is not supported; supported is PostgreSQL, as in ${prefix}//localhost:5432/shop`);
  }
  const rest = url.slice(prefix.length);
  const question = rest.indexOf('?');
  const address = question < 0 ? rest : rest.slice(0, question);
  const parameters = urlParameters(question < 0 ? '' : rest.slice(question + 1), others);
  const { host, port, database } = readAddress(address);
  const text = (name: string) => parameters.get(name) ?? undefined;
  const user = text('user');
  return {
    host,
    port,
    database: database || user || '',
    user,
    password: text('password'),
    tls: tlsMode(text('sslmode'), text('ssl')),
    rootCertificate: text('sslrootcert'),
    certificate: text('sslcert'),
    key: text('sslkey'),
    searchPath: text('currentSchema'),
    options: text('options'),
    ...linkSettings(text, { unitMs: 1000, socketTimeoutMs: SOCKET_TIMEOUT_MS }),
    named: text('prepareThreshold') !== '0',
  };
}

function readAddress(address: string): { host: string; port: number; database: string } {
  const decode = (text: string) => {
    try {
      return decodeURIComponent(text);
    } catch {
      throw new Error(`${text} is not a well-formed part of a URL`);
    }
  };
  if (!address.startsWith('//')) return { host: 'localhost', port: 5432, database: decode(address) };
  const slash = address.indexOf('/', 2);
  const authority = slash < 0 ? address.slice(2) : address.slice(2, slash);
  const database = slash < 0 ? '' : decode(address.slice(slash + 1));
  if (authority.includes(','))
    throw new Error('several hosts are not supported: name one, or an address that follows the primary');
  const match = /^(\[[^\]]*\]|[^:]*)(?::(\d+))?$/.exec(authority);
  const port = Number(match?.[2] ?? 5432);
  if (match === null || port < 1 || port > 65535) throw new Error(`${authority} is not host:port`);
  return { host: (match[1] ?? '').replace(/^\[|\]$/g, '') || 'localhost', port, database };
}

function tlsMode(mode: string | undefined, ssl: string | undefined): TlsMode {
  switch (mode) {
    case undefined:
      // The driver's older switch: TLS with the certificate checked, on where it is named at all.
      return ssl === undefined || ssl === 'false' ? 'prefer' : 'verify-full';
    case 'allow':
      return 'prefer';
    case 'disable':
    case 'prefer':
    case 'require':
    case 'verify-ca':
    case 'verify-full':
      return mode;
    default:
      throw new Error(`sslmode=${mode} is none of disable, allow, prefer, require, verify-ca, verify-full`);
  }
}
