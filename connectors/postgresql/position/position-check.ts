import { MillraceError } from '../../../src/errors.ts';
import type { StoredPostgresChunk } from '../snapshot/chunk.ts';
import { describeLog, type LogIdentity } from './log-identity.ts';
import { formatLsn, type Lsn } from './lsn.ts';
import type { StreamPosition } from './offsets.ts';
import type { TimelineHistory } from './timeline-history.ts';

export interface PositionCheck {
  readonly position: StreamPosition;
  /** Of the log that the position is of; null where the offset does not say. */
  readonly stored: LogIdentity | null;
  /** Chunks that the stream has not passed. */
  readonly chunks: readonly StoredPostgresChunk[];
  readonly server: LogIdentity;
  /** `pg_current_wal_flush_lsn()` */
  readonly logEnd: Lsn;
  history(timeline: number): Promise<TimelineHistory>;
}

/**
 * Requires that all that was written to Kafka is in this server's log. A restored backup, an asynchronous standby that
 * was promoted, and another server lack the end of it; what they have written since is at LSNs that the position counts
 * as read. Rejects with SOURCE_POSITION_LOST.
 */
export async function checkPositionInLog(check: PositionCheck): Promise<void> {
  const { stored, server, logEnd } = check;
  const reach = reachOf(check.position, check.chunks);
  const lost = (found: string): MillraceError =>
    new MillraceError('SOURCE_POSITION_LOST', `${expected(reach, stored)}, but ${found}. ${REMEDY}`);
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
            'was promoted, or a backup restored, that had not all of it',
        );
    }
  }
  if (reach > logEnd)
    throw lost(`the log of this server ends at ${formatLsn(logEnd)}: it was restored from an older backup`);
}

/** The end of what has been written to Kafka. */
function reachOf({ start, partial }: StreamPosition, chunks: readonly StoredPostgresChunk[]): Lsn {
  return chunks.reduce((reach, { lsn }) => Math.max(reach, lsn), Math.max(start, partial?.commitLsn ?? 0));
}

const expected = (reach: Lsn, stored: LogIdentity | null): string =>
  `the stored position reaches ${formatLsn(reach)}${stored === null ? '' : ` on ${describeLog(stored)}`}`;

/** For a position that is of another log, or of one that has lost its end. */
export const REMEDY =
  'Changes may be in the topics that are not in this database, and others are missing. To read the tables again, set ' +
  'snapshot.mode=when_needed and restart the connector, or stop it, reset its offsets (millrace connectors offsets NAME ' +
  '--reset, or DELETE /connectors/NAME/offsets) and resume it; a new snapshot does not delete rows that are gone. To go ' +
  'on from a position that you know to be right, stop it and set that (PATCH /connectors/NAME/offsets) without ' +
  'system_identifier, timeline_id and database_oid';
