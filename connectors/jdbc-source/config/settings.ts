import type { ConnectionOptions } from 'node:tls';
import { readConfigFileSync } from '../../../src/config/worker-config/config-file.ts';
import { MillraceError, messageOf } from '../../../src/errors.ts';
import { type Address, readJdbcUrl } from './jdbc-url.ts';
import type { JdbcSourceConfig } from './keys.ts';

/** The URL's address, with user and password of their own keys put over it. */
export function addressOf(config: JdbcSourceConfig): Address {
  const address = readJdbcUrl(config['connection.url'], config.driverParameters);
  const user = config['connection.user'] ?? address.user;
  return {
    ...address,
    user,
    password: config['connection.password'] ?? address.password,
    // PostgreSQL's drivers take the user's name for the database's.
    database: address.database === '' && address.product === 'postgresql' ? (user ?? '') : address.database,
  };
}

/** What is tried in turn: with TLS, without, or one after the other. Rejects SOURCE_SETUP for files that are not there. */
export function tlsAttempts(address: Address): readonly (ConnectionOptions | undefined)[] {
  if (address.tls === 'disable') return [undefined];
  const verified = address.tls === 'verify-ca' || address.tls === 'verify-full';
  const { rootCertificate, certificate, key } = address;
  const secure: ConnectionOptions = {
    rejectUnauthorized: verified,
    ...(address.tls === 'verify-ca' ? { checkServerIdentity: () => undefined } : {}),
    ...(rootCertificate === undefined ? {} : { ca: pem(rootCertificate) }),
    ...(certificate === undefined ? {} : { cert: pem(certificate) }),
    ...(key === undefined ? {} : { key: pem(key) }),
  };
  return address.tls === 'prefer' ? [secure, undefined] : [secure];
}

function pem(path: string): Buffer {
  try {
    return readConfigFileSync(path);
  } catch (error) {
    throw new MillraceError('SOURCE_SETUP', `a file that connection.url names cannot be read: ${messageOf(error)}`, {
      cause: error,
    });
  }
}
