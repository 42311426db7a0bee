import { connector, type PostgresConfig } from '../../../connectors/postgresql/index.ts';
import type { TestDatabase } from '../../support/database.ts';
import { type Committed, type OpenOptions, openSource, type Running } from '../../support/source-task.ts';

/** Configuration of a connector for the database; the topic prefix is the database's name. */
export const propsOf = (db: TestDatabase, more: Readonly<Record<string, string>> = {}): Record<string, string> => ({
  'database.hostname': db.connection.host,
  'database.port': String(db.connection.port),
  'database.user': db.connection.user,
  'database.password': db.connection.password || 'x',
  'database.dbname': db.name,
  'topic.prefix': db.name,
  'slot.name': db.name,
  'publication.name': db.name,
  'publication.autocreate.mode': 'filtered',
  'plugin.name': 'pgoutput',
  ...more,
});

export function configOf(props: Readonly<Record<string, string>>): PostgresConfig {
  const { config, errors } = connector.config.check(props);
  if (config === undefined) throw new Error(JSON.stringify([...errors]));
  return config;
}

/** Opens a task of the PostgreSQL source as the engine would. */
export const openTask = (
  props: Readonly<Record<string, string>>,
  committed: Committed,
  options: OpenOptions = {},
): Promise<Running<PostgresConfig>> => openSource(connector, props, committed, options);
