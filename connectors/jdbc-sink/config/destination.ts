import { type DatabaseAddress, parseJdbcUrl } from '../../../src/databases/jdbc-url.ts';

/** Database to write to. */
export interface Destination extends DatabaseAddress {
  /** `currentSchema`: the search path. */
  readonly searchPath: string | undefined;
  /** `options`: command-line options of the session, such as `-c synchronous_commit=off`. */
  readonly options: string | undefined;
  /** False with `prepareThreshold=0`, for poolers that do not support named statements. */
  readonly useNamedStatements: boolean;
}

/** For one batch, in which no wait for a lock lasts longer than lock_timeout: see connect. */
const SOCKET_TIMEOUT_MS = 600_000;

/**
 * Destination of a JDBC URL. driverParameters: parameters that are configuration keys of their own. Throws Error with a
 * message that fits after the key's name.
 */
export function parseDestination(url: string, driverParameters: ReadonlyMap<string, string> = new Map()): Destination {
  const { address, parameter } = parseJdbcUrl(url, {
    products: ['postgresql'],
    driverParameters,
    socketTimeoutMs: SOCKET_TIMEOUT_MS,
  });
  return {
    ...address,
    database: address.database || address.user || '',
    searchPath: parameter('currentSchema'),
    options: parameter('options'),
    useNamedStatements: parameter('prepareThreshold') !== '0',
  };
}
