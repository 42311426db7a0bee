import type pg from 'pg';
import type { SourceOffset } from '../../../src/api/index.ts';
import { MillraceError } from '../../../src/errors.ts';

/** The write-ahead log to which an LSN belongs, and the database whose changes are read from it. */
export interface LogIdentity {
  /** `system_identifier`: 64 random bits of initdb, shared by copies and standbys of the server. */
  readonly system: string;
  /** Incremented when a standby is promoted and on point-in-time recovery. 0: a standby. */
  readonly timeline: number;
  /** pg_database.oid */
  readonly database: number;
}

const QUERY = `SELECT (SELECT system_identifier::text FROM pg_control_system()) AS system,
  (CASE WHEN pg_is_in_recovery() THEN 0
    ELSE ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::bigint END)::text AS timeline,
  (SELECT oid::text FROM pg_database WHERE datname = current_database()) AS database`;

/** Requires that all sessions of a task reach the same server as the first. */
export class ServerGuard {
  #identity: LogIdentity | undefined;

  /** Available once a session has been opened. */
  get identity(): LogIdentity {
    if (this.#identity === undefined) throw new MillraceError('INTERNAL', 'no session has been opened yet');
    return this.#identity;
  }

  /** Rejects with SOURCE_UNAVAILABLE; the next attempt compares its position with the new server. */
  readonly check = async (client: pg.Client): Promise<void> => {
    const identity = await queryIdentity(client);
    this.#identity ??= identity;
    if (sameLog(identity, this.#identity)) return;
    throw new MillraceError(
      'SOURCE_UNAVAILABLE',
      `a new session reached ${describeLog(identity)}, and the task has begun with ${describeLog(this.#identity)}: the ` +
        'server was replaced or failed over. The task starts again and compares its position with this one',
    );
  };
}

async function queryIdentity(client: pg.Client): Promise<LogIdentity> {
  const { rows } = await client.query<{ system: string; timeline: string; database: string }>(QUERY);
  const [row] = rows;
  if (row === undefined) throw new MillraceError('SOURCE_UNAVAILABLE', 'the server returned no identity');
  return { system: row.system, timeline: Number(row.timeline), database: Number(row.database) };
}

export const sameLog = (a: LogIdentity, b: LogIdentity): boolean =>
  a.system === b.system && a.timeline === b.timeline && a.database === b.database;

/** `timeline 1 of the system 7298…` */
export const describeLog = ({ system, timeline }: LogIdentity): string =>
  timeline === 0 ? `a standby of the system ${system}` : `timeline ${timeline} of the system ${system}`;

export const identityFields = ({ system, timeline, database }: LogIdentity) => ({
  system_identifier: system,
  timeline_id: timeline,
  database_oid: database,
});

/** null: the offset does not contain it, like Debezium's. */
export function readIdentity(offset: NonNullable<SourceOffset>): LogIdentity | null {
  const { system_identifier: system, timeline_id: timeline, database_oid: database } = offset;
  if (system === undefined || system === null) return null;
  return { system: String(system), timeline: Number(timeline), database: Number(database) };
}
