import { type ErrorCode, MillraceError, messageOf } from '../../../src/errors.ts';

/** Errors of pg and mysql2, of their sockets and of TLS. */
interface DriverError {
  /** PostgreSQL: SQLSTATE; mysql2: ER_…; Node: ECONNREFUSED. */
  readonly code?: string;
  readonly sqlState?: string;
}

/** SQLSTATE classes that pass by themselves: links, resources, operator intervention, serialization. */
const PASSING = /^(08|40|53|57|58|XX|HY)/;
const WRONG_LOGIN = /CERT|ERR_TLS|UNABLE_TO_|SASL|password must be|does not support SSL|HANDSHAKE_NO_SSL/;
/** MySQL's errors that pass and whose SQLSTATE says nothing: too many connections, shutdown, lock waits, deadlocks. */
const PASSING_CODES = new Set(['ER_CON_COUNT_ERROR', 'ER_SERVER_SHUTDOWN', 'ER_LOCK_WAIT_TIMEOUT', 'ER_LOCK_DEADLOCK']);

/** doing: `connecting to PostgreSQL at host:5432`. What is a MillraceError stays one. */
export function toFailure(error: unknown, doing: string): MillraceError {
  if (error instanceof MillraceError) return error;
  const { code = '', sqlState } = (error ?? {}) as DriverError;
  const state = sqlState ?? (/^[0-9A-Z]{5}$/.test(code) ? code : '');
  return new MillraceError(errorCode(code, state, messageOf(error)), `${doing}: ${describe(error, code)}`, {
    cause: error,
  });
}

function errorCode(code: string, state: string, message: string): ErrorCode {
  if (WRONG_LOGIN.test(`${code} ${message}`)) return 'SOURCE_SETUP';
  if (state === '' || PASSING_CODES.has(code)) return 'SOURCE_UNAVAILABLE';
  return PASSING.test(state) && !code.startsWith('ER_') ? 'SOURCE_UNAVAILABLE' : 'SOURCE_SETUP';
}

/** Whether the server itself has answered so: the session goes on. */
export const answered = (error: unknown): boolean => {
  const { code = '', sqlState } = (error ?? {}) as DriverError;
  return sqlState !== undefined || /^[0-9A-Z]{5}$/.test(code);
};

/** Node says nothing in the message of an AggregateError (a name of several addresses, all refused). */
function describe(error: unknown, code: string): string {
  const message = messageOf(error);
  if (message !== '') return message;
  if (error instanceof AggregateError) return error.errors.map(messageOf).join('; ');
  return code === '' ? 'no reason given' : code;
}
