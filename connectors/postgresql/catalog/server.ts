import { quoteIdentifier } from '../../../src/databases/postgresql/quote.ts';
import { MillraceError } from '../../../src/errors.ts';
import type { Sql } from '../session/sql.ts';

/** Settings of the server and privileges of the connector's user. */
export interface Server {
  /** server_version_num, such as 150004. */
  readonly version: number;
  readonly walLevel: string;
  readonly standby: boolean;
  readonly mayReplicate: boolean;
  readonly user: string;
  readonly maxSlots: number;
  readonly slots: number;
  /** wal_sender_timeout in milliseconds; 0 for never. */
  readonly senderTimeoutMs: number;
}

/** The first version with all functions that the connector uses. */
const OLDEST_VERSION = 130_000;

/** Roles of hosted PostgreSQL that include the right to replicate. */
const HOSTED_ROLES = ['rds_superuser', 'rds_replication', 'rdsadmin', 'cloudsqlsuperuser', 'azure_pg_admin'];

export async function queryServer(sql: Sql): Promise<Server> {
  return sql.one<Server & Record<string, unknown>>(
    'querying the settings of the server',
    `SELECT current_setting('server_version_num')::int AS version, current_setting('wal_level') AS "walLevel",
       pg_is_in_recovery() AS standby, current_user AS user,
       (r.rolsuper OR r.rolreplication OR EXISTS (
         SELECT FROM pg_roles h WHERE h.rolname = ANY($1) AND pg_has_role(r.oid, h.oid, 'member'))) AS "mayReplicate",
       current_setting('max_replication_slots')::int AS "maxSlots",
       (SELECT count(*)::int FROM pg_replication_slots) AS slots,
       (SELECT setting::int FROM pg_settings WHERE name = 'wal_sender_timeout') AS "senderTimeoutMs"
     FROM pg_roles r WHERE r.rolname = current_user`,
    [HOSTED_ROLES],
  );
}

const STANDBY = 'this server is a standby: connect to the primary, whose slot and snapshots can be relied on';

/** Throws SOURCE_SETUP if a setting or a privilege is missing. streams: changes are to be read after the snapshot. */
export function checkServer(server: Server, streams: boolean): void {
  // It may be about to be promoted.
  if (server.standby) throw new MillraceError('SOURCE_UNAVAILABLE', STANDBY);
  const problem = serverProblem(server, streams) ?? (streams ? privilegeProblem(server) : undefined);
  if (problem !== undefined) throw new MillraceError('SOURCE_SETUP', problem);
}

export function serverProblem({ version, walLevel, standby }: Server, streams: boolean): string | undefined {
  if (version < OLDEST_VERSION)
    return `PostgreSQL 13 or later is needed; this server is ${Math.floor(version / 10_000)}.${version % 10_000}`;
  if (standby) return STANDBY;
  if (streams && walLevel !== 'logical')
    return (
      `wal_level is ${walLevel}, and must be logical: run ALTER SYSTEM SET wal_level = logical, then restart the server ` +
      '(on hosted PostgreSQL, set the parameter for logical replication)'
    );
  return undefined;
}

export function privilegeProblem({ mayReplicate, user }: Server): string | undefined {
  if (mayReplicate) return undefined;
  return (
    `the user ${user} may not replicate: run ALTER ROLE ${quoteIdentifier(user)} WITH REPLICATION ` +
    '(on hosted PostgreSQL, grant its replication role, such as rds_replication)'
  );
}

/** Throws SOURCE_SETUP if max_replication_slots is reached. */
export function checkRoomForSlot({ slots, maxSlots }: Server): void {
  if (slots < maxSlots) return;
  throw new MillraceError(
    'SOURCE_SETUP',
    `all ${maxSlots} replication slots of the server are taken: drop one that is not needed (pg_drop_replication_slot), ` +
      'or raise max_replication_slots and restart the server',
  );
}
