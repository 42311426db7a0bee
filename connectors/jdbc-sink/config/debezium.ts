import { javaMatcher, regexProblem } from '../../../src/config/java-regex/index.ts';
import {
  atLeast,
  booleanKey,
  type ConfigOf,
  classKey,
  defineConfig,
  enumKey,
  intKey,
  listKey,
  nonEmpty,
  stringKey,
} from '../../../src/config/spec.ts';
import { type ExplicitKeys, noExplicitKeys, withExplicitKeys } from './explicit-keys.ts';
import {
  backoffKey,
  batchSizeKey,
  destinationOf,
  passwordOfUserKey,
  retriesKey,
  timeZoneKey,
  urlKey,
  userKey,
} from './keys.ts';
import { crossKeyErrors, type Settings, topicPlaceholder } from './settings.ts';

const defaultNaming = [
  'io.debezium.sink.naming.DefaultCollectionNamingStrategy',
  'io.debezium.connector.jdbc.naming.DefaultTableNamingStrategy',
  'io.debezium.connector.jdbc.naming.DefaultColumnNamingStrategy',
];
const namingStrategyKey = (doc: string, name: string, formerNames: readonly string[] = []) =>
  classKey({
    doc,
    default: name,
    formerNames,
    importance: 'low',
    group: 'Data Mapping',
    check: value =>
      defaultNaming.includes(value)
        ? undefined
        : 'only the default strategy is supported; use collection.name.format, or a transform that renames fields',
  });

const tableFormatKey = {
  doc:
    `Format of the destination table’s name: ${topicPlaceholder} is replaced by the topic’s name, with underscores for dots, ` +
    `$\{source.db}, $\{source.schema}, $\{source.table} and so on by fields of the event’s source block.`,
  group: 'Data Mapping',
  width: 'long',
  check: nonEmpty,
} as const;

/** A size of a connection pool. A task has a single connection. */
const poolSizeKey = (doc: string, value: number) =>
  intKey({
    doc: `Accepted and without effect: a task has a single connection. In Debezium: ${doc}`,
    default: value,
    importance: 'low',
    group: 'Connection',
    check: atLeast(1),
  });

const defaultCloudEventsPattern = '.*CloudEvents\\.Envelope$';

const tablePlaceholder = `$\{table}`;

const keys = {
  'connection.url': urlKey(
    'JDBC URL of the PostgreSQL database: jdbc:postgresql://host:port/database. TLS is set by its parameters ' +
      'sslmode (verify-full verifies the server), sslrootcert, sslcert and sslkey; time limits by connectTimeout, ' +
      'loginTimeout and socketTimeout (seconds); currentSchema, options and tcpKeepAlive are observed.',
  ),
  'connection.username': userKey,
  'connection.password': passwordOfUserKey,
  'connection.pool.min_size': poolSizeKey('minimum number of connections in the pool.', 5),
  'connection.pool.max_size': poolSizeKey('maximum number of connections in the pool.', 32),
  'connection.pool.acquire_increment': poolSizeKey('number of connections to open at a time.', 32),
  'connection.pool.timeout': intKey({
    doc:
      'Accepted and without effect: the connection of a task stays open while the task runs. In Debezium: seconds ' +
      'after which an unused connection is closed.',
    default: 1800,
    importance: 'low',
    group: 'Connection',
    check: atLeast(0),
  }),
  'connection.restart.on.errors': booleanKey({
    doc:
      'Accepted and without effect: a lost connection is always reopened, and only batches that the destination has ' +
      'not committed are written again.',
    default: false,
    importance: 'low',
    group: 'Connection',
  }),
  'insert.mode': enumKey(['insert', 'upsert', 'update'], {
    doc: 'insert: plain inserts; upsert: insert, or update if the key exists; update: update existing rows.',
    default: 'insert',
    group: 'Writes',
  }),
  'delete.enabled': booleanKey({
    doc: 'Delete events and tombstones delete rows. Requires primary.key.mode=record_key.',
    default: false,
    group: 'Writes',
  }),
  'truncate.enabled': booleanKey({
    doc: 'Truncate events truncate the destination table.',
    default: false,
    group: 'Writes',
  }),
  'batch.size': batchSizeKey(500),
  'use.reduction.buffer': booleanKey({
    doc:
      'Accepted and without effect: changes of the same key in a batch are always reduced to the last one, and the ' +
      'batch is one transaction.',
    default: false,
    importance: 'low',
    group: 'Writes',
  }),
  'collection.name.format': stringKey({ ...tableFormatKey, default: topicPlaceholder }),
  'table.name.format': stringKey({
    ...tableFormatKey,
    doc: 'Former name of collection.name.format, which takes precedence.',
    default: null,
    importance: 'low',
  }),
  'collection.table.format': stringKey({
    doc: 'Only the default is supported: Debezium does not read this key.',
    default: tablePlaceholder,
    importance: 'low',
    group: 'Data Mapping',
    check: value =>
      value === tablePlaceholder ? undefined : 'it has no effect in Debezium; set collection.name.format',
  }),
  'collection.naming.strategy': namingStrategyKey(
    'Strategy for the table’s name.',
    'io.debezium.sink.naming.DefaultCollectionNamingStrategy',
    ['table.naming.strategy'],
  ),
  'column.naming.strategy': namingStrategyKey(
    'Strategy for the columns’ names.',
    'io.debezium.connector.jdbc.naming.DefaultColumnNamingStrategy',
  ),
  'primary.key.mode': enumKey(['none', 'kafka', 'record_key', 'record_value', 'record_header'], {
    doc:
      'Source of the primary key: none; kafka, the record’s topic, partition and offset; record_key, the ' +
      'record’s key; record_value, fields of the value; record_header, headers of the record.',
    default: 'none',
    importance: 'high',
    group: 'Data Mapping',
  }),
  'primary.key.fields': listKey({
    doc:
      'Names of the primary key’s fields, from the key, the value or the headers (all by default); for a ' +
      'primitive key, the name of its column.',
    default: [],
    group: 'Data Mapping',
    width: 'long',
  }),
  'field.include.list': listKey({
    doc: 'Fields of the value that are written: regular expressions for field or topic:field. All by default.',
    default: [],
    group: 'Data Mapping',
    check: regexListCheck,
  }),
  'field.exclude.list': listKey({
    doc: 'Fields of the value that are not written: regular expressions for field or topic:field.',
    default: [],
    group: 'Data Mapping',
    check: regexListCheck,
  }),
  'cloud.events.schema.name.pattern': stringKey({
    doc:
      'Regular expression for the names of the schemas of CloudEvents. The row, or the change event, is the field ' +
      'data of such a record.',
    default: defaultCloudEventsPattern,
    importance: 'low',
    group: 'Data Mapping',
    check: pattern => regexListCheck([pattern]),
  }),
  'use.time.zone': timeZoneKey(['database.time_zone']),
  'schema.evolution': enumKey(['none', 'basic'], {
    doc: 'basic: missing tables are created and missing columns added, from the records’ schema.',
    default: 'none',
    group: 'DDL Support',
  }),
  'quote.identifiers': booleanKey({
    doc: 'true: names of tables and columns keep their case; false: lower case, like unquoted names in SQL.',
    default: false,
    group: 'DDL Support',
  }),
  'dialect.postgres.postgis.schema': stringKey({
    doc: 'Schema in which PostGIS is installed.',
    default: 'public',
    importance: 'low',
    group: 'DDL Support',
    check: nonEmpty,
  }),
  'dialect.postgres.unnest.insert.enabled': booleanKey({
    doc: 'Accepted and without effect: the rows of a batch are always written with as few statements as possible.',
    default: false,
    importance: 'low',
    group: 'Writes',
  }),
  'dialect.sqlserver.identity.insert': booleanKey({
    doc: 'Accepted and without effect on PostgreSQL, as in Debezium.',
    default: false,
    importance: 'low',
    group: 'Writes',
  }),
  'flush.max.retries': retriesKey(5, 'flush.retry.delay.ms'),
  'flush.retry.delay.ms': backoffKey(1000, 'flush.max.retries'),
};

function regexListCheck(list: readonly string[]): string | undefined {
  for (const pattern of list) {
    const problem = regexProblem(pattern);
    if (problem !== undefined) return `${pattern} is not a regular expression: ${problem}`;
  }
  return undefined;
}

/** Configuration of `io.debezium.connector.jdbc.JdbcSinkConnector`. */
export const debeziumConfig = withExplicitKeys(
  defineConfig(keys, {
    refine: config =>
      config['field.include.list'].length > 0 && config['field.exclude.list'].length > 0
        ? {
            'field.exclude.list':
              'Cannot define both field.exclude.list and field.include.list. Please specify only one.',
          }
        : crossKeyErrors(debeziumSettings({ ...config, ...noExplicitKeys })),
  }),
  { withParameters: false },
);

export type DebeziumConfig = ConfigOf<typeof keys> & ExplicitKeys;

export function debeziumSettings(config: DebeziumConfig): Settings {
  const evolve = config['schema.evolution'] === 'basic';
  const collections = config['collection.name.format'];
  return {
    destination: destinationOf(
      config['connection.url'],
      config['connection.username'],
      config['connection.password'],
      config.driverParameters,
    ),
    insertMode: config['insert.mode'],
    pkMode: config['primary.key.mode'],
    pkFields: config['primary.key.fields'],
    deleteEnabled: config['delete.enabled'],
    truncateEnabled: config['truncate.enabled'],
    createTables: evolve,
    addColumns: evolve,
    tableFormat: (collections === topicPlaceholder ? (config['table.name.format'] ?? collections) : collections).trim(),
    dotsToUnderscores: true,
    quoteIdentifiers: config['quote.identifiers'],
    tableTypes: ['TABLE', 'PARTITIONED TABLE', 'VIEW'],
    includesField: fieldFilter(config['field.include.list'], config['field.exclude.list']),
    isCloudEvent: javaMatcher(config['cloud.events.schema.name.pattern'], {
      setting: 'cloud.events.schema.name.pattern',
    }),
    timeZone: config['use.time.zone'],
    postgisSchema: config['dialect.postgres.postgis.schema'],
    maxStatementRows: config['batch.size'],
    replaceNulls: false,
    instantFields: { names: new Set(), unit: 'microseconds' },
    connectRetries: { setting: 'connection.attempts', retries: null, backoffMs: 0 },
    writeRetries: {
      setting: 'flush.max.retries',
      retries: config.explicitKeys.has('flush.max.retries') ? config['flush.max.retries'] : null,
      backoffMs: config['flush.retry.delay.ms'],
    },
    names: {
      create: 'schema.evolution=basic',
      evolve: 'schema.evolution=basic',
      pkMode: 'primary.key.mode',
      pkFields: 'primary.key.fields',
      tableFormat: 'collection.name.format',
      deletes: 'delete.enabled',
    },
  };
}

function fieldFilter(include: readonly string[], exclude: readonly string[]): Settings['includesField'] {
  const matching = (list: readonly string[], setting: string) => {
    const matches = javaMatcher(list, { setting });
    return (topic: string, field: string) => matches(field) || matches(`${topic}:${field}`);
  };
  if (include.length > 0) return matching(include, 'field.include.list');
  if (exclude.length === 0) return () => true;
  const excluded = matching(exclude, 'field.exclude.list');
  return (topic, field) => !excluded(topic, field);
}
