import { urlParameters } from './driver-parameters.ts';
import { type LinkSettings, linkSettings } from './link.ts';
import { mysqlTlsMode } from './mysql/tls.ts';
import { postgresTlsMode } from './postgresql/tls.ts';
import type { TlsSettings } from './tls.ts';

/** Database products, by the names in their JDBC URLs. */
export type Product = 'postgresql' | 'mysql' | 'mariadb';

/** Server, login, TLS and time limits of a JDBC URL. */
export interface DatabaseAddress extends LinkSettings, TlsSettings {
  readonly product: Product;
  readonly host: string;
  readonly port: number;
  /** Empty if the URL has none. */
  readonly database: string;
  readonly user: string | undefined;
  readonly password: string | undefined;
}

/** Value of the first of several spellings of a driver parameter; undefined if all are missing or empty. */
export type UrlParameter = (...names: string[]) => string | undefined;

export interface JdbcUrl {
  readonly address: DatabaseAddress;
  readonly parameter: UrlParameter;
}

export interface JdbcUrlOptions {
  /** Products that the connector supports. */
  readonly products: readonly Product[];
  /** Driver parameters that are configuration keys of their own; those of the URL take precedence. */
  readonly driverParameters: ReadonlyMap<string, string>;
  /** Default of `socketTimeout`, in milliseconds. */
  readonly socketTimeoutMs: number;
}

const ports: Readonly<Record<Product, number>> = { postgresql: 5432, mysql: 3306, mariadb: 3306 };
const titles: Readonly<Record<Product, string>> = { postgresql: 'PostgreSQL', mysql: 'MySQL', mariadb: 'MariaDB' };

/**
 * Parses the URLs of the PostgreSQL, MySQL and MariaDB JDBC drivers: `jdbc:mysql://host:port/database?parameters`.
 * Ignores parameters that only concern the Java drivers (`reWriteBatchedInserts`, `stringtype`, …). Throws Error with a
 * message that fits after the key's name.
 */
export function parseJdbcUrl(url: string, options: JdbcUrlOptions): JdbcUrl {
  const [, product, rest] = /^jdbc:(postgresql|mysql|mariadb):(.*)$/s.exec(url) ?? [];
  if (!isSupported(product, options) || rest === undefined) throw unsupported(url, options);
  const question = rest.indexOf('?');
  const parameters = urlParameters(question < 0 ? '' : rest.slice(question + 1), options.driverParameters);
  const parameter: UrlParameter = (...names) =>
    names.map(name => parameters.get(name) ?? undefined).find(value => value !== undefined && value !== '');
  const location = parseLocation(question < 0 ? rest : rest.slice(0, question), product);
  const unitMs = product === 'postgresql' ? 1000 : 1;
  const address: DatabaseAddress = {
    product,
    ...location,
    user: parameter('user') ?? location.user,
    password: parameter('password') ?? location.password,
    tls: product === 'postgresql' ? postgresTlsMode(parameters) : mysqlTlsMode(parameter),
    rootCertificate: parameter('sslrootcert', 'serverSslCert', 'sslCa'),
    certificate: parameter('sslcert', 'clientSslCert', 'sslCert'),
    key: parameter('sslkey', 'clientSslKey', 'sslKey'),
    ...linkSettings(parameter, { unitMs, socketTimeoutMs: options.socketTimeoutMs }),
  };
  return { address, parameter };
}

/** `PostgreSQL at db.example:5432` */
export const serverName = ({ product, host, port }: Pick<DatabaseAddress, 'product' | 'host' | 'port'>): string =>
  `${titles[product]} at ${host}:${port}`;

const isSupported = (product: string | undefined, { products }: JdbcUrlOptions): product is Product =>
  products.some(each => each === product);

function unsupported(url: string, { products }: JdbcUrlOptions): Error {
  const examples = products.map(product => `jdbc:${product}://localhost:${ports[product]}/shop`);
  const listed = [examples.slice(0, -1).join(', '), examples.at(-1)].filter(text => text !== '').join(' or ');
  if (!url.startsWith('jdbc:')) return new Error(`a JDBC URL begins with jdbc:, as in ${listed}`);
  const product = /^jdbc:([a-z0-9+]+)/i.exec(url)?.[1] ?? 'this database';
  const names = products.map(each => titles[each]).join(', ');
  return new Error(`${product} is not supported; supported: ${names}, as in ${listed}`);
}

type Location = Pick<DatabaseAddress, 'host' | 'port' | 'database' | 'user' | 'password'>;

/** Parses `//user:password@host:port/database` and its short forms. */
function parseLocation(text: string, product: Product): Location {
  const login = { user: undefined, password: undefined };
  if (!text.startsWith('//')) return { host: 'localhost', port: ports[product], database: decodePart(text), ...login };
  const slash = text.indexOf('/', 2);
  const beforeSlash = slash < 0 ? text.slice(2) : text.slice(2, slash);
  const database = slash < 0 ? '' : decodePart(text.slice(slash + 1));
  const at = beforeSlash.lastIndexOf('@');
  const authority = beforeSlash.slice(at + 1);
  if (authority.includes(','))
    throw new Error('several hosts are not supported: name one, or an address that follows the primary');
  const match = /^(\[[^\]]*\]|[^:]*)(?::(\d+))?$/.exec(authority);
  const port = Number(match?.[2] ?? ports[product]);
  if (match === null || port < 1 || port > 65_535) throw new Error(`${authority} is not host:port`);
  const [user, password] = at < 0 ? [] : beforeSlash.slice(0, at).split(/:(.*)/s);
  return {
    host: (match[1] ?? '').replace(/^\[|\]$/g, '') || 'localhost',
    port,
    database,
    user: user ? decodePart(user) : undefined,
    password: password === undefined ? undefined : decodePart(password),
  };
}

function decodePart(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new Error(`${text} is not a well-formed part of a URL`);
  }
}
