import {
  columnTest,
  customKeys,
  type NameTest,
  nameTest,
  type TableTest,
  tableTest,
} from '../../../src/cdc/filter/name-filters.ts';
import { strategies, topicNaming } from '../../../src/cdc/naming/topic-naming.ts';
import { contextHeaders, NO_HEADERS, type RecordSettings } from '../../../src/cdc/record/record-builder.ts';
import { parsePlaceholder } from '../../../src/cdc/record/unavailable-value.ts';
import { cacheResults } from '../../../src/config/java-regex/index.ts';
import type { PublicationSettings } from '../catalog/publication.ts';
import type { SchemaSettings } from '../catalog/table-schema.ts';
import type { ConnectionSettings } from '../session/connection.ts';
import type { PostgresConfig } from './config.ts';
import { statements } from './config.ts';

/** Settings of the parts of the connector, from its configuration. */
export const connectionSettings = (config: PostgresConfig): ConnectionSettings => ({
  host: config['database.hostname'],
  port: config['database.port'],
  user: config['database.user'],
  password: config['database.password'],
  database: config['database.dbname'],
  ssl: {
    mode: config['database.sslmode'],
    rootCertificate: config['database.sslrootcert'],
    certificate: config['database.sslcert'],
    key: config['database.sslkey'],
    keyPassword: config['database.sslpassword'],
  },
  keepAlive: config['database.tcpKeepAlive'],
  initialStatements: statements(config['database.initial.statements']),
  queryTimeoutMs: config['database.query.timeout.ms'],
});

const SYSTEM_SCHEMAS = new Set(['pg_catalog', 'information_schema', 'pg_toast']);

/** Selects the tables to capture; those of the system are never captured. */
export function capturedTables(config: PostgresConfig): TableTest {
  const isIncluded = tableTest(
    { include: config['schema.include.list'], exclude: config['schema.exclude.list'] },
    { include: config['table.include.list'], exclude: config['table.exclude.list'] },
  );
  return (schema, table) => !SYSTEM_SCHEMAS.has(schema) && !schema.startsWith('pg_temp_') && isIncluded(schema, table);
}

export const publicationSettings = (config: PostgresConfig): PublicationSettings => ({
  name: config['publication.name'],
  mode: config['publication.autocreate.mode'],
  viaRoot: config['publish.via.partition.root'],
});

export function snapshotTables(config: PostgresConfig): NameTest {
  const list = config['snapshot.include.collection.list'];
  return list === null || list.trim() === '' ? () => true : nameTest(list, 'snapshot.include.collection.list');
}

export function capturedMessages(config: PostgresConfig): NameTest {
  const include = config['message.prefix.include.list'];
  const exclude = config['message.prefix.exclude.list'];
  if (include !== null && include.trim() !== '') return cacheResults(nameTest(include, 'message.prefix.include.list'));
  const excluded = cacheResults(nameTest(exclude ?? '', 'message.prefix.exclude.list'));
  return prefix => !excluded(prefix);
}

export function schemaSettings(config: PostgresConfig): SchemaSettings {
  return {
    names: { name: config['topic.prefix'], db: config['database.dbname'] },
    naming: topicNaming({
      prefix: config['topic.prefix'],
      delimiter: config['topic.delimiter'],
      withSchema: config['topic.naming.strategy'] !== strategies[1],
      heartbeatPrefix: config['heartbeat.topics.prefix'] ?? config['topic.heartbeat.prefix'],
      transaction: config['topic.transaction'],
    }),
    types: {
      decimals: config['decimal.handling.mode'],
      times: config['time.precision.mode'],
      binary: config['binary.handling.mode'],
      intervals: config['interval.handling.mode'],
      hstore: config['hstore.handling.mode'],
      moneyFractionDigits: config['money.fraction.digits'],
      unknownTypes: config['include.unknown.datatypes'],
    },
    placeholder: parsePlaceholder(config['unavailable.value.placeholder']),
    schemaNames: config['schema.name.adjustment.mode'],
    fieldNames: config['field.name.adjustment.mode'],
    includesColumn: columnTest({ include: config['column.include.list'], exclude: config['column.exclude.list'] }),
    customKey: customKeys(config['message.key.columns']),
    propagatesType: propagatesType(config),
  };
}

function propagatesType(config: PostgresConfig): SchemaSettings['propagatesType'] {
  const testOf = (key: 'column.propagate.source.type' | 'datatype.propagate.source.type') =>
    nameTest(config[key] ?? '', key);
  const [ofColumn, ofType] = [testOf('column.propagate.source.type'), testOf('datatype.propagate.source.type')];
  return (schema, table, column, type) =>
    ofColumn(`${schema}.${table}.${column}`) || ofType(`${schema}.${table}.${type}`);
}

/** run: id of this run of the task, for the headers of records. */
export const recordSettings = (config: PostgresConfig, task: number, run: string): RecordSettings => ({
  tombstones: config['tombstones.on.delete'],
  skips: new Set(config['skipped.operations']),
  headers: config['extended.headers.enabled']
    ? contextHeaders('postgresql', config['topic.prefix'], task, run)
    : NO_HEADERS,
  skipUnchanged: config['skip.messages.without.change'],
});

/** False: the connector ends after its snapshot. */
export const streams = (config: PostgresConfig): boolean => config['snapshot.mode'] !== 'initial_only';
