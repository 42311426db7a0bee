import { addAbortListener } from 'node:events';
import type { PlanContext, SourceConnector, SourcePosition } from '../../src/api/index.ts';
import { MillraceError, messageOf } from '../../src/errors.ts';
import { config, type JdbcSourceConfig } from './config/keys.ts';
import { openSession } from './database/open.ts';
import type { Session } from './database/session.ts';
import { distributeTables, findTables, rejectConflictingTables } from './tables/plan.ts';
import { JdbcSourceTask } from './task.ts';

export type { JdbcSourceConfig } from './config/keys.ts';

/**
 * Polls tables and queries of PostgreSQL, MySQL and MariaDB, with the configuration, the records and the offsets of
 * `io.confluent.connect.jdbc.JdbcSourceConnector`.
 */
export const connector: SourceConnector<JdbcSourceConfig> = {
  kind: 'source',
  config,
  async plan(settings, tasksMax, context) {
    if (settings.sql !== '') return [{}];
    return withSession(settings, context, async session => {
      const tables = await findTables(session, settings);
      rejectConflictingTables(tables);
      if (tables.length === 0) context.log.warn({}, 'no table matches the configuration yet');
      return distributeTables(tables, tasksMax);
    });
  },
  task: () => new JdbcSourceTask(),
  async validate(settings, context) {
    try {
      await withSession(settings, context, async session => {
        if (settings.sql === '') rejectConflictingTables(await findTables(session, settings));
      });
      return {};
    } catch (error) {
      return { 'connection.url': [`Error while validating connector config: ${messageOf(error)}`] };
    }
  },
  async alterOffsets(_settings, positions) {
    for (const position of positions) checkPosition(position);
  },
};

async function withSession<T>(
  settings: JdbcSourceConfig,
  { log, signal }: PlanContext,
  operation: (session: Session) => Promise<T>,
): Promise<T> {
  const session = await openSession(settings, 'plan', log, signal);
  const stopping = addAbortListener(signal, () => session.destroy());
  try {
    return await operation(session);
  } finally {
    stopping[Symbol.dispose]();
    await session.close();
  }
}

/** Throws BAD_REQUEST for a partition or an offset that is not of this connector. */
function checkPosition({ partition, offset }: SourcePosition): void {
  const { table, protocol = '1', query = 'query' } = partition;
  const isOwnPartition =
    (typeof table === 'string' && protocol === '1') || (table === undefined && partition['query'] === query);
  if (!isOwnPartition)
    throw new MillraceError(
      'BAD_REQUEST',
      `${JSON.stringify(partition)} is not a partition of this connector: use {"protocol":"1","table":"<database or schema>.<table>"} or {"query":"query"}`,
    );
  for (const name of ['timestamp', 'timestamp_nanos', 'incrementing']) {
    const value = offset?.[name];
    if (value !== undefined && value !== null && !Number.isInteger(value))
      throw new MillraceError('BAD_REQUEST', `${name} must be a whole number, not ${JSON.stringify(value)}`);
  }
}
