import { addAbortListener } from 'node:events';
import type { PlanContext, SourceConnector, SourcePosition } from '../../src/api/index.ts';
import { MillraceError, messageOf } from '../../src/errors.ts';
import { config, type JdbcSourceConfig } from './config/keys.ts';
import { openSession } from './database/open.ts';
import type { Session } from './database/session.ts';
import { findTables, refuseSameNames, spread } from './tables/plan.ts';
import { JdbcSourceTask } from './task.ts';

export type { JdbcSourceConfig } from './config/keys.ts';

/**
 * Tables and queries of PostgreSQL, MySQL and MariaDB, asked again and again: in the place of
 * `io.confluent.connect.jdbc.JdbcSourceConnector`, with its configuration, its records and its offsets.
 */
export const connector: SourceConnector<JdbcSourceConfig> = {
  kind: 'source',
  config,
  async plan(settings, tasksMax, context) {
    if (settings.sql !== '') return [{}];
    return withSession(settings, context, async session => {
      const tables = await findTables(session, settings);
      refuseSameNames(tables);
      if (tables.length === 0) context.log.warn({}, 'no table is there yet that the configuration names');
      return spread(tables, tasksMax);
    });
  },
  task: () => new JdbcSourceTask(),
  async validate(settings, context) {
    try {
      await withSession(settings, context, async session => {
        if (settings.sql === '') refuseSameNames(await findTables(session, settings));
      });
      return {};
    } catch (error) {
      return { 'connection.url': [`Error while validating connector config: ${messageOf(error)}`] };
    }
  },
  async alterOffsets(_settings, positions) {
    for (const position of positions) check(position);
  },
};

async function withSession<T>(
  settings: JdbcSourceConfig,
  { log, signal }: PlanContext,
  use: (session: Session) => Promise<T>,
): Promise<T> {
  const session = await openSession(settings, 'plan', log, signal);
  const stopping = addAbortListener(signal, () => session.destroy());
  try {
    return await use(session);
  } finally {
    stopping[Symbol.dispose]();
    await session.close();
  }
}

/** Partitions are those of tables and of the query; offsets hold times and numbers. */
function check({ partition, offset }: SourcePosition): void {
  const { table, protocol = '1', query = 'query' } = partition;
  const ours = (typeof table === 'string' && protocol === '1') || (table === undefined && partition['query'] === query);
  if (!ours)
    throw new MillraceError(
      'BAD_REQUEST',
      `${JSON.stringify(partition)} is no partition of this connector: they are {"protocol":"1","table":"<database or schema>.<table>"} and {"query":"query"}`,
    );
  for (const name of ['timestamp', 'timestamp_nanos', 'incrementing']) {
    const value = offset?.[name];
    if (value !== undefined && value !== null && !Number.isInteger(value))
      throw new MillraceError('BAD_REQUEST', `${name} is a whole number, not ${JSON.stringify(value)}`);
  }
}
