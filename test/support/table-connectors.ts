import type { TestDatabase } from './database.ts';

/** Configuration of a JDBC sink that appends flat JSON objects to a table; a record written twice gives two rows. */
export function appendingSink(database: TestDatabase, topic: string, table: string): Record<string, string> {
  const { host, port, user, password } = database.connection;
  return {
    'connector.class': 'io.confluent.connect.jdbc.JdbcSinkConnector',
    'connection.url': `jdbc:postgresql://${host}:${port}/${database.name}`,
    'connection.user': user,
    'connection.password': password || 'unused',
    topics: topic,
    'table.name.format': table,
    'insert.mode': 'insert',
    'pk.mode': 'none',
    'value.converter': 'org.apache.kafka.connect.json.JsonConverter',
    'value.converter.schemas.enable': 'false',
  };
}

/** Configuration of a PostgreSQL source. name: of its slot and publication, and its topic prefix. */
export function debeziumSource(database: TestDatabase, name = database.name): Record<string, string> {
  const { host, port, user, password } = database.connection;
  return {
    'connector.class': 'io.debezium.connector.postgresql.PostgresConnector',
    'database.hostname': host,
    'database.port': String(port),
    'database.user': user,
    'database.password': password || 'unused',
    'database.dbname': database.name,
    'topic.prefix': name,
    'slot.name': name,
    'publication.name': name,
    'publication.autocreate.mode': 'filtered',
  };
}

/** Configuration of a JDBC source that reads tables incrementally by id. */
export function incrementingSource(
  database: TestDatabase,
  tables: readonly string[],
  prefix: string,
): Record<string, string> {
  const { host, port, user, password } = database.connection;
  return {
    'connector.class': 'io.confluent.connect.jdbc.JdbcSourceConnector',
    'connection.url': `jdbc:postgresql://${host}:${port}/${database.name}`,
    'connection.user': user,
    'connection.password': password || 'unused',
    mode: 'incrementing',
    'incrementing.column.name': 'id',
    'table.whitelist': tables.join(),
    'topic.prefix': prefix,
  };
}

/** JSON objects with the numbers [from, to) as `id`. */
export const numberedObjects = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, i) => JSON.stringify({ id: from + i }));

/** Ids in a table, in ascending order. */
export const idsOf = async (database: TestDatabase, table: string): Promise<number[]> =>
  (await database.query<{ id: number }>(`SELECT id FROM ${table} ORDER BY id`)).map(({ id }) => id);

/** Integers [from, to). */
export const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);
