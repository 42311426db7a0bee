import { isDdlConflict, sqlState } from '../../../src/databases/postgresql/sql-errors.ts';
import { MillraceError } from '../../../src/errors.ts';
import type { Session } from '../protocol/session.ts';

/**
 * The sink's positions, beside its rows: one row for each partition that a task has claimed. generation and attempt are
 * those of its newest writer; next_offset is null until something has been written.
 */
const tableSql = `CREATE TABLE IF NOT EXISTS millrace_offsets (
  cluster text NOT NULL,
  connector text NOT NULL,
  topic text NOT NULL,
  partition int NOT NULL,
  topic_id text NOT NULL,
  generation bigint NOT NULL,
  attempt int NOT NULL,
  next_offset bigint,
  PRIMARY KEY (cluster, connector, topic, partition)
)`;

const columns = ['cluster', 'connector', 'topic', 'partition', 'topic_id', 'generation', 'attempt', 'next_offset'];

/** Columns of the table that there is; null where there is none. */
const columnsSql = `SELECT array_agg(a.attname::text) AS columns FROM pg_attribute a
  WHERE a.attrelid = to_regclass('millrace_offsets') AND a.attnum > 0 AND NOT a.attisdropped`;

/** Creates the table where it is missing. Rejects with SINK_SETUP where it may not be created or is another one. */
export async function ensureOffsets(session: Session): Promise<void> {
  const doing = 'creating the table millrace_offsets';
  for (let attempt = 0; ; attempt++) {
    try {
      // Asked first: CREATE … IF NOT EXISTS wants the right to create even where there is nothing to do.
      const present = await presentColumns(session);
      if (present === null) await session.query(doing, tableSql);
      else requireColumns(present);
      return;
    } catch (error) {
      if (isDdlConflict(error) && attempt < 5) continue;
      const code = sqlState(error);
      if (code !== '42501' && code !== '3F000') throw error;
      throw new MillraceError(
        'SINK_SETUP',
        'The table millrace_offsets, in which the sink keeps its positions beside its rows, may not be created: grant the ' +
          `connector's user CREATE on the schema, or create it there: ${tableSql.replaceAll(/\s+/g, ' ')}`,
        { cause: error },
      );
    }
  }
}

export async function presentColumns(session: Session): Promise<readonly string[] | null> {
  const [found] = await session.query<{ columns: string[] | null }>('looking for millrace_offsets', columnsSql);
  return found?.columns ?? null;
}

function requireColumns(present: readonly string[]): void {
  const missing = columns.filter(column => !present.includes(column));
  if (missing.length === 0) return;
  throw new MillraceError(
    'SINK_SETUP',
    `The table millrace_offsets lacks ${missing.join(', ')}: it is not one that this version has made. Stop the connector, ` +
      'rename the table, set the offsets to go on from (PATCH /connectors/{name}/offsets), and resume.',
  );
}
