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
import { type Given, nothingGiven, withGiven } from './explicit-keys.ts';
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
import { contradictions, type Settings, topicMark } from './settings.ts';

const defaultNaming = [
  'io.debezium.sink.naming.DefaultCollectionNamingStrategy',
  'io.debezium.connector.jdbc.naming.DefaultTableNamingStrategy',
  'io.debezium.connector.jdbc.naming.DefaultColumnNamingStrategy',
];
const naming = (doc: string, name: string, formerNames: readonly string[] = []) =>
  classKey({
    doc,
    default: name,
    formerNames,
    importance: 'low',
    group: 'Data Mapping',
    check: value =>
      defaultNaming.includes(value)
        ? undefined
        : 'only the default strategy is supported; use collection.name.format, or a transform that renames',
  });

const format = {
  doc:
    `Format of the destination table’s name: ${topicMark} stands for the topic’s name with underscores for its dots, ` +
    `$\{source.db}, $\{source.schema}, $\{source.table} and so on for fields of the event’s source block.`,
  group: 'Data Mapping',
  width: 'long',
  check: nonEmpty,
} as const;

/** The size of a connection pool, each of which holds the one connection that a task has. */
const poolSizeKey = (doc: string, value: number) =>
  intKey({
    doc: `Accepted and without effect: a task has a single connection. In Debezium: ${doc}`,
    default: value,
    importance: 'low',
    group: 'Connection',
    check: atLeast(1),
  });

const cloudEvents = '.*CloudEvents\\.Envelope$';

const tableMark = `$\{table}`;

const keys = {
  'connection.url': urlKey(
    'JDBC URL of the PostgreSQL database: jdbc:postgresql://host:port/database. TLS is set by its parameters ' +
      'sslmode (verify-full verifies the server), sslrootcert, sslcert and sslkey; time limits by connectTimeout, ' +
      'loginTimeout and socketTimeout (seconds); currentSchema, options and tcpKeepAlive are observed.',
  ),
  'connection.username': userKey,
  'connection.password': passwordOfUserKey,
  'connection.pool.min_size': poolSizeKey('connections in the pool at least.', 5),
  'connection.pool.max_size': poolSizeKey('connections in the pool at most.', 32),
  'connection.pool.acquire_increment': poolSizeKey('connections that are opened at once.', 32),
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
      'Accepted and without effect: a lost connection is always opened again, and only what the destination has ' +
      'not committed is written again.',
    default: false,
    importance: 'low',
    group: 'Connection',
  }),
  'insert.mode': enumKey(['insert', 'upsert', 'update'], {
    doc: 'insert: plain inserts; upsert: insert or, where the key is there, update; update: update rows that are there.',
    default: 'insert',
    group: 'Writes',
  }),
  'delete.enabled': booleanKey({
    doc: 'Whether delete events and tombstones delete rows. Requires primary.key.mode to be record_key.',
    default: false,
    group: 'Writes',
  }),
  'truncate.enabled': booleanKey({
    doc: 'Whether truncate events truncate the destination table.',
    default: false,
    group: 'Writes',
  }),
  'batch.size': batchSizeKey(500),
  'use.reduction.buffer': booleanKey({
    doc:
      'Accepted and without effect: the changes of one key within a batch are always reduced to the last, which one ' +
      'transaction makes indistinguishable.',
    default: false,
    importance: 'low',
    group: 'Writes',
  }),
  'collection.name.format': stringKey({ ...format, default: topicMark }),
  'table.name.format': stringKey({
    ...format,
    doc: 'Older name of collection.name.format, which goes before it.',
    default: null,
    importance: 'low',
  }),
  'collection.table.format': stringKey({
    doc: 'Only the default: Debezium itself does not read it.',
    default: tableMark,
    importance: 'low',
    group: 'Data Mapping',
    check: value => (value === tableMark ? undefined : 'it has no effect in Debezium; set collection.name.format'),
  }),
  'collection.naming.strategy': naming(
    'Strategy that makes the table’s name.',
    'io.debezium.sink.naming.DefaultCollectionNamingStrategy',
    ['table.naming.strategy'],
  ),
  'column.naming.strategy': naming(
    'Strategy that makes the columns’ names.',
    'io.debezium.connector.jdbc.naming.DefaultColumnNamingStrategy',
  ),
  'primary.key.mode': enumKey(['none', 'kafka', 'record_key', 'record_value', 'record_header'], {
    doc:
      'Where the primary key comes from: none; kafka, the record’s topic, partition and offset; record_key, the ' +
      'record’s key; record_value, fields of the value; record_header, headers of the record.',
    default: 'none',
    importance: 'high',
    group: 'Data Mapping',
  }),
  'primary.key.fields': listKey({
    doc:
      'Names of the primary key’s fields: some of the key’s, the value’s or the headers’ (all by default); for a ' +
      'primitive key the name of its column.',
    default: [],
    group: 'Data Mapping',
    width: 'long',
  }),
  'field.include.list': listKey({
    doc: 'Fields of the value that are written: regular expressions for field or topic:field. All by default.',
    default: [],
    group: 'Data Mapping',
    check: patterns,
  }),
  'field.exclude.list': listKey({
    doc: 'Fields of the value that are not written: regular expressions for field or topic:field.',
    default: [],
    group: 'Data Mapping',
    check: patterns,
  }),
  'cloud.events.schema.name.pattern': stringKey({
    doc:
      'Regular expression for the names of the schemas of CloudEvents. The row, or the change event, is the field ' +
      'data of such a record.',
    default: cloudEvents,
    importance: 'low',
    group: 'Data Mapping',
    check: pattern => patterns([pattern]),
  }),
  'use.time.zone': timeZoneKey(['database.time_zone']),
  'schema.evolution': enumKey(['none', 'basic'], {
    doc: 'basic: missing tables are created and missing columns added, from the records’ schema.',
    default: 'none',
    group: 'DDL Support',
  }),
  'quote.identifiers': booleanKey({
    doc: 'true: names of tables and columns as they are, in their own case; false: in lower case, as unquoted in SQL.',
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
    doc: 'Accepted and without effect: the rows of a batch are always written by as few statements as possible.',
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

function patterns(list: readonly string[]): string | undefined {
  for (const pattern of list) {
    const problem = regexProblem(pattern);
    if (problem !== undefined) return `${pattern} is not a regular expression: ${problem}`;
  }
  return undefined;
}

/** Configuration of `io.debezium.connector.jdbc.JdbcSinkConnector`. */
export const debeziumConfig = withGiven(
  defineConfig(keys, {
    refine: config =>
      config['field.include.list'].length > 0 && config['field.exclude.list'].length > 0
        ? {
            'field.exclude.list':
              'Cannot define both field.exclude.list and field.include.list. Please specify only one.',
          }
        : contradictions(debeziumSettings({ ...config, ...nothingGiven })),
  }),
  { withParameters: false },
);

export type DebeziumConfig = ConfigOf<typeof keys> & Given;

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
    deletes: config['delete.enabled'],
    truncates: config['truncate.enabled'],
    createTables: evolve,
    addColumns: evolve,
    tableFormat: (collections === topicMark ? (config['table.name.format'] ?? collections) : collections).trim(),
    dotsToUnderscores: true,
    quoted: config['quote.identifiers'],
    tableTypes: ['TABLE', 'PARTITIONED TABLE', 'VIEW'],
    writes: fieldFilter(config['field.include.list'], config['field.exclude.list']),
    isCloudEvent: javaMatcher(config['cloud.events.schema.name.pattern'], {
      setting: 'cloud.events.schema.name.pattern',
    }),
    timeZone: config['use.time.zone'],
    postgis: config['dialect.postgres.postgis.schema'],
    statementRows: config['batch.size'],
    replaceNulls: false,
    instants: { names: new Set(), unit: 'microseconds' },
    connecting: { setting: 'connection.attempts', retries: null, backoffMs: 0 },
    writing: {
      setting: 'flush.max.retries',
      retries: config.given.has('flush.max.retries') ? config['flush.max.retries'] : null,
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

function fieldFilter(include: readonly string[], exclude: readonly string[]): Settings['writes'] {
  const matching = (list: readonly string[], setting: string) => {
    const matches = javaMatcher(list, { setting });
    return (topic: string, field: string) => matches(field) || matches(`${topic}:${field}`);
  };
  if (include.length > 0) return matching(include, 'field.include.list');
  if (exclude.length === 0) return () => true;
  const excluded = matching(exclude, 'field.exclude.list');
  return (topic, field) => !excluded(topic, field);
}
