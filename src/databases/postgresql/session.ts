import { addAbortListener } from 'node:events';
import type { Socket } from 'node:net';
import pg from 'pg';
import { MillraceError } from '../../errors.ts';
import type { Inquiry } from '../answer-watch.ts';
import { isEncrypted, tlsWarning, type UnverifiedSession } from '../tls-warning.ts';

/** For the server's answer to Terminate. */
const FAREWELL_MS = 500;

/** The name of sessions that look at others, in pg_stat_activity. */
export const INQUIRY_NAME = 'millrace probe';

/** The socket of a session, TLS and all. */
export const socketOf = (client: pg.Client): Socket => client.connection.stream as Socket;

/** Ends a session; one that the server does not end is cut off. */
export async function endSession(client: pg.Client): Promise<void> {
  const timer = setTimeout(() => socketOf(client).destroy(), FAREWELL_MS);
  await client.end().catch(() => {});
  clearTimeout(timer);
}

/** The settings of TLS in a JDBC URL, for warnings. */
const urlSettings = {
  setting: 'sslmode=prefer',
  remedy: 'sslmode=verify-full in connection.url, and sslrootcert for an authority of your own',
};

/** The warning for a session that was opened with sslmode=prefer; undefined on this machine. */
export function preferWarning(
  client: pg.Client,
  server: string,
  settings: Pick<UnverifiedSession, 'setting' | 'remedy'> = urlSettings,
): string | undefined {
  const socket = socketOf(client);
  return tlsWarning({ server, address: socket.remoteAddress, isEncrypted: isEncrypted(socket), ...settings });
}

/** A session as pg_stat_activity shows it. Behind a pooler the process id is not the server's, and nothing is found. */
export interface Backend {
  readonly pid: number;
  readonly applicationName: string;
}

/** The process id is that of BackendKeyData, which the types of pg leave out. */
export const backendOf = (client: pg.Client, applicationName: string): Backend => ({
  pid: (client as unknown as { readonly processID: number | null }).processID ?? 0,
  applicationName,
});

const sql = `
WITH watched AS (
  SELECT pid, wait_event = 'ClientRead' AND greatest(state_change, query_start) < clock_timestamp() - $3 * interval '1 ms' AS idle
  FROM pg_stat_activity WHERE pid = $1 AND application_name = $2 AND usename = session_user
)
SELECT idle, CASE WHEN $4 = 'always' OR $4 = 'if idle' AND idle THEN pg_terminate_backend(pid) END AS terminated FROM watched`;

/**
 * Looks at a backend over a session that `open` opens: see WatchedSession.inquire. A backend that waits for its client
 * while the client waits for it has not got what was sent, or is frozen.
 */
export async function inquireBackend(
  open: (signal: AbortSignal) => Promise<pg.Client>,
  backend: Backend,
  { idleMs, terminate }: Inquiry,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    const client = await open(signal);
    const cut = addAbortListener(signal, () => socketOf(client).destroy(new Error('no answer')));
    try {
      const values = [backend.pid, backend.applicationName, idleMs, terminate];
      const { rows } = await client.query<{ idle: boolean | null }>(sql, values);
      return rows[0]?.idle === true;
    } finally {
      cut[Symbol.dispose]();
      void endSession(client);
    }
  } catch (error) {
    if (isAnswer(error)) return false;
    throw error;
  }
}

/** An error that the server itself sent. */
const isAnswer = (error: unknown): boolean =>
  (error instanceof MillraceError ? error.cause : error) instanceof pg.DatabaseError;
