import { MillraceError } from '../../../src/errors.ts';
import type { Sql } from '../session/sql.ts';
import { FLUSH_MESSAGE } from '../stream/own-messages.ts';
import { formatLsn, type Lsn, parseLsn } from './lsn.ts';

/** Flush position: log before it survives a crash of the server. */
export async function logEnd(sql: Sql): Promise<Lsn> {
  const { lsn } = await sql.one<{ lsn: string }>(
    'querying the end of the log',
    'SELECT pg_current_wal_flush_lsn()::text AS lsn',
  );
  return parseLsn(lsn);
}

/** Insert position: all visible changes are before it, and may not have been flushed. */
export async function insertEnd(sql: Sql): Promise<Lsn> {
  const { lsn } = await sql.one<{ lsn: string }>(
    'querying the end of the log',
    'SELECT pg_current_wal_insert_lsn()::text AS lsn',
  );
  return parseLsn(lsn);
}

/** Makes the server flush its log up to `lsn`: commits with synchronous_commit=off are visible before they are flushed. */
export async function flushLog(sql: Sql, lsn: Lsn): Promise<void> {
  await sql.query(
    'flushing the log',
    `SELECT set_config('synchronous_commit', 'local', true), pg_logical_emit_message(true, '${FLUSH_MESSAGE}', '')`,
  );
  if ((await logEnd(sql)) < lsn)
    throw new MillraceError('SOURCE_UNAVAILABLE', `the server has not flushed its log up to ${formatLsn(lsn)}`);
}
