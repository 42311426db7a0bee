import pg from 'pg';
import { sqlErrorKind, sqlState } from '../../../src/databases/postgresql/sql-errors.ts';
import { MillraceError, messageOf } from '../../../src/errors.ts';

/**
 * Maps an error of the database or the driver. operation: `connecting to …`. The message never contains a record's
 * content.
 */
export function toMillraceError(error: unknown, operation: string): MillraceError {
  if (error instanceof MillraceError) return error;
  const code = error instanceof pg.DatabaseError ? ` (SQLSTATE ${error.code})` : '';
  const reason = `${messageOf(error)}${code}`;
  const options = { cause: error };
  switch (sqlErrorKind(error)) {
    case 'setup':
      return new MillraceError('SINK_SETUP', `PostgreSQL refused ${operation}: ${reason}. ${remedy(error)}`, options);
    case 'structure':
    case 'data':
    case 'duplicate':
      return new MillraceError('SINK_SCHEMA', `PostgreSQL rejected ${operation}: ${reason}.`, options);
    default:
      return new MillraceError('SINK_UNAVAILABLE', `PostgreSQL failed ${operation}: ${reason}.`, options);
  }
}

function remedy(error: unknown): string {
  switch (sqlState(error)) {
    case '42501':
      return 'Grant the privilege to the connector’s user, or configure another user, and restart the task.';
    case '3D000':
      return 'Create the database, or correct its name in connection.url, and restart the task.';
    case undefined:
      return 'Correct sslmode, sslrootcert, sslcert and sslkey in connection.url, and restart the task.';
    default:
      return 'Correct user, password and database of the connection, and restart the task.';
  }
}
