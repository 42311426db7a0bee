import { MillraceError } from '../../../src/errors.ts';
import type { StoredPostgresChunk } from '../snapshot/chunk.ts';
import { describeLog, type LogIdentity } from './log-identity.ts';
import { formatLsn, type Lsn, maxLsn } from './lsn.ts';
import type { StreamPosition } from './offsets.ts';
import type { TimelineHistory } from './timeline-history.ts';

export interface PositionCheck {
  readonly position: StreamPosition;
  /** Identity of the log of the position; null: the offset does not contain it. */
  readonly stored: LogIdentity | null;
  /** Chunks that the stream has not passed. */
  readonly chunks: readonly StoredPostgresChunk[];
  readonly server: LogIdentity;
  /** `pg_current_wal_flush_lsn()` */
  readonly logEnd: Lsn;
  history(timeline: number): Promise<TimelineHistory>;
}

/**
 * Requires that this server's log contains everything that was written to Kafka. A restored backup, a promoted
 * asynchronous standby and another server lack the end of it, and have written other changes at LSNs before the position.
 * Rejects with SOURCE_POSITION_LOST.
 */
export async function checkPositionInLog(check: PositionCheck): Promise<void> {
  const { stored, server, logEnd } = check;
  const reach = reachOf(check.position, check.chunks);
  const lost = (finding: string): MillraceError =>
    new MillraceError('SOURCE_POSITION_LOST', `${expected(reach, stored)}, but ${finding}. ${REMEDY}`);
  if (stored !== null) {
    if (stored.system !== server.system) throw lost(`this server is ${describeLog(server)}: another one`);
    if (stored.database !== server.database)
      throw lost(`this database is another one of the same server (oid ${server.database}, not ${stored.database})`);
    if (stored.timeline !== server.timeline) {
      const end = (await check.history(server.timeline)).get(stored.timeline);
      if (end === undefined)
        throw lost(`this server is on timeline ${server.timeline}, which does not descend from ${stored.timeline}`);
      if (reach > end)
        throw lost(
          `this server left timeline ${stored.timeline} at ${formatLsn(end)} (it is on ${server.timeline}): a standby ` +
            'was promoted, or a backup restored, that lacked the end of it',
        );
    }
  }
  if (reach > logEnd)
    throw lost(`the log of this server ends at ${formatLsn(logEnd)}: it was restored from an older backup`);
}

/** The highest LSN up to which changes were written to Kafka. */
function reachOf({ start, partial }: StreamPosition, chunks: readonly StoredPostgresChunk[]): Lsn {
  return chunks.reduce((reach, { lsn }) => maxLsn(reach, lsn), maxLsn(start, partial?.commitLsn ?? start));
}

const expected = (reach: Lsn, stored: LogIdentity | null): string =>
  `the stored position reaches ${formatLsn(reach)}${stored === null ? '' : ` on ${describeLog(stored)}`}`;

/** Advice for a position of another log, or of a log that has lost its end. */
export const REMEDY =
  'Changes may be in the topics that are not in this database, and others are missing. To read the tables again, set ' +
  'snapshot.mode=when_needed and restart the connector, or stop it, reset its offsets (millrace connectors offsets NAME ' +
  '--reset, or DELETE /connectors/NAME/offsets) and resume it; a new snapshot does not delete rows that are gone. To go ' +
  'on from a position that you know to be right, stop it and set that (PATCH /connectors/NAME/offsets) without ' +
  'system_identifier, timeline_id and database_oid';
