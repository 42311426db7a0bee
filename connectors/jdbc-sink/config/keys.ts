import { atLeast, intKey, passwordKey, stringKey } from '../../../src/config/spec.ts';
import { messageOf } from '../../../src/errors.ts';
import { type Destination, parseDestination } from './destination.ts';
import { timeZoneCheck } from './settings.ts';

/** The keys below have different names in Confluent's and in Debezium's configuration. */
export const urlKey = (doc: string) =>
  stringKey({ doc, importance: 'high', group: 'Connection', width: 'long', displayName: 'JDBC URL', check: urlCheck });

function urlCheck(url: string): string | undefined {
  try {
    parseDestination(url);
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

export const userKey = stringKey({
  doc: 'Database user. Takes precedence over the one in the URL.',
  default: null,
  importance: 'high',
  group: 'Connection',
  displayName: 'JDBC User',
});

export const passwordOfUserKey = passwordKey({
  doc: 'Password of the database user. Takes precedence over the one in the URL.',
  default: null,
  importance: 'high',
  group: 'Connection',
  displayName: 'JDBC Password',
});

export const timeZoneKey = (formerNames: readonly string[] = []) =>
  stringKey({
    doc:
      'Time zone of the database session, in which instants are converted to timestamps without time zone, and ' +
      'timestamps without time zone to instants.',
    default: 'UTC',
    formerNames,
    group: 'Data Mapping',
    displayName: 'DB Time Zone',
    check: timeZoneCheck,
  });

export const batchSizeKey = (size: number) =>
  intKey({
    doc:
      'Maximum number of rows in one SQL statement. The rows of one batch are written in one transaction, with as few ' +
      'statements as this limit allows.',
    default: size,
    group: 'Writes',
    displayName: 'Batch Size',
    check: atLeast(1),
  });

export const retriesKey = (retries: number, backoff: string) =>
  intKey({
    doc: `Retries of a failed write, ${backoff} apart, before the task is FAILED. Without this key, retriable failures are retried without limit.`,
    default: retries,
    group: 'Retries',
    displayName: 'Maximum Retries',
    check: atLeast(0),
  });

export const backoffKey = (ms: number, retries: string) =>
  intKey({
    doc: `Time between the retries that ${retries} counts.`,
    default: ms,
    group: 'Retries',
    displayName: 'Retry Backoff (millis)',
    check: atLeast(0),
  });

/** Destination of the URL, with the user and password of their own keys, which take precedence. */
export function destinationOf(
  url: string,
  user: string | null,
  password: string | null,
  parameters: ReadonlyMap<string, string>,
): Destination {
  const destination = parseDestination(url, parameters);
  const name = user ?? destination.user;
  return {
    ...destination,
    user: name,
    password: password ?? destination.password,
    database: destination.database || name || '',
  };
}
