import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '../../../src/api/index.ts';
import { kindOf, MillraceError, messageOf } from '../../../src/errors.ts';
import { addressOf } from '../config/address.ts';
import type { JdbcSourceConfig } from '../config/keys.ts';
import { zoneOf } from '../values/time-zone.ts';
import { isolationLevel } from './isolation.ts';
import type { Session } from './session.ts';

/**
 * A session with the database of connection.url. With connection.attempts, connecting is tried so often, and SOURCE_SETUP
 * then; without it, a failure that may pass is SOURCE_UNAVAILABLE.
 */
export async function openSession(
  config: JdbcSourceConfig,
  connector: string,
  log: Log,
  signal: AbortSignal,
): Promise<Session> {
  const attempts = config.connectionAttempts;
  for (let failures = 1; ; failures++)
    try {
      return await open(config, connector, log, signal);
    } catch (error) {
      if (attempts === null || kindOf(error) !== 'retriable' || signal.aborted) throw error;
      if (failures >= attempts)
        throw new MillraceError(
          'SOURCE_SETUP',
          `${messageOf(error)} (${failures} attempts, as connection.attempts says; leave that out to try without end)`,
          { cause: error },
        );
      log.warn({ reason: messageOf(error), attempt: failures }, 'connecting failed and is tried again');
      await sleep(config['connection.backoff.ms'], undefined, { signal }).catch(() => {
        throw error;
      });
    }
}

/** The driver is loaded when the first session is opened. */
async function open(config: JdbcSourceConfig, connector: string, log: Log, signal: AbortSignal): Promise<Session> {
  const address = addressOf(config);
  const options = {
    connector,
    quoted: config['quote.sql.identifiers'] === 'always',
    timestamps: { granularity: config['timestamp.granularity'], zone: zoneOf(config['db.timezone']) },
    isolation: isolationLevel(config['transaction.isolation.mode']),
    isMasked: config['query.masked'] !== '',
  };
  if (address.product === 'postgresql') {
    const { openPostgres } = await import('../postgresql/session.ts');
    return openPostgres(address, { ...options, numeric: config.numericMapping }, signal);
  }
  const { openMysql } = await import('../mysql/session.ts');
  const { zeroDatesAreNull } = address;
  return openMysql(address, { ...options, zeroDatesAreNull, warn: message => log.warn({}, message) }, signal);
}
