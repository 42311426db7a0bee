import { type ErrorCode, MillraceError, messageOf } from '../../../src/errors.ts';

/** An error of the server, from pg or from readErrorResponse. */
export interface DatabaseError extends Error {
  /** SQLSTATE, or Node's code of a failed connection. */
  readonly code?: string;
  readonly severity?: string;
}

/** SQLSTATE classes and states of connections, restarts, resources, conflicts, timeouts and busy objects. */
const RETRIABLE = /^(08|53|57|40|55006|55P03|58030|XX)/;
/** SQLSTATE classes of logins, privileges, missing objects, settings and statements that the server rejects. */
const SETUP = /^(28|3D|42|0A|22|23|25|26|2F|38|39|3B|3F|44|55|P0|F0)/;
/** Errors of certificates and logins in Node and pg, which have no SQLSTATE. */
const LOGIN_FAILURE = /CERT|ERR_TLS|UNABLE_TO_|SASL|password must be|does not support SSL/;
/** True if the server has removed WAL that the slot needs. */
const isLogRemoved = (message: string): boolean =>
  (message.includes('requested WAL segment ') && message.includes(' has already been removed')) ||
  message.includes('can no longer get changes from replication slot');

/** doing: `connecting to PostgreSQL at host:5432`. Returns a MillraceError unchanged. */
export function toMillraceError(error: unknown, doing: string): MillraceError {
  if (error instanceof MillraceError) return error;
  const code = (error as DatabaseError | undefined)?.code ?? '';
  return new MillraceError(errorCode(code, messageOf(error)), `${doing}: ${describe(error)}${advice(code)}`, {
    cause: error,
  });
}

function errorCode(code: string, message: string): ErrorCode {
  if (isLogRemoved(message)) return 'SOURCE_POSITION_LOST';
  if (code.length === 5 && !RETRIABLE.test(code) && SETUP.test(code)) return 'SOURCE_SETUP';
  return LOGIN_FAILURE.test(`${code} ${message}`) ? 'SOURCE_SETUP' : 'SOURCE_UNAVAILABLE';
}

/** The message of an AggregateError is empty: a host name with several addresses that all refuse. */
function describe(error: unknown): string {
  const message = messageOf(error);
  if (message !== '') return message;
  if (error instanceof AggregateError) return error.errors.map(messageOf).join('; ');
  return (error as DatabaseError | undefined)?.code ?? 'no reason given';
}

function advice(code: string): string {
  switch (code) {
    case '28P01':
      return '; check database.user and database.password';
    case '28000':
      return '; check database.user, pg_hba.conf and database.sslmode';
    case '3D000':
      return '; check database.dbname';
    case '42501':
      return "; grant the connector's user that right";
    default:
      return '';
  }
}

/** Parses the body of an ErrorResponse (protocol 3.0): zero-terminated fields of one letter and text. */
export function readErrorResponse(bytes: Buffer, start: number, end: number): DatabaseError {
  const fields = new Map<string, string>();
  for (let at = start; at < end && bytes[at] !== 0; ) {
    const stop = bytes.indexOf(0, at + 1);
    fields.set(String.fromCharCode(bytes[at] as number), bytes.toString('utf8', at + 1, stop));
    at = stop + 1;
  }
  return Object.assign(new Error(fields.get('M') ?? 'unknown error'), {
    code: fields.get('C') ?? '',
    severity: fields.get('V') ?? '',
  });
}

/** SQLSTATE of an undefined table and of an undefined column. */
export const UNDEFINED_OBJECTS: ReadonlySet<string> = new Set(['42P01', '42703']);

/** SQLSTATE of the error's cause; '' for none. */
export const databaseCode = (error: unknown): string =>
  String(((error as Error).cause as DatabaseError | undefined)?.code ?? '');
