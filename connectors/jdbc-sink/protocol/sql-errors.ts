import pg from 'pg';
import { MillraceError, messageOf } from '../../../src/errors.ts';

/**
 * What a failure of the database means for the task, by SQLSTATE
 * (https://www.postgresql.org/docs/current/errcodes-appendix.html).
 */
export type Meaning =
  /** The link is down, the server busy, restarting or out of room, a deadlock: passes by itself. */
  | 'passing'
  /** A value or a row that the table does not take. */
  | 'data'
  /** Two rows of one statement that are the same to the database. */
  | 'repeated'
  /** The table is not what the statement was made for. */
  | 'structure'
  /** The server's own trouble, or a value that an extension's type does not take: shows when records are written one by one. */
  | 'doubtful'
  /** Rights, login, database. */
  | 'setup';

const classes: Readonly<Record<string, Meaning>> = {
  '08': 'passing',
  '21': 'repeated',
  '22': 'data',
  '23': 'data',
  '25': 'passing',
  '28': 'setup',
  '38': 'data',
  '39': 'data',
  '3D': 'setup',
  '40': 'passing',
  '42': 'structure',
  '44': 'data',
  '53': 'passing',
  '54': 'data',
  '55': 'passing',
  '57': 'passing',
  '58': 'passing',
  P0: 'data',
  XX: 'passing',
};

/** internal_error out of the function that reads a type's text, by its source file: hstore_io.c before PostgreSQL 16. */
const isOfInput = ({ file }: pg.DatabaseError): boolean => file?.endsWith('_io.c') === true;

export function meaningOf(error: unknown): Meaning {
  if (!(error instanceof pg.DatabaseError)) return isSetup(error) ? 'setup' : 'passing';
  const code = error.code ?? '';
  if (code === '42501') return 'setup';
  if (code === '57P04') return 'setup';
  // Statements of this sink have no syntax errors; texts for ltree, tsquery and hstore may.
  if (code === '42601') return 'data';
  if (code === 'XX000') return isOfInput(error) ? 'data' : 'doubtful';
  return classes[code.slice(0, 2)] ?? 'structure';
}

/** The server ended the connection, or it broke: what had been sent may or may not have been done. */
export function isLinkLost(error: unknown): boolean {
  return !(error instanceof pg.DatabaseError) || error.severity === 'FATAL' || error.severity === 'PANIC';
}

/** What tasks that create or alter the same thing at the same moment cause: it is there then, or at the next try. */
const races = new Set(['23505', '42P07', '42701', '42710', 'XX000']);

/** Of an error that `sinkError` made, or of the database's own. */
export function sqlState(error: unknown): string | undefined {
  const raised = error instanceof MillraceError ? error.cause : error;
  return raised instanceof pg.DatabaseError ? raised.code : undefined;
}

export const isRace = (error: unknown): boolean => races.has(sqlState(error) ?? '');

/** Certificates, and a server without TLS where it is asked for: trying again does not help. */
function isSetup(error: unknown): boolean {
  const code = String((error as { code?: unknown }).code);
  return (
    /^(CERT_|ERR_TLS|ERR_SSL|ERR_OSSL|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|INVALID_CA)/.test(code) ||
    messageOf(error).includes('does not support SSL')
  );
}

/** As Millrace's own error; `doing` names what failed: "connecting to …". Never with a record's content. */
export function sinkError(error: unknown, doing: string): MillraceError {
  if (error instanceof MillraceError) return error;
  const code = error instanceof pg.DatabaseError ? ` (SQLSTATE ${error.code})` : '';
  const told = `${messageOf(error)}${code}`;
  const options = { cause: error };
  switch (meaningOf(error)) {
    case 'setup':
      return new MillraceError('SINK_SETUP', `PostgreSQL refused ${doing}: ${told}. ${mend(error)}`, options);
    case 'structure':
    case 'data':
    case 'repeated':
      return new MillraceError('SINK_SCHEMA', `PostgreSQL did not take ${doing}: ${told}.`, options);
    default:
      return new MillraceError('SINK_UNAVAILABLE', `PostgreSQL failed ${doing}: ${told}.`, options);
  }
}

/**
 * PostgreSQL's message about data that it refused, without the data: its messages quote values behind a colon, or behind
 * `value`, and hold the rest in details that are left out here.
 */
export function dataMessage(error: unknown): string {
  const told = messageOf(error)
    .replace(/: ".*$/s, '')
    .replace(/\bvalue ".*"(?= is )/s, 'value');
  if (!(error instanceof pg.DatabaseError)) return told;
  return `${told} (SQLSTATE ${error.code})`;
}

function mend(error: unknown): string {
  const code = error instanceof pg.DatabaseError ? error.code : undefined;
  switch (code) {
    case '42501':
      return 'Grant the connector’s user the right, or configure another user, and restart the task.';
    case '3D000':
      return 'Create the database, or correct its name in connection.url, and restart the task.';
    case undefined:
      return 'Correct sslmode, sslrootcert, sslcert and sslkey in connection.url, and restart the task.';
    default:
      return 'Correct user, password and database of the connection, and restart the task.';
  }
}
