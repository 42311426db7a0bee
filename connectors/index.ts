import type { SinkConnector, SourceConnector } from '../src/api/index.ts';
import type { FileAccess } from '../src/config/worker-config/file-access.ts';

/** What a worker lends its connectors. */
export interface ConnectorHost {
  readonly files: FileAccess;
}

/** A connector and the names it answers to. */
export interface ConnectorEntry {
  readonly kind: 'source' | 'sink';
  /** Java class of the connector that it stands in for. */
  readonly className: string;
  /** Java class of its tasks, which the REST API tells; none: it stands in for none. */
  readonly taskClass?: string;
  /** Other names: the short ones that Connect's aliases would give. */
  readonly aliases: readonly string[];
  /** The plugin that it comes from; none: it comes with Millrace. */
  readonly origin?: { readonly path: string; readonly version: string };
  /** Its module is loaded when the first configuration names it. */
  load(host: ConnectorHost): Promise<SourceConnector<unknown> | SinkConnector<unknown>>;
}

type AnySource = SourceConnector<unknown>;
type AnySink = SinkConnector<unknown>;

/** Every connector that comes with Millrace: adding one is a folder and an entry here. */
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
