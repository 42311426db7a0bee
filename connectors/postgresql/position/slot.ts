import { quoteLiteral } from '../../../src/databases/postgresql/quote.ts';
import { MillraceError } from '../../../src/errors.ts';
import type { Sql } from '../session/sql.ts';
import { formatLsn, type Lsn, parseLsn } from './lsn.ts';

/** A logical replication slot as pg_replication_slots shows it. */
export interface Slot {
  readonly name: string;
  readonly plugin: string;
  readonly database: string;
  readonly activePid: number | null;
  /** The slot sends no transaction that commits before it. */
  readonly confirmed: Lsn | null;
  /** reserved, extended, unreserved or lost. */
  readonly walStatus: string | null;
}

interface SlotRow {
  readonly slot_name: string;
  readonly plugin: string | null;
  readonly database: string | null;
  readonly active_pid: number | null;
  readonly confirmed_flush_lsn: string | null;
  readonly wal_status: string | null;
}

/** undefined: there is no slot of this name. */
export async function findSlot(sql: Sql, name: string): Promise<Slot | undefined> {
  const [row] = await sql.query<SlotRow>(
    'looking for the replication slot',
    `SELECT slot_name, plugin, database, active_pid, confirmed_flush_lsn::text, wal_status
     FROM pg_replication_slots WHERE slot_name = $1`,
    [name],
  );
  return (
    row && {
      name,
      plugin: row.plugin ?? '',
      database: row.database ?? '',
      activePid: row.active_pid,
      confirmed: row.confirmed_flush_lsn === null ? null : parseLsn(row.confirmed_flush_lsn),
      walStatus: row.wal_status,
    }
  );
}

/** Throws SOURCE_SETUP, SOURCE_POSITION_LOST or SOURCE_UNAVAILABLE for a slot that this connector cannot use. */
export function checkSlot(slot: Slot, database: string): Slot & { readonly confirmed: Lsn } {
  const subject = `replication slot ${slot.name}`;
  if (slot.plugin !== 'pgoutput')
    throw new MillraceError(
      'SOURCE_SETUP',
      slot.plugin === ''
        ? `${subject} is a physical one; choose another slot.name`
        : `${subject} decodes with ${slot.plugin}, not with pgoutput; choose another slot.name, or drop it with ${dropCommand(slot.name)}`,
    );
  if (slot.database !== database)
    throw new MillraceError(
      'SOURCE_SETUP',
      `${subject} belongs to the database ${slot.database}, not to ${database}; choose another slot.name`,
    );
  if (slot.walStatus === 'lost')
    throw new MillraceError(
      'SOURCE_POSITION_LOST',
      `${subject} was invalidated: the server has removed log that it needed (max_slot_wal_keep_size). ` +
        `Drop it with ${dropCommand(slot.name)}, and set snapshot.mode=when_needed to read the tables again`,
    );
  if (slot.confirmed === null)
    throw new MillraceError('SOURCE_UNAVAILABLE', `${subject} is still being created by another client`);
  return { ...slot, confirmed: slot.confirmed };
}

export const dropCommand = (name: string): string => `SELECT pg_drop_replication_slot(${quoteLiteral(name)})`;

/** Creates the slot and returns its start. Waits until the transactions that are open now have ended. */
export async function createSlot(sql: Sql, name: string, failover: boolean, serverVersion: number): Promise<Lsn> {
  const withFailover = failover && serverVersion >= 170_000;
  const { lsn } = await sql.one<{ lsn: string }>(
    `creating the replication slot ${name}`,
    withFailover
      ? `SELECT lsn::text FROM pg_create_logical_replication_slot($1, 'pgoutput', false, false, true)`
      : `SELECT lsn::text FROM pg_create_logical_replication_slot($1, 'pgoutput')`,
    [name],
  );
  return parseLsn(lsn);
}

/** Drops the slot if it exists. Rejects if a client reads from it. */
export async function dropSlot(sql: Sql, name: string): Promise<void> {
  await sql.query(
    `dropping the replication slot ${name}`,
    'SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = $1',
    [name],
  );
}

/**
 * Waits until no client reads from the slot: the walsender of a killed worker lives until the server detects that. A
 * walsender of this connector's previous task is terminated if the user has the right to. Rejects with SOURCE_UNAVAILABLE.
 */
export async function freeSlot(
  sql: Sql,
  name: string,
  owner: string,
  waitMs: number,
  signal: AbortSignal,
): Promise<void> {
  const deadline = performance.now() + waitMs;
  for (;;) {
    signal.throwIfAborted();
    const [holder] = await sql.query<{ pid: number; application: string | null; ended: boolean | null }>(
      'looking for the reader of the replication slot',
      `SELECT s.active_pid AS pid, a.application_name AS application FROM pg_replication_slots s
       LEFT JOIN pg_stat_activity a ON a.pid = s.active_pid WHERE s.slot_name = $1 AND s.active_pid IS NOT NULL`,
      [name],
    );
    if (holder === undefined) return;
    if (holder.application === owner)
      // Without that right, wal_sender_timeout ends it.
      await sql.query('ending the previous reader', 'SELECT pg_terminate_backend($1)', [holder.pid]).catch(() => []);
    if (performance.now() >= deadline)
      throw new MillraceError(
        'SOURCE_UNAVAILABLE',
        `replication slot ${name} is in use by ${holder.application || 'a session'} (pid ${holder.pid})`,
      );
    await new Promise(resolve => setTimeout(resolve, 100));
  }
}

/** Throws SOURCE_POSITION_LOST if the slot is ahead of the stored position, so that changes are missing. */
export function checkPosition(slot: Slot & { readonly confirmed: Lsn }, start: Lsn): void {
  if (slot.confirmed <= start) return;
  throw new MillraceError(
    'SOURCE_POSITION_LOST',
    `changes between ${formatLsn(start)} (stored position) and ${formatLsn(slot.confirmed)} (replication slot ` +
      `${slot.name}) are lost: the slot was created again, or another client has read from it. Set ` +
      'snapshot.mode=when_needed to read the tables again, or offset.mismatch.strategy=trust_slot to go on without them',
  );
}
