/**
 * Errors of MySQL that a retry can mend and whose SQLSTATE does not show it
 * (https://dev.mysql.com/doc/mysql-errors/8.4/en/server-error-reference.html).
 */
const transientCodes = new Set([
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

/** code: mysql2's `ER_…`. */
export const isTransientCode = (code: string): boolean => transientCodes.has(code);

/** True for the code of an error that the server sent, rather than the driver or the connection. */
export const isServerErrorCode = (code: string): boolean => code.startsWith('ER_');
