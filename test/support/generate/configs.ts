import fc from 'fast-check';
import type { PostgresServer } from '../../setup/addresses.ts';
import { uniqueName } from '../topic.ts';

export type Config = Record<string, string>;
export type Database = PostgresServer & { readonly database: string };

const TEXT = 'org.apache.kafka.connect.storage.StringConverter';
const JSON_CONVERTER = 'org.apache.kafka.connect.json.JsonConverter';
const converters = fc.constantFrom<Config>(
  {},
  { 'key.converter': TEXT, 'value.converter': TEXT },
  { 'value.converter': JSON_CONVERTER, 'value.converter.schemas.enable': 'false' },
  { 'value.converter': JSON_CONVERTER, 'value.converter.schemas.enable': 'true' },
);
/** Any name under which the class is registered. */
const classes = (packageName: string, name: string): fc.Arbitrary<string> =>
  fc.constantFrom(`${packageName}.${name}Connector`, `${name}Connector`, name);
const file = 'org.apache.kafka.connect.file';

/** A file source with random converters; a sink of its topic needs `convertersOf` it. */
export const fileSources = (path: string, topic: string): fc.Arbitrary<Config> =>
  fc
    .tuple(classes(file, 'FileStreamSource'), converters)
    .map(([name, additional]) => ({ 'connector.class': name, file: path, topic, ...additional }));

export const fileSinks = (path: string, topic: string, more: Config): fc.Arbitrary<Config> =>
  classes(file, 'FileStreamSink').map(name => ({ 'connector.class': name, file: path, topics: topic, ...more }));

export const convertersOf = (config: Config): Config =>
  Object.fromEntries(Object.entries(config).filter(([key]) => key.includes('.converter')));

/** A PostgreSQL source of the tables that match the patterns. */
export const cdcSources = (database: Database, tables: readonly string[]): fc.Arbitrary<Config> =>
  fc
    .tuple(
      fc.constantFrom('io.debezium.connector.postgresql.PostgresConnector', 'PostgresConnector', 'Postgres'),
      fc.constantFrom<Config>({}, { 'snapshot.max.threads': '2' }, { 'tombstones.on.delete': 'false' }),
    )
    .map(([name, more]) => {
      const unique = uniqueName('generated');
      return {
        'connector.class': name,
        'database.hostname': database.host,
        'database.port': String(database.port),
        'database.user': database.user,
        'database.password': database.password || 'unused',
        'database.dbname': database.database,
        'slot.name': unique,
        'publication.name': unique,
        'publication.autocreate.mode': 'filtered',
        'topic.prefix': unique,
        'table.include.list': tables.join(','),
        ...more,
      };
    });

/** A JDBC sink that creates its tables. The caller sets the insert mode, on which the number of rows depends. */
export const jdbcSinks = (database: Database, topic: string): fc.Arbitrary<Config> =>
  classes('io.confluent.connect.jdbc', 'JdbcSink').map(name => ({
    'connector.class': name,
    'connection.url': `jdbc:postgresql://${database.host}:${database.port}/${database.database}`,
    'connection.user': database.user,
    'connection.password': database.password || 'unused',
    topics: topic,
    'auto.create': 'true',
  }));
