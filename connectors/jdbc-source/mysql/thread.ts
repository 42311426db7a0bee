import { addAbortListener } from 'node:events';
import type { Socket } from 'node:net';
import type { Connection, RowDataPacket } from 'mysql2';
import type { SessionProbe } from '../../../src/databases/answer-watch.ts';
import { MillraceError } from '../../../src/errors.ts';
import { isServerError } from '../database/failures.ts';

/** program_name of sessions that check others, in session_connect_attrs. */
export const INQUIRY_NAME = 'millrace probe';

const QUIT_MS = 500;

/** Socket of a connection, which mysql2's types lack. */
export const socketOf = (connection: Connection): Socket => (connection as unknown as { stream: Socket }).stream;

/** Rows of a small query. */
export const queryRows = (connection: Connection, sql: string): Promise<RowDataPacket[]> =>
  new Promise((resolve, reject) => {
    connection.query<RowDataPacket[]>(sql, (error, rows) => (error === null ? resolve(rows) : reject(error)));
  });

/** Number of columns that a statement returns, without running it; undefined if the server cannot prepare it. */
export const countColumns = (connection: Connection, sql: string): Promise<number | undefined> =>
  new Promise((resolve, reject) => {
    connection.prepare(sql, (error, statement) => {
      if (error !== null) return error.code === 'ER_UNSUPPORTED_PS' ? resolve(undefined) : reject(error);
      resolve((statement as unknown as { readonly columns: readonly unknown[] }).columns.length);
      statement.close();
    });
  });

/** Sends COM_QUIT and closes the socket after QUIT_MS: mysql2 closes it only after the server has. */
function quit(connection: Connection): void {
  connection.end(() => {});
  setTimeout(() => socketOf(connection).destroy(), QUIT_MS).unref();
}

/**
 * Checks a session over another one, which `open` opens: see WatchedSession.probe. A thread that sleeps while the client
 * waits for it has not received the statement.
 */
export async function inquireThread(
  open: (signal: AbortSignal) => Promise<Connection>,
  thread: number,
  { idleMs, terminate }: SessionProbe,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    const connection = await open(signal);
    const abort = addAbortListener(signal, () => socketOf(connection).destroy(new Error('no answer')));
    try {
      const [own] = await queryRows(connection, 'SELECT CONNECTION_ID() AS id');
      // A proxy has thread numbers of its own.
      if (Number(own?.['id']) !== connection.threadId) return false;
      const [user] = await queryRows(connection, "SELECT SUBSTRING_INDEX(USER(), '@', 1) AS name");
      const rows = await queryRows(connection, 'SHOW PROCESSLIST');
      const row = rows.find(({ Id, User }) => Number(Id) === thread && User === user?.['name']);
      const idle = row !== undefined && row['Command'] === 'Sleep' && Number(row['Time']) * 1000 >= idleMs;
      if (row !== undefined && (terminate === 'always' || (terminate === 'if idle' && idle)))
        await queryRows(connection, `KILL ${thread}`);
      return idle;
    } finally {
      abort[Symbol.dispose]();
      quit(connection);
    }
  } catch (error) {
    if (isServerError(error instanceof MillraceError ? error.cause : error)) return false;
    throw error;
  }
}
