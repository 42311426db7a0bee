import { memberOf } from '../../../src/api/index.ts';
import { urlParameters } from '../../../src/databases/driver-parameters.ts';
import { type LinkSettings, linkSettings } from '../../../src/databases/link.ts';

/** Which server is spoken to, and by which protocol. */
export type Product = 'postgresql' | 'mysql' | 'mariadb';

/** How TLS is used; `prefer` goes on without where the server has none. */
export type TlsMode = 'disable' | 'prefer' | 'require' | 'verify-ca' | 'verify-full';

/** Where to read, as a JDBC URL says it. */
export interface Address extends LinkSettings {
  readonly product: Product;
  readonly host: string;
  readonly port: number;
  /** Empty where the URL names none. */
  readonly database: string;
  readonly user: string | undefined;
  readonly password: string | undefined;
  readonly tls: TlsMode;
  /** PEM files: the authority's certificate, the client's, and its key. */
  readonly rootCertificate: string | undefined;
  readonly certificate: string | undefined;
  readonly key: string | undefined;
  /** PostgreSQL's `currentSchema` and `options`. */
  readonly searchPath: string | undefined;
  readonly options: string | undefined;
  /** MySQL's date 0000-00-00 is read as null, as zeroDateTimeBehavior=CONVERT_TO_NULL says. */
  readonly zeroDatesAreNull: boolean;
}

const ports: Readonly<Record<Product, number>> = { postgresql: 5432, mysql: 3306, mariadb: 3306 };
/** For a query of the user's own, which may be long before its first row. */
const SOCKET_TIMEOUT_MS = 3_600_000;
const examples =
  'jdbc:postgresql://localhost:5432/shop, jdbc:mysql://localhost:3306/shop or jdbc:mariadb://localhost/shop';

/**
 * Reads the URLs of the PostgreSQL, MySQL and MariaDB JDBC drivers: `jdbc:mysql://host:port/database?parameters`.
 * Parameters that only steer the Java drivers are passed over. `others`: parameters of keys of their own. Throws
 * Error whose message fits behind the key's name.
 */
export function readJdbcUrl(url: string, others: ReadonlyMap<string, string> = new Map()): Address {
  const match = /^jdbc:(postgresql|mysql|mariadb):(.*)$/s.exec(url);
  const product = match?.[1] as Product | undefined;
  if (product === undefined) {
    const other = /^jdbc:([a-z0-9+]+)/i.exec(url)?.[1];
    throw new Error(
      other === undefined
        ? `a JDBC URL begins with jdbc:, as in ${examples}`
        : `${other} is not supported; supported are ${examples}`,
    );
  }
  const rest = match?.[2] ?? '';
  const question = rest.indexOf('?');
  const parameters = urlParameters(question < 0 ? '' : rest.slice(question + 1), others);
  const text = (...names: string[]) => names.map(name => parameters.get(name) ?? undefined).find(value => value);
  const place = readPlace(question < 0 ? rest : rest.slice(0, question), product);
  const user = text('user') ?? place.user;
  return {
    product,
    host: place.host,
    port: place.port,
    database: place.database,
    user,
    password: text('password') ?? place.password,
    tls: product === 'postgresql' ? postgresTls(text) : mysqlTls(text),
    rootCertificate: text('sslrootcert', 'serverSslCert', 'sslCa'),
    certificate: text('sslcert', 'clientSslCert', 'sslCert'),
    key: text('sslkey', 'clientSslKey', 'sslKey'),
    searchPath: text('currentSchema'),
    options: product === 'postgresql' ? text('options') : undefined,
    zeroDatesAreNull: product !== 'postgresql' && zeroDatesAreNull(text('zeroDateTimeBehavior')),
    ...linkSettings(text, { unitMs: product === 'postgresql' ? 1000 : 1, socketTimeoutMs: SOCKET_TIMEOUT_MS }),
  };
}

interface Place {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user?: string;
  readonly password?: string;
}

function readPlace(place: string, product: Product): Place {
  if (!place.startsWith('//')) return { host: 'localhost', port: ports[product], database: decode(place) };
  const slash = place.indexOf('/', 2);
  const whole = slash < 0 ? place.slice(2) : place.slice(2, slash);
  const database = slash < 0 ? '' : decode(place.slice(slash + 1));
  const at = whole.lastIndexOf('@');
  const authority = whole.slice(at + 1);
  if (authority.includes(','))
    throw new Error('several hosts are not supported: name one, or an address that follows the primary');
  const match = /^(\[[^\]]*\]|[^:]*)(?::(\d+))?$/.exec(authority);
  const port = Number(match?.[2] ?? ports[product]);
  if (match === null || port < 1 || port > 65_535) throw new Error(`${authority} is not host:port`);
  const [user, password] = at < 0 ? [] : whole.slice(0, at).split(/:(.*)/s);
  return {
    host: (match[1] ?? '').replace(/^\[|\]$/g, '') || 'localhost',
    port,
    database,
    ...(user ? { user: decode(user) } : {}),
    ...(password === undefined ? {} : { password: decode(password) }),
  };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new Error(`${text} is not a well-formed part of a URL`);
  }
}

type Parameter = (...names: string[]) => string | undefined;
const isTrue = (text: string | undefined): boolean => text?.toLowerCase() === 'true';

/** pgjdbc: `sslmode`, and the older `ssl`, which checks the certificate. */
function postgresTls(text: Parameter): TlsMode {
  const mode = text('sslmode')?.toLowerCase();
  if (mode === undefined) return text('ssl') === undefined || text('ssl') === 'false' ? 'prefer' : 'verify-full';
  if (mode === 'allow') return 'prefer';
  if (mode === 'disable' || mode === 'prefer' || mode === 'require' || mode === 'verify-ca' || mode === 'verify-full')
    return mode;
  throw new Error(`sslmode=${mode} is none of disable, allow, prefer, require, verify-ca, verify-full`);
}

/** Connector/J's names, of now and before. */
function zeroDatesAreNull(behavior: string | undefined): boolean {
  switch (behavior?.toLowerCase()) {
    case undefined:
    case 'exception':
      return false;
    case 'convert_to_null':
    case 'converttonull':
      return true;
    default:
      throw new Error(`zeroDateTimeBehavior=${behavior} is not supported: set EXCEPTION or CONVERT_TO_NULL`);
  }
}

const mysqlModes: Readonly<Record<string, TlsMode>> = {
  disabled: 'disable',
  disable: 'disable',
  preferred: 'prefer',
  required: 'require',
  trust: 'require',
  verify_ca: 'verify-ca',
  'verify-ca': 'verify-ca',
  verify_identity: 'verify-full',
  'verify-full': 'verify-full',
};

/** Connector/J's and MariaDB's `sslMode`, and Connector/J's older `useSSL`, `requireSSL`, `verifyServerCertificate`. */
function mysqlTls(text: Parameter): TlsMode {
  const mode = text('sslMode')?.toLowerCase();
  if (mode !== undefined) {
    const known = memberOf(mysqlModes, mode);
    if (known === undefined)
      throw new Error(`sslMode=${mode} is none of disabled, preferred, required, verify_ca, verify_identity`);
    return known;
  }
  const use = text('useSSL', 'useSsl');
  if (use === undefined) return 'prefer';
  if (!isTrue(use)) return 'disable';
  if (isTrue(text('verifyServerCertificate'))) return 'verify-ca';
  return isTrue(text('requireSSL')) ? 'require' : 'prefer';
}
