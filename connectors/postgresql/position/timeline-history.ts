import { endSession } from '../../../src/databases/postgresql/session.ts';
import { type ConnectionSettings, type ConnectOptions, connect } from '../session/connection.ts';
import { type DatabaseError, toMillraceError } from '../session/failures.ts';
import { type Lsn, parseLsn } from './lsn.ts';

/** The LSN at which each ancestor of a timeline ended, by the ancestor's number. */
export type TimelineHistory = ReadonlyMap<number, Lsn>;

/** SQLSTATE of a missing history file. */
const UNDEFINED_FILE = '58P01';

/** Reads it in a replication session. Empty for timeline 1, which has no ancestors. */
export async function timelineHistory(
  settings: ConnectionSettings,
  options: ConnectOptions,
  timeline: number,
): Promise<TimelineHistory> {
  if (timeline <= 1) return new Map();
  const client = await connect(settings, { ...options, replication: true });
  try {
    const { rows } = await client.query<{ content: unknown }>(`TIMELINE_HISTORY ${timeline}`);
    return parseTimelineHistory(String(rows[0]?.content ?? ''));
  } catch (error) {
    if ((error as DatabaseError).code === UNDEFINED_FILE) return new Map();
    throw toMillraceError(error, `reading the history of timeline ${timeline}`);
  } finally {
    await endSession(client);
  }
}

/** Lines of a history file: `1 <tab> 0/3000000 <tab> no recovery target specified`. */
export function parseTimelineHistory(content: string): TimelineHistory {
  const ends = new Map<number, Lsn>();
  for (const line of content.split('\n')) {
    const [timeline = '', end = ''] = line.trim().split(/\s+/, 2);
    if (/^\d+$/.test(timeline)) ends.set(Number(timeline), parseLsn(end));
  }
  return ends;
}
