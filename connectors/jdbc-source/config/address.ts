import { type DatabaseAddress, parseJdbcUrl, type UrlParameter } from '../../../src/databases/jdbc-url.ts';
import type { JdbcSourceConfig } from './keys.ts';

/** Database to read from. */
export interface SourceAddress extends DatabaseAddress {
  /** PostgreSQL's `currentSchema` and `options`. */
  readonly searchPath: string | undefined;
  readonly options: string | undefined;
  /** MySQL's date 0000-00-00 is read as null: zeroDateTimeBehavior=CONVERT_TO_NULL. */
  readonly zeroDatesAreNull: boolean;
}

/** For a configured query, whose first row may take long. */
const SOCKET_TIMEOUT_MS = 3_600_000;

/**
 * Address of a JDBC URL. driverParameters: parameters that are configuration keys of their own. Throws Error with a
 * message that fits after the key's name.
 */
export function parseSourceUrl(url: string, driverParameters: ReadonlyMap<string, string> = new Map()): SourceAddress {
  const { address, parameter } = parseJdbcUrl(url, {
    products: ['postgresql', 'mysql', 'mariadb'],
    driverParameters,
    socketTimeoutMs: SOCKET_TIMEOUT_MS,
  });
  const isPostgres = address.product === 'postgresql';
  return {
    ...address,
    searchPath: parameter('currentSchema'),
    options: isPostgres ? parameter('options') : undefined,
    zeroDatesAreNull: !isPostgres && zeroDatesAreNull(parameter),
  };
}

/** Connector/J's values, current and former ones. */
function zeroDatesAreNull(parameter: UrlParameter): boolean {
  const behavior = parameter('zeroDateTimeBehavior');
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

/** The URL's address, with the user and password of their own keys, which take precedence. */
export function addressOf(config: JdbcSourceConfig): SourceAddress {
  const address = parseSourceUrl(config['connection.url'], config.driverParameters);
  const user = config['connection.user'] ?? address.user;
  return {
    ...address,
    user,
    password: config['connection.password'] ?? address.password,
    // PostgreSQL's drivers use the user's name as the default database.
    database: address.database === '' && address.product === 'postgresql' ? (user ?? '') : address.database,
  };
}
