import { type ErrorCode, MillraceError, messageOf } from '../../../src/errors.ts';

/** Errors of pg and mysql2, of their sockets and of TLS. */
interface DriverError {
  /** PostgreSQL: SQLSTATE; mysql2: ER_…; Node: ECONNREFUSED. */
  readonly code?: string;
  readonly sqlState?: string;
}

/**
 * SQLSTATE classes and states that pass by themselves: links, resources, operator intervention, serialization, locks and
 * time-outs of sessions.
 */
const PASSING = /^(08|25P03|25P04|40|53|55006|55P03|57|58|XX|HY)/;
const WRONG_LOGIN = /CERT|ERR_TLS|UNABLE_TO_|SASL|password must be|does not support SSL|HANDSHAKE_NO_SSL/;
/**
 * MySQL's errors that pass and whose SQLSTATE says nothing
 * (https://dev.mysql.com/doc/mysql-errors/8.4/en/server-error-reference.html).
 */
const PASSING_CODES = new Set([
  // Connections and shutdown.
  'ER_CON_COUNT_ERROR',
  'ER_TOO_MANY_USER_CONNECTIONS',
  'ER_USER_LIMIT_REACHED',
  'ER_SERVER_SHUTDOWN',
  'ER_NORMAL_SHUTDOWN',
  'ER_SHUTDOWN_COMPLETE',
  'ER_QUERY_INTERRUPTED',
  'ER_QUERY_TIMEOUT',
  'ER_SESSION_WAS_KILLED',
  // Locks.
  'ER_LOCK_WAIT_TIMEOUT',
  'ER_LOCK_DEADLOCK',
  'ER_LOCK_NOWAIT',
  'ER_LOCK_TABLE_FULL',
  // Full disks, temporary tables and files, I/O.
  'ER_CANT_CREATE_FILE',
  'ER_DISK_FULL',
  'ER_DISK_FULL_NOWAIT',
  'ER_ERROR_ON_READ',
  'ER_ERROR_ON_WRITE',
  'ER_GET_ERRNO',
  'ER_IO_READ_ERROR',
  'ER_IO_WRITE_ERROR',
  'ER_RECORD_FILE_FULL',
  'ER_TEMP_FILE_WRITE_FAILURE',
  'ER_INNODB_UNDO_LOG_FULL',
  // Memory and threads.
  'ER_OUTOFMEMORY',
  'ER_OUT_OF_SORTMEMORY',
  'ER_OUT_OF_RESOURCES',
  'ER_ENGINE_OUT_OF_MEMORY',
  'ER_CANT_CREATE_THREAD',
]);

/**
 * doing: `connecting to PostgreSQL at host:5432`. What is a MillraceError stays one. isMasked: the server's message, which
 * may quote the query, gives way to its code.
 */
export function toFailure(error: unknown, doing: string, isMasked = false): MillraceError {
  if (error instanceof MillraceError) return error;
  const { code = '', sqlState } = (error ?? {}) as DriverError;
  const state = sqlState ?? (/^[0-9A-Z]{5}$/.test(code) ? code : '');
  const kind = errorCode(code, state, messageOf(error));
  if (!isMasked || !answered(error))
    return new MillraceError(kind, `${doing}: ${describe(error, code)}`, { cause: error });
  const states = [code, state].filter((part, i, all) => part !== '' && all.indexOf(part) === i).join(', ');
  return new MillraceError(
    kind,
    `${doing}: the server refused with ${states}; its message is left out, as it may quote query.masked`,
    { cause: { code, sqlState } },
  );
}

function errorCode(code: string, state: string, message: string): ErrorCode {
  if (WRONG_LOGIN.test(`${code} ${message}`)) return 'SOURCE_SETUP';
  if (state === '' || PASSING_CODES.has(code)) return 'SOURCE_UNAVAILABLE';
  return PASSING.test(state) && !code.startsWith('ER_') ? 'SOURCE_UNAVAILABLE' : 'SOURCE_SETUP';
}

/** A statement that returns no rows is no query. */
export const noRows = (doing: string): MillraceError =>
  new MillraceError('SOURCE_SETUP', `${doing}: the statement returns no rows; query must be one that does`);

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
