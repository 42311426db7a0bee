import { addAbortListener } from 'node:events';
import type { Socket } from 'node:net';
import pg from 'pg';
import { MillraceError } from '../../errors.ts';
import type { SessionProbe } from '../answer-watch.ts';
import { isEncrypted, tlsWarning, type UnverifiedSession } from '../tls-warning.ts';

/** Milliseconds to wait for the server to close after Terminate. */
const TERMINATE_MS = 500;

/** Application name of sessions that probe others, in pg_stat_activity. */
export const PROBE_APPLICATION_NAME = 'millrace probe';

/** Socket of a session, including TLS. */
export const socketOf = (client: pg.Client): Socket => client.connection.stream as Socket;

/** Sends Terminate, waits briefly for the server to close, then destroys the socket. */
export async function endSession(client: pg.Client): Promise<void> {
  const timer = setTimeout(() => socketOf(client).destroy(), TERMINATE_MS);
  await client.end().catch(() => {});
  clearTimeout(timer);
}

/** TLS settings in a JDBC URL, for warnings. */
const urlSettings = {
  setting: 'sslmode=prefer',
  remedy: 'sslmode=verify-full in connection.url, and sslrootcert for an authority of your own',
};

/** Warning for a session that was opened with sslmode=prefer; undefined for a server on this machine. */
export function preferWarning(
  client: pg.Client,
  server: string,
  settings: Pick<UnverifiedSession, 'setting' | 'remedy'> = urlSettings,
): string | undefined {
  const socket = socketOf(client);
  return tlsWarning({ server, address: socket.remoteAddress, isEncrypted: isEncrypted(socket), ...settings });
}

/** A session in pg_stat_activity. With a connection pooler the process id is not the server's, and the session is not found. */
export interface Backend {
  readonly pid: number;
  readonly applicationName: string;
}

/** Process id of BackendKeyData, which the types of pg do not declare. */
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
 * Probes a backend over a new session: see WatchedSession.probe. A backend that waits for its client while the client waits for a
 * response has not received the request, or is frozen.
 */
export async function probeBackend(
  open: (signal: AbortSignal) => Promise<pg.Client>,
  backend: Backend,
  { idleMs, terminate }: SessionProbe,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    const client = await open(signal);
    const listener = addAbortListener(signal, () => socketOf(client).destroy(new Error('no response')));
    try {
      const values = [backend.pid, backend.applicationName, idleMs, terminate];
      const { rows } = await client.query<{ idle: boolean | null }>(sql, values);
      return rows[0]?.idle === true;
    } finally {
      listener[Symbol.dispose]();
      void endSession(client);
    }
  } catch (error) {
    if (isServerError(error)) return false;
    throw error;
  }
}

/** True for an error that the server sent. */
const isServerError = (error: unknown): boolean =>
  (error instanceof MillraceError ? error.cause : error) instanceof pg.DatabaseError;
