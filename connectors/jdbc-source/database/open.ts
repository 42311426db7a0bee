import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '../../../src/api/index.ts';
import { kindOf, MillraceError, messageOf } from '../../../src/errors.ts';
import { addressOf } from '../config/address.ts';
import type { JdbcSourceConfig } from '../config/keys.ts';
import { zoneOf } from '../values/time-zone.ts';
import { isolationLevel } from './isolation.ts';
import type { Session } from './session.ts';

/**
 * Opens a session with the database of connection.url. With connection.attempts, rejects with SOURCE_SETUP after that number
 * of attempts; without it, rejects with SOURCE_UNAVAILABLE for a retriable failure.
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
          `${messageOf(error)} (gave up after ${failures} attempts: connection.attempts; remove that key to retry without limit)`,
          { cause: error },
        );
      log.warn({ reason: messageOf(error), attempt: failures }, 'connecting failed; retrying');
      await sleep(config['connection.backoff.ms'], undefined, { signal }).catch(() => {
        throw error;
      });
    }
}

/** Loads the driver with the first session. */
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
