import type { Log } from '../../../src/api/index.ts';
import type { Session } from './session.ts';

/**
 * Backends of this connector's tasks that have waited for seconds, in mid-transaction, for a client that does not go on.
 * The task's number is what its application name ends with, after the last slash.
 */
const sql = `
WITH own AS (SELECT current_setting('application_name') AS name),
  connector AS (SELECT name, regexp_replace(name, '[^/]*$', '') AS prefix FROM own)
SELECT a.application_name AS task, pg_terminate_backend(a.pid) AS ended
FROM pg_stat_activity a, connector c
WHERE a.datname = current_database() AND a.usename = current_user AND a.pid <> pg_backend_pid()
  AND (a.application_name = c.name
    OR left(a.application_name, length(c.prefix)) = c.prefix AND substr(a.application_name, length(c.prefix) + 1) ~ '^[0-9]+$')
  AND a.xact_start IS NOT NULL AND a.wait_event = 'ClientRead' AND a.query_start < clock_timestamp() - interval '3 seconds'`;

/**
 * Ends what a frozen or cut-off worker has left open on the server. Its positions are locked by that transaction, and
 * their new owner would wait for it for as long as the worker stays frozen.
 */
export async function endStalled(session: Session, log: Log): Promise<void> {
  const rows = await session.query<{ task: string; ended: boolean }>('looking for stalled tasks', sql);
  for (const { task, ended } of rows)
    if (ended) log.warn({ task }, 'ended the stalled transaction of an older attempt');
}
