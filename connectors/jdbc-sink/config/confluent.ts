import {
  atLeast,
  booleanKey,
  type ConfigOf,
  classKey,
  defineConfig,
  enumKey,
  intKey,
  listKey,
  longKey,
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
import { crossKeyErrors, offsetOf, type Settings, type TableType, topicPlaceholder } from './settings.ts';

const tableTypes = ['TABLE', 'PARTITIONED TABLE', 'VIEW'] as const satisfies readonly TableType[];
const tableTypeOf = (name: string) => tableTypes.find(type => type === name.toUpperCase().replaceAll('_', ' '));

const defaultProvider = 'io.confluent.connect.jdbc.util.DefaultJdbcCredentialsProvider';
const stringColumn = 'record_value';

const keys = {
  'connection.url': urlKey(
    'JDBC URL of the PostgreSQL database: jdbc:postgresql://host:port/database. TLS is set by its parameters ' +
      'sslmode (verify-full verifies the server), sslrootcert, sslcert and sslkey; time limits by connectTimeout, ' +
      'loginTimeout and socketTimeout (seconds); currentSchema, options and tcpKeepAlive are observed.',
  ),
  'connection.user': userKey,
  'connection.password': passwordOfUserKey,
  'jdbc.credentials.provider.class': classKey({
    doc: 'Only the default, which uses connection.user and connection.password, is supported.',
    default: defaultProvider,
    importance: 'low',
    group: 'Connection',
    displayName: 'JDBC Credentials Provider Class',
    check: name =>
      name === defaultProvider
        ? undefined
        : 'Java classes are not loaded: set connection.user and connection.password, with placeholders of a configuration provider',
  }),
  'connection.attempts': intKey({
    doc: 'Attempts to connect, connection.backoff.ms apart, after which the task is FAILED. Without this key, connecting is retried until it succeeds.',
    default: 3,
    importance: 'low',
    group: 'Connection',
    displayName: 'JDBC connection attempts',
    check: atLeast(1),
  }),
  'connection.backoff.ms': longKey({
    doc: 'Time between the attempts that connection.attempts counts.',
    default: 10_000,
    importance: 'low',
    group: 'Connection',
    displayName: 'JDBC connection backoff in milliseconds',
    check: atLeast(0),
  }),
  'dialect.name': stringKey({
    doc: 'Name of the database dialect; empty: the one of the URL.',
    default: '',
    importance: 'low',
    group: 'Connection',
    displayName: 'Database Dialect',
    recommended: ['PostgreSqlDatabaseDialect'],
    check: name =>
      name === '' || name === 'PostgreSqlDatabaseDialect'
        ? undefined
        : 'only PostgreSqlDatabaseDialect is supported; leave it empty to use the one of the URL',
  }),
  'insert.mode': enumKey(['insert', 'upsert', 'update'], {
    doc: 'insert: plain inserts; upsert: insert, or update if the key exists; update: update existing rows.',
    default: 'insert',
    importance: 'high',
    group: 'Writes',
    displayName: 'Insert Mode',
  }),
  'batch.size': batchSizeKey(3000),
  'delete.enabled': booleanKey({
    doc: 'Null values and delete events delete rows. Requires pk.mode=record_key.',
    default: false,
    group: 'Writes',
    displayName: 'Enable deletes',
  }),
  'replace.null.with.default': booleanKey({
    doc: 'A null of a field whose schema has a default is written as that default.',
    default: true,
    group: 'Writes',
    displayName: 'Replace null value with default value',
  }),
  'table.types': listKey({
    doc: 'Types of relation that may be written to: TABLE (includes partitioned tables), PARTITIONED TABLE, VIEW.',
    default: ['TABLE'],
    importance: 'low',
    group: 'Writes',
    displayName: 'Table Types',
    recommended: tableTypes,
    check: types => {
      const unknown = types.filter(type => tableTypeOf(type) === undefined);
      return unknown.length === 0 ? undefined : `${unknown.join(', ')}: must be among ${tableTypes.join(', ')}`;
    },
  }),
  'table.name.format': stringKey({
    doc: `Format of the destination table’s name, such as shop.${topicPlaceholder}; ${topicPlaceholder} is replaced by the topic’s name.`,
    default: topicPlaceholder,
    group: 'Data Mapping',
    width: 'long',
    displayName: 'Table Name Format',
    check: nonEmpty,
  }),
  'pk.mode': enumKey(['none', 'kafka', 'record_key', 'record_value'], {
    doc:
      'Source of the primary key: none; kafka, the record’s topic, partition and offset; record_key, the ' +
      'record’s key, a struct or one primitive; record_value, fields of the value.',
    default: 'none',
    importance: 'high',
    group: 'Data Mapping',
    displayName: 'Primary Key Mode',
  }),
  'pk.fields': listKey({
    doc:
      'Names of the primary key’s fields. For kafka, none or exactly three names; for record_key, the name of a ' +
      'primitive key’s column, or some of a struct’s fields (all by default); for record_value, some of the value’s ' +
      'fields (all by default).',
    default: [],
    group: 'Data Mapping',
    width: 'long',
    displayName: 'Primary Key Fields',
  }),
  'fields.whitelist': listKey({
    doc: 'Fields of the value that are written; all by default. Key columns are always written.',
    default: [],
    group: 'Data Mapping',
    width: 'long',
    displayName: 'Fields Whitelist',
  }),
  'db.timezone': timeZoneKey(),
  'date.timezone': enumKey(['DB_TIMEZONE', 'UTC'], {
    doc: 'Dates are written unchanged, as with UTC; DB_TIMEZONE is accepted only if db.timezone is UTC.',
    default: 'DB_TIMEZONE',
    group: 'Data Mapping',
    displayName: 'Time Zone used for Date',
  }),
  'date.calendar.system': enumKey(['PROLEPTIC_GREGORIAN', 'LEGACY'], {
    doc: 'Calendar of dates before 1582-10-15: only PROLEPTIC_GREGORIAN, the calendar of the database and of java.time, is supported.',
    default: 'PROLEPTIC_GREGORIAN',
    importance: 'low',
    group: 'Data Mapping',
    displayName: 'Date Calendar System',
    check: calendar =>
      calendar === 'LEGACY'
        ? 'dates before 1582-10-15 would be changed: set PROLEPTIC_GREGORIAN, or remove the key'
        : undefined,
  }),
  'timestamp.precision.mode': enumKey(['microseconds', 'nanoseconds'], {
    doc: 'Unit of the numbers in fields of timestamp.fields.list. Columns have microseconds; smaller fractions are truncated.',
    default: 'microseconds',
    group: 'Data Mapping',
    displayName: 'Sink Timestamp Precision mode',
  }),
  'timestamp.fields.list': listKey({
    doc: 'Fields of the value (int64, or strings of digits) that are instants: micro- or nanoseconds since 1970, depending on timestamp.precision.mode.',
    default: [],
    group: 'Data Mapping',
    width: 'long',
    displayName: 'Timestamp Fields Whitelist',
  }),
  'auto.create': booleanKey({
    doc: 'Creates a missing destination table from the records’ schema.',
    default: false,
    group: 'DDL Support',
    displayName: 'Auto-Create',
  }),
  'auto.evolve': booleanKey({
    doc: 'Adds columns that the destination table lacks from the records’ schema.',
    default: false,
    group: 'DDL Support',
    displayName: 'Auto-Evolve',
  }),
  'quote.sql.identifiers': enumKey(['always', 'never'], {
    doc: 'always: names of tables and columns keep their case; never: lower case, like unquoted names in SQL.',
    default: 'always',
    group: 'DDL Support',
    displayName: 'Quote Identifiers',
  }),
  'string.output.value.column.name': stringKey({
    doc: 'Only the default is supported: records are rows. The transform HoistField$Value turns plain strings into rows.',
    default: stringColumn,
    importance: 'low',
    group: 'Data Mapping',
    displayName: 'String Value Column Name',
    check: name =>
      name === stringColumn
        ? undefined
        : 'records are rows: set the transform org.apache.kafka.connect.transforms.HoistField$Value with this name as its field instead',
  }),
  'trim.sensitive.log': booleanKey({
    doc: 'Without effect: logs and messages never contain values of records.',
    default: false,
    importance: 'low',
    group: 'Writes',
    displayName: 'Trim sensitive values from logs',
  }),
  'mssql.use.merge.holdlock': booleanKey({
    doc: 'Accepted and without effect: applies to SQL Server only.',
    default: true,
    importance: 'low',
    group: 'Writes',
    displayName: 'SQL Server - Use HOLDLOCK in MERGE',
  }),
  'max.retries': retriesKey(10, 'retry.backoff.ms'),
  'retry.backoff.ms': backoffKey(3000, 'max.retries'),
};

/** Configuration of `io.confluent.connect.jdbc.JdbcSinkConnector`. */
export const confluentConfig = withExplicitKeys(
  defineConfig(keys, {
    refine: (config, props) => ({
      ...crossKeyErrors(confluentSettings({ ...config, ...noExplicitKeys })),
      ...dateZoneErrors(config, (props['date.timezone'] ?? '') !== ''),
    }),
  }),
  { withParameters: true },
);

/** In zones west of Greenwich, DB_TIMEZONE would write the previous day. */
function dateZoneErrors(config: ConfigOf<typeof keys>, isExplicit: boolean): Record<string, string> {
  const zone = config['db.timezone'];
  return isExplicit && config['date.timezone'] === 'DB_TIMEZONE' && zone !== 'UTC' && offsetOf(zone) !== '+00:00'
    ? { 'date.timezone': `dates are written unchanged, in ${zone} too: set UTC, or remove the key` }
    : {};
}

export type ConfluentConfig = ConfigOf<typeof keys> & ExplicitKeys;

export function confluentSettings(config: ConfluentConfig): Settings {
  const included = new Set(config['fields.whitelist']);
  return {
    destination: destinationOf(
      config['connection.url'],
      config['connection.user'],
      config['connection.password'],
      config.driverParameters,
    ),
    insertMode: config['insert.mode'],
    pkMode: config['pk.mode'],
    pkFields: config['pk.fields'],
    deleteEnabled: config['delete.enabled'],
    truncateEnabled: false,
    createTables: config['auto.create'],
    addColumns: config['auto.evolve'],
    tableFormat: config['table.name.format'].trim(),
    dotsToUnderscores: false,
    quoteIdentifiers: config['quote.sql.identifiers'] === 'always',
    tableTypes: config['table.types'].flatMap(name => tableTypeOf(name) ?? []),
    includesField: included.size === 0 ? () => true : (_topic, field) => included.has(field),
    isCloudEvent: () => false,
    timeZone: config['db.timezone'],
    postgisSchema: 'public',
    maxStatementRows: config['batch.size'],
    replaceNulls: config['replace.null.with.default'],
    instantFields: { names: new Set(config['timestamp.fields.list']), unit: config['timestamp.precision.mode'] },
    connectRetries: {
      setting: 'connection.attempts',
      retries: config.explicitKeys.has('connection.attempts') ? config['connection.attempts'] - 1 : null,
      backoffMs: config['connection.backoff.ms'],
    },
    writeRetries: {
      setting: 'max.retries',
      retries: config.explicitKeys.has('max.retries') ? config['max.retries'] : null,
      backoffMs: config['retry.backoff.ms'],
    },
    names: {
      create: 'auto.create=true',
      evolve: 'auto.evolve=true',
      pkMode: 'pk.mode',
      pkFields: 'pk.fields',
      tableFormat: 'table.name.format',
      deletes: 'delete.enabled',
    },
  };
}
