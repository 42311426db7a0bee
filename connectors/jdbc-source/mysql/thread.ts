import { addAbortListener } from 'node:events';
import type { Socket } from 'node:net';
import type { Connection, RowDataPacket } from 'mysql2';
import type { Inquiry } from '../../../src/databases/answer-watch.ts';
import { MillraceError } from '../../../src/errors.ts';
import { isServerError } from '../database/failures.ts';

/** The program_name of sessions that look at others, in session_connect_attrs. */
export const INQUIRY_NAME = 'millrace probe';

const FAREWELL_MS = 500;

/** mysql2's types leave it out. */
export const socketOf = (connection: Connection): Socket => (connection as unknown as { stream: Socket }).stream;

/** The rows of a small query. */
export const ask = (connection: Connection, sql: string): Promise<RowDataPacket[]> =>
  new Promise((resolve, reject) => {
    connection.query<RowDataPacket[]>(sql, (error, rows) => (error === null ? resolve(rows) : reject(error)));
  });

/** Columns that a statement returns, without running it; undefined where the server does not prepare such statements. */
export const describe = (connection: Connection, sql: string): Promise<number | undefined> =>
  new Promise((resolve, reject) => {
    connection.prepare(sql, (error, statement) => {
      if (error !== null) return error.code === 'ER_UNSUPPORTED_PS' ? resolve(undefined) : reject(error);
      resolve((statement as unknown as { readonly columns: readonly unknown[] }).columns.length);
      statement.close();
    });
  });

/** Sends COM_QUIT, and closes the socket after a moment: mysql2 closes it only when the server has. */
function hangUp(connection: Connection): void {
  connection.end(() => {});
  setTimeout(() => socketOf(connection).destroy(), FAREWELL_MS).unref();
}

/**
 * Looks at a session over another one, which `open` opens: see WatchedSession.inquire. A thread that sleeps while the
 * client waits for it has not got what was sent.
 */
export async function inquireThread(
  open: (signal: AbortSignal) => Promise<Connection>,
  thread: number,
  { idleMs, terminate }: Inquiry,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    const connection = await open(signal);
    const cut = addAbortListener(signal, () => socketOf(connection).destroy(new Error('no answer')));
    try {
      const [own] = await ask(connection, 'SELECT CONNECTION_ID() AS id');
      // Behind a proxy, numbers of threads are the proxy's own.
      if (Number(own?.['id']) !== connection.threadId) return false;
      const [user] = await ask(connection, "SELECT SUBSTRING_INDEX(USER(), '@', 1) AS name");
      const rows = await ask(connection, 'SHOW PROCESSLIST');
      const row = rows.find(({ Id, User }) => Number(Id) === thread && User === user?.['name']);
      const idle = row !== undefined && row['Command'] === 'Sleep' && Number(row['Time']) * 1000 >= idleMs;
      if (row !== undefined && (terminate === 'always' || (terminate === 'if idle' && idle)))
        await ask(connection, `KILL ${thread}`);
      return idle;
    } finally {
      cut[Symbol.dispose]();
      hangUp(connection);
    }
  } catch (error) {
    if (isServerError(error instanceof MillraceError ? error.cause : error)) return false;
    throw error;
  }
}
