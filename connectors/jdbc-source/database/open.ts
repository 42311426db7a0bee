import type { Log } from '../../../src/api/index.ts';
import type { JdbcSourceConfig } from '../config/keys.ts';
import { addressOf } from '../config/settings.ts';
import { zoneOf } from '../values/zone.ts';
import type { Session } from './database.ts';

/** A session with the database of connection.url. Its driver is loaded when the first one is opened. */
export async function openSession(
  config: JdbcSourceConfig,
  connector: string,
  log: Log,
  signal: AbortSignal,
): Promise<Session> {
  const address = addressOf(config);
  const quoted = config['quote.sql.identifiers'] === 'always';
  const zone = zoneOf(config['db.timezone']);
  if (address.product === 'postgresql') {
    const { openPostgres } = await import('../postgresql/session.ts');
    return openPostgres(address, { connector, quoted, zone, numeric: config['numeric.mapping'] }, signal);
  }
  const { openMysql } = await import('../mysql/session.ts');
  return openMysql(address, { connector, quoted, zone, warn: message => log.warn({}, message) }, signal);
}
