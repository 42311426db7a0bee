import type { SinkConnector, SourceConnector } from '../src/api/index.ts';
import type { FileAccess } from '../src/config/worker-config/file-access.ts';

/** Services of the worker for its connectors. */
export interface ConnectorHost {
  readonly files: FileAccess;
}

/** A connector and its names in configurations. */
export interface ConnectorEntry {
  readonly kind: 'source' | 'sink';
  /** Java class of the connector that it replaces. */
  readonly className: string;
  /** Java class of its tasks, which the REST API returns; undefined when it replaces no Java connector. */
  readonly taskClass?: string;
  /** Other names: Connect's short aliases. */
  readonly aliases: readonly string[];
  /** Its plugin; undefined for a connector of Millrace. */
  readonly origin?: { readonly path: string; readonly version: string };
  /** Called when a configuration first uses the connector; a module imported here is not loaded before. */
  load(host: ConnectorHost): Promise<SourceConnector<unknown> | SinkConnector<unknown>>;
}

type AnySource = SourceConnector<unknown>;
type AnySink = SinkConnector<unknown>;

/** Every connector of Millrace. A new one is a folder and an entry here. */
export const connectors: readonly ConnectorEntry[] = [
  {
    kind: 'source',
    className: 'io.debezium.connector.postgresql.PostgresConnector',
    taskClass: 'io.debezium.connector.postgresql.PostgresConnectorTask',
    aliases: ['PostgresConnector', 'Postgres'],
    load: async () => (await import('./postgresql/index.ts')).connector as AnySource,
  },
  {
    kind: 'source',
    className: 'io.confluent.connect.jdbc.JdbcSourceConnector',
    taskClass: 'io.confluent.connect.jdbc.source.JdbcSourceTask',
    aliases: ['JdbcSourceConnector', 'JdbcSource'],
    load: async () => (await import('./jdbc-source/index.ts')).connector as AnySource,
  },
  {
    kind: 'sink',
    className: 'io.confluent.connect.jdbc.JdbcSinkConnector',
    taskClass: 'io.confluent.connect.jdbc.sink.JdbcSinkTask',
    aliases: ['JdbcSinkConnector', 'JdbcSink'],
    load: async () => (await import('./jdbc-sink/index.ts')).confluentJdbcSink as AnySink,
  },
  {
    kind: 'sink',
    className: 'io.debezium.connector.jdbc.JdbcSinkConnector',
    taskClass: 'io.debezium.connector.jdbc.JdbcSinkConnectorTask',
    aliases: [],
    load: async () => (await import('./jdbc-sink/index.ts')).debeziumJdbcSink as AnySink,
  },
  {
    kind: 'source',
    className: 'org.apache.kafka.connect.file.FileStreamSourceConnector',
    taskClass: 'org.apache.kafka.connect.file.FileStreamSourceTask',
    aliases: ['FileStreamSourceConnector', 'FileStreamSource'],
    load: async ({ files }) => (await import('./file-stream-source/index.ts')).fileStreamSource(files) as AnySource,
  },
  {
    kind: 'sink',
    className: 'org.apache.kafka.connect.file.FileStreamSinkConnector',
    taskClass: 'org.apache.kafka.connect.file.FileStreamSinkTask',
    aliases: ['FileStreamSinkConnector', 'FileStreamSink'],
    load: async ({ files }) => (await import('./file-stream-sink/index.ts')).fileStreamSink(files) as AnySink,
  },
  {
    kind: 'sink',
    className: 'io.confluent.connect.elasticsearch.ElasticsearchSinkConnector',
    taskClass: 'io.confluent.connect.elasticsearch.ElasticsearchSinkTask',
    aliases: ['ElasticsearchSinkConnector', 'ElasticsearchSink'],
    load: async () => (await import('./elasticsearch-sink/index.ts')).connector as AnySink,
  },
];
