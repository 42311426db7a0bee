import type { Database } from './database.ts';
import type { ConnectorConfig } from './subjects/connect.ts';
import type { Subject } from './subjects/subject.ts';

const json = (schemas: boolean): ConnectorConfig => ({
  'key.converter': 'org.apache.kafka.connect.json.JsonConverter',
  'key.converter.schemas.enable': String(schemas),
  'value.converter': 'org.apache.kafka.connect.json.JsonConverter',
  'value.converter.schemas.enable': String(schemas),
});

/** PostgreSQL does not require a password here, but both programs require one in their configuration. */
const password = (given: string): string => given || 'unused';

export interface SourceOptions {
  /** Topic prefix, and name of the slot and the publication. */
  readonly name: string;
  readonly snapshot: 'initial' | 'no_data';
  /** True if each record contains its schema. */
  readonly schemas: boolean;
  readonly extra?: ConnectorConfig;
}

/** Topic of a source's records of the table. */
export const topicOf = (name: string): string => `${name}.public.orders`;

/** Debezium's PostgreSQL source on `orders`: one record per changed row. */
export function sourceConfig(
  subject: Subject,
  { connection }: Database,
  { name, snapshot, schemas, extra = {} }: SourceOptions,
): ConnectorConfig {
  return {
    'connector.class': 'io.debezium.connector.postgresql.PostgresConnector',
    'tasks.max': '1',
    'database.hostname': connection.host,
    'database.port': String(connection.port),
    'database.user': connection.user,
    'database.password': password(connection.password),
    'database.dbname': connection.database,
    'plugin.name': 'pgoutput',
    'slot.name': name,
    'publication.name': name,
    'publication.autocreate.mode': 'filtered',
    'topic.prefix': name,
    'table.include.list': 'public.orders',
    'snapshot.mode': snapshot,
    'tombstones.on.delete': 'false',
    ...json(schemas),
    ...subject.sourceProperties,
    ...extra,
  };
}

/** Flat rows instead of change events, and tombstones for deletes: the input for a copy of the table. */
export const flatSourceConfig: ConnectorConfig = {
  transforms: 'flat',
  'transforms.flat.type': 'io.debezium.transforms.ExtractNewRecordState',
  'transforms.flat.delete.tombstone.handling.mode': 'tombstone',
  'tombstones.on.delete': 'true',
};

/** Debezium's JDBC sink to `orders_copy`, with upserts by key, from the beginning of the topic. */
export function sinkConfig(subject: Subject, { connection }: Database, topic: string): ConnectorConfig {
  const { host, port, database, user } = connection;
  return {
    'connector.class': 'io.debezium.connector.jdbc.JdbcSinkConnector',
    'tasks.max': '1',
    topics: topic,
    'connection.url': `jdbc:postgresql://${host}:${port}/${database}?reWriteBatchedInserts=true`,
    'connection.username': user,
    'connection.password': password(connection.password),
    'insert.mode': 'upsert',
    'primary.key.mode': 'record_key',
    'delete.enabled': 'true',
    'schema.evolution': 'none',
    'collection.name.format': 'orders_copy',
    'batch.size': '5000',
    'consumer.override.auto.offset.reset': 'earliest',
    'consumer.override.max.poll.records': '5000',
    'consumer.override.max.partition.fetch.bytes': '16777216',
    'consumer.override.fetch.max.bytes': '67108864',
    ...json(true),
    ...subject.sinkProperties,
  };
}

const strings: ConnectorConfig = {
  'key.converter': 'org.apache.kafka.connect.storage.StringConverter',
  'value.converter': 'org.apache.kafka.connect.storage.StringConverter',
};

/** Kafka Connect's file source. */
export function fileSourceConfig(subject: Subject, file: string, topic: string): ConnectorConfig {
  return {
    'connector.class': 'org.apache.kafka.connect.file.FileStreamSourceConnector',
    'tasks.max': '1',
    file,
    topic,
    'batch.size': '2000',
    ...strings,
    ...subject.sourceProperties,
  };
}

/** Kafka Connect's file sink, from the beginning of the topic. */
export function fileSinkConfig(subject: Subject, file: string, topic: string): ConnectorConfig {
  return {
    'connector.class': 'org.apache.kafka.connect.file.FileStreamSinkConnector',
    'tasks.max': '1',
    file,
    topics: topic,
    'consumer.override.auto.offset.reset': 'earliest',
    'consumer.override.max.poll.records': '5000',
    ...strings,
    ...subject.sinkProperties,
  };
}
