import type { Log } from '../../../src/api/index.ts';
import type { Session } from './session.ts';

/**
 * Terminates backends of this connector's tasks that have waited in an open transaction for their client for 3 s. The
 * application name ends with a slash and the task's number.
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
 * Ends open transactions of a frozen or disconnected worker. They lock its positions, and the next task would wait for
 * them until the worker continues.
 */
export async function terminateStalledTransactions(session: Session, log: Log): Promise<void> {
  const rows = await session.query<{ task: string; ended: boolean }>('terminating stalled transactions', sql);
  for (const { task, ended } of rows)
    if (ended) log.warn({ task }, 'terminated the stalled transaction of an earlier attempt');
}
