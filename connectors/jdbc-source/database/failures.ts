import { isServerErrorCode, isTransientCode } from '../../../src/databases/mysql/sql-errors.ts';
import { isTransientState } from '../../../src/databases/postgresql/sql-errors.ts';
import { type ErrorCode, MillraceError, messageOf } from '../../../src/errors.ts';

/** Errors of pg and mysql2, of their sockets and of TLS. */
interface DriverError {
  /** PostgreSQL: SQLSTATE; mysql2: ER_…; Node: ECONNREFUSED. */
  readonly code?: string;
  readonly sqlState?: string;
}

const CONNECTION_SETUP = /CERT|ERR_TLS|UNABLE_TO_|SASL|password must be|does not support SSL|HANDSHAKE_NO_SSL/;

/**
 * Maps an error of a driver; a MillraceError is returned as it is. operation: `connecting to PostgreSQL at host:5432`.
 * isMasked: the server's message, which may quote the query, is replaced by its code.
 */
export function toMillraceError(error: unknown, operation: string, isMasked = false): MillraceError {
  if (error instanceof MillraceError) return error;
  const { code = '', sqlState } = (error ?? {}) as DriverError;
  const state = sqlState ?? (isSqlState(code) ? code : '');
  const errorCode = errorCodeOf(code, state, messageOf(error));
  if (!isMasked || !isServerError(error))
    return new MillraceError(errorCode, `${operation}: ${reasonOf(error, code)}`, { cause: error });
  const states = [code, state].filter((part, i, all) => part !== '' && all.indexOf(part) === i).join(', ');
  return new MillraceError(
    errorCode,
    `${operation}: the server refused with ${states}; its message is left out, as it may quote query.masked`,
    { cause: { code, sqlState } },
  );
}

function errorCodeOf(code: string, state: string, message: string): ErrorCode {
  if (CONNECTION_SETUP.test(`${code} ${message}`)) return 'SOURCE_SETUP';
  if (state === '' || isTransientCode(code)) return 'SOURCE_UNAVAILABLE';
  // HY is MySQL's class for everything without a SQLSTATE; its server errors are listed by their codes.
  const isTransient = !isServerErrorCode(code) && (state.startsWith('HY') || isTransientState(state));
  return isTransient ? 'SOURCE_UNAVAILABLE' : 'SOURCE_SETUP';
}

/** Error of a statement that returns no rows. */
export const noRowsError = (operation: string): MillraceError =>
  new MillraceError('SOURCE_SETUP', `${operation}: the statement returns no rows; query must be one that does`);

/** True for an error that the server sent: the session can be used again. */
export const isServerError = (error: unknown): boolean => {
  const { code = '', sqlState } = (error ?? {}) as DriverError;
  return sqlState !== undefined || isSqlState(code);
};

const isSqlState = (code: string): boolean => /^[0-9A-Z]{5}$/.test(code);

/** Node's AggregateError (a host name with several addresses, all refused) has an empty message. */
function reasonOf(error: unknown, code: string): string {
  const message = messageOf(error);
  if (message !== '') return message;
  if (error instanceof AggregateError) return error.errors.map(messageOf).join('; ');
  return code === '' ? 'no reason given' : code;
}
