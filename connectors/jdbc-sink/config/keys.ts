import { atLeast, intKey, passwordKey, stringKey } from '../../../src/config/spec.ts';
import { messageOf } from '../../../src/errors.ts';
import { type Destination, parseDestination } from './destination.ts';
import { timeZoneCheck } from './settings.ts';

/** Keys that both families have, but for their names. */

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
      'Time zone of the database session: in it, instants become timestamps without time zone, and timestamps without ' +
      'time zone become instants.',
    default: 'UTC',
    formerNames,
    group: 'Data Mapping',
    displayName: 'DB Time Zone',
    check: timeZoneCheck,
  });

export const batchSizeKey = (size: number) =>
  intKey({
    doc:
      'Rows in one SQL statement at most. The rows of one batch are written in one transaction, by as few statements ' +
      'as this allows.',
    default: size,
    group: 'Writes',
    displayName: 'Batch Size',
    check: atLeast(1),
  });

export const retriesKey = (retries: number, backoff: string) =>
  intKey({
    doc: `Times that a write is tried again, ${backoff} later, before the task is FAILED. Left out, failures that pass by themselves are tried again until they have passed.`,
    default: retries,
    group: 'Retries',
    displayName: 'Maximum Retries',
    check: atLeast(0),
  });

export const backoffKey = (ms: number, retries: string) =>
  intKey({
    doc: `Time between the attempts that ${retries} counts.`,
    default: ms,
    group: 'Retries',
    displayName: 'Retry Backoff (millis)',
    check: atLeast(0),
  });

/** The destination of the URL, with user and password of their own keys put over it. */
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
