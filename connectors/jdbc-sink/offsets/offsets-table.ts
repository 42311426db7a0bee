import { isDdlConflict, sqlState } from '../../../src/databases/postgresql/sql-errors.ts';
import { MillraceError } from '../../../src/errors.ts';
import type { Session } from '../protocol/session.ts';

/**
 * The sink's positions, stored with its rows: one row for each partition that a task has claimed. generation and attempt
 * are those of its latest writer; next_offset is null before the first write.
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

/** Columns of the existing table; null if there is none. */
const columnsSql = `SELECT array_agg(a.attname::text) AS columns FROM pg_attribute a
  WHERE a.attrelid = to_regclass('millrace_offsets') AND a.attnum > 0 AND NOT a.attisdropped`;

/** Creates the table if it is missing. Rejects with SINK_SETUP if it may not be created or has other columns. */
export async function ensureOffsetsTable(session: Session): Promise<void> {
  const operation = 'creating the table millrace_offsets';
  for (let attempt = 0; ; attempt++) {
    try {
      // Checked first: CREATE … IF NOT EXISTS requires the CREATE privilege even if the table exists.
      const existing = await existingColumns(session);
      if (existing === null) await session.query(operation, tableSql);
      else requireColumns(existing);
      return;
    } catch (error) {
      if (isDdlConflict(error) && attempt < 5) continue;
      const code = sqlState(error);
      if (code !== '42501' && code !== '3F000') throw error;
      throw new MillraceError(
        'SINK_SETUP',
        'The table millrace_offsets, in which the sink stores its positions, may not be created: grant the ' +
          `connector's user CREATE on the schema, or create the table: ${tableSql.replaceAll(/\s+/g, ' ')}`,
        { cause: error },
      );
    }
  }
}

export async function existingColumns(session: Session): Promise<readonly string[] | null> {
  const [row] = await session.query<{ columns: string[] | null }>(
    'reading the columns of millrace_offsets',
    columnsSql,
  );
  return row?.columns ?? null;
}

function requireColumns(existing: readonly string[]): void {
  const missing = columns.filter(column => !existing.includes(column));
  if (missing.length === 0) return;
  throw new MillraceError(
    'SINK_SETUP',
    `The table millrace_offsets lacks the columns ${missing.join(', ')}: another program or version created it. Stop the connector, ` +
      'rename the table, set the offsets to continue from (PATCH /connectors/{name}/offsets), and resume.',
  );
}
