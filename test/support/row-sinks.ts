import type { TestDatabase } from './database.ts';

/** Configuration of a JDBC sink that appends flat JSON objects to a table: a record that is written twice is there twice. */
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

/** JSON objects with the numbers [from, to) as `id`. */
export const numbered = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, i) => JSON.stringify({ id: from + i }));

/** The ids in a table, in order. */
export const idsOf = async (database: TestDatabase, table: string): Promise<number[]> =>
  (await database.query<{ id: number }>(`SELECT id FROM ${table} ORDER BY id`)).map(({ id }) => id);

/** [from, to). */
export const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);
