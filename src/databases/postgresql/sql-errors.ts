import pg from 'pg';
import { MillraceError, messageOf } from '../../errors.ts';
import { isTlsErrorCode } from '../tls.ts';

/** Kinds of failure, by SQLSTATE (https://www.postgresql.org/docs/current/errcodes-appendix.html). */
export type SqlErrorKind =
  /** Connection lost; server busy, restarting or out of space; deadlock. A retry can succeed. */
  | 'transient'
  /** A value or a row that the table rejects. */
  | 'data'
  /** Two rows of one statement that are equal to the database. */
  | 'duplicate'
  /** The table does not match the statement. */
  | 'structure'
  /** A failure inside the server, or a value that an extension's type rejects: writing record by record decides. */
  | 'internal'
  /** Privileges, login, database, TLS. */
  | 'setup';

const classes: Readonly<Record<string, SqlErrorKind>> = {
  '08': 'transient',
  '21': 'duplicate',
  '22': 'data',
  '23': 'data',
  '25': 'transient',
  '28': 'setup',
  '38': 'data',
  '39': 'data',
  '3D': 'setup',
  '40': 'transient',
  '42': 'structure',
  '44': 'data',
  '53': 'transient',
  '54': 'data',
  '55': 'transient',
  '57': 'transient',
  '58': 'transient',
  P0: 'data',
  XX: 'transient',
};

/** Kind of a failed write. */
export function sqlErrorKind(error: unknown): SqlErrorKind {
  if (!(error instanceof pg.DatabaseError)) return isTlsFailure(error) ? 'setup' : 'transient';
  const code = error.code ?? '';
  // insufficient_privilege and database_dropped.
  if (code === '42501' || code === '57P04') return 'setup';
  // The statements have no syntax errors; texts for ltree, tsquery and hstore may have.
  if (code === '42601') return 'data';
  if (code === 'XX000') return isInputFailure(error) ? 'data' : 'internal';
  return classes[code.slice(0, 2)] ?? 'structure';
}

/** internal_error of the function that reads a type's text, by its source file: hstore_io.c before PostgreSQL 16. */
const isInputFailure = ({ file }: pg.DatabaseError): boolean => file?.endsWith('_io.c') === true;

/** True for certificates, and for a server without TLS that is required to have it. */
const isTlsFailure = (error: unknown): boolean =>
  isTlsErrorCode(String((error as { code?: unknown }).code)) || messageOf(error).includes('does not support SSL');

const transientStates = /^(08|25P03|25P04|40|53|55006|55P03|57|58|XX)/;

/**
 * True for a SQLSTATE of a failed read that a retry can mend: connections, resources, operator intervention,
 * serialization, locks and session timeouts.
 */
export const isTransientState = (state: string): boolean => transientStates.test(state);

/** True if the server ended the connection or it broke: statements that were sent may or may not have run. */
export function isConnectionLost(error: unknown): boolean {
  return !(error instanceof pg.DatabaseError) || error.severity === 'FATAL' || error.severity === 'PANIC';
}

/** SQLSTATE of the database's error, or of one that is the cause of a MillraceError. */
export function sqlState(error: unknown): string | undefined {
  const raised = error instanceof MillraceError ? error.cause : error;
  return raised instanceof pg.DatabaseError ? raised.code : undefined;
}

const ddlConflicts = new Set(['23505', '42P07', '42701', '42710', 'XX000']);

/** True for errors of tasks that create or alter the same object at the same time: a retry finds it. */
export const isDdlConflict = (error: unknown): boolean => ddlConflicts.has(sqlState(error) ?? '');

/**
 * PostgreSQL's message about rejected data, without the data. Messages quote values after a colon or after `value`; details, which
 * contain the rest, are left out.
 */
export function messageWithoutData(error: unknown): string {
  const message = messageOf(error)
    .replace(/: ".*$/s, '')
    .replace(/\bvalue ".*"(?= is )/s, 'value');
  return error instanceof pg.DatabaseError ? `${message} (SQLSTATE ${error.code})` : message;
}
