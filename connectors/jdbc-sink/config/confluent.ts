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
import { contradictions, offsetOf, type Settings, type TableType, topicMark } from './settings.ts';

const tableTypes = ['TABLE', 'PARTITIONED TABLE', 'VIEW'] as const satisfies readonly TableType[];
const typeOf = (name: string) => tableTypes.find(type => type === name.toUpperCase().replaceAll('_', ' '));

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
    doc: 'Only the default, which takes connection.user and connection.password, is supported.',
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
    doc: 'Attempts to connect, connection.backoff.ms apart, after which the task is FAILED. Left out, connecting is tried again until it succeeds.',
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
    doc: 'Name of the database dialect; empty takes it from the URL.',
    default: '',
    importance: 'low',
    group: 'Connection',
    displayName: 'Database Dialect',
    recommended: ['PostgreSqlDatabaseDialect'],
    check: name =>
      name === '' || name === 'PostgreSqlDatabaseDialect'
        ? undefined
        : 'only PostgreSqlDatabaseDialect is supported; leave it empty to take it from the URL',
  }),
  'insert.mode': enumKey(['insert', 'upsert', 'update'], {
    doc: 'insert: plain inserts; upsert: insert or, where the key is there, update; update: update rows that are there.',
    default: 'insert',
    importance: 'high',
    group: 'Writes',
    displayName: 'Insert Mode',
  }),
  'batch.size': batchSizeKey(3000),
  'delete.enabled': booleanKey({
    doc: 'Whether null values and delete events delete rows. Requires pk.mode to be record_key.',
    default: false,
    group: 'Writes',
    displayName: 'Enable deletes',
  }),
  'replace.null.with.default': booleanKey({
    doc: 'Whether a null of a field whose schema has a default is written as that default.',
    default: true,
    group: 'Writes',
    displayName: 'Replace null value with default value',
  }),
  'table.types': listKey({
    doc: 'Kinds of relation that may be written to: TABLE (partitioned ones too), PARTITIONED TABLE, VIEW.',
    default: ['TABLE'],
    importance: 'low',
    group: 'Writes',
    displayName: 'Table Types',
    recommended: tableTypes,
    check: types => {
      const unknown = types.filter(type => typeOf(type) === undefined);
      return unknown.length === 0 ? undefined : `${unknown.join(', ')}: must be among ${tableTypes.join(', ')}`;
    },
  }),
  'table.name.format': stringKey({
    doc: `Format of the destination table’s name, such as shop.${topicMark}; ${topicMark} stands for the topic’s name.`,
    default: topicMark,
    group: 'Data Mapping',
    width: 'long',
    displayName: 'Table Name Format',
    check: nonEmpty,
  }),
  'pk.mode': enumKey(['none', 'kafka', 'record_key', 'record_value'], {
    doc:
      'Where the primary key comes from: none; kafka, the record’s topic, partition and offset; record_key, the ' +
      'record’s key, a struct or one primitive; record_value, fields of the value.',
    default: 'none',
    importance: 'high',
    group: 'Data Mapping',
    displayName: 'Primary Key Mode',
  }),
  'pk.fields': listKey({
    doc:
      'Names of the primary key’s fields. For kafka none or exactly three names; for record_key the name of a ' +
      'primitive key’s column, or some of a struct’s fields (all by default); for record_value some of the value’s ' +
      'fields (all by default).',
    default: [],
    group: 'Data Mapping',
    width: 'long',
    displayName: 'Primary Key Fields',
  }),
  'fields.whitelist': listKey({
    doc: 'Fields of the value that are written; all by default. Key columns are written in any case.',
    default: [],
    group: 'Data Mapping',
    width: 'long',
    displayName: 'Fields Whitelist',
  }),
  'db.timezone': timeZoneKey(),
  'date.timezone': enumKey(['DB_TIMEZONE', 'UTC'], {
    doc: 'Dates are written as they are, as with UTC; DB_TIMEZONE is taken where db.timezone is UTC.',
    default: 'DB_TIMEZONE',
    group: 'Data Mapping',
    displayName: 'Time Zone used for Date',
  }),
  'date.calendar.system': enumKey(['PROLEPTIC_GREGORIAN', 'LEGACY'], {
    doc: 'Calendar of dates before 1582-10-15: only PROLEPTIC_GREGORIAN, which the database has and java.time, is supported.',
    default: 'PROLEPTIC_GREGORIAN',
    importance: 'low',
    group: 'Data Mapping',
    displayName: 'Date Calendar System',
    check: calendar =>
      calendar === 'LEGACY'
        ? 'dates before 1582-10-15 would become others: set PROLEPTIC_GREGORIAN, or leave it out'
        : undefined,
  }),
  'timestamp.precision.mode': enumKey(['microseconds', 'nanoseconds'], {
    doc: 'Unit of the numbers in fields of timestamp.fields.list. Columns have microseconds; what is below is cut off.',
    default: 'microseconds',
    group: 'Data Mapping',
    displayName: 'Sink Timestamp Precision mode',
  }),
  'timestamp.fields.list': listKey({
    doc: 'Fields of the value, int64 or strings of digits, that are instants: micro- or nanoseconds since 1970, as timestamp.precision.mode says.',
    default: [],
    group: 'Data Mapping',
    width: 'long',
    displayName: 'Timestamp Fields Whitelist',
  }),
  'auto.create': booleanKey({
    doc: 'Whether a missing destination table is created from the records’ schema.',
    default: false,
    group: 'DDL Support',
    displayName: 'Auto-Create',
  }),
  'auto.evolve': booleanKey({
    doc: 'Whether columns that the destination table lacks are added from the records’ schema.',
    default: false,
    group: 'DDL Support',
    displayName: 'Auto-Evolve',
  }),
  'quote.sql.identifiers': enumKey(['always', 'never'], {
    doc: 'always: names of tables and columns as they are, in their own case; never: in lower case, as unquoted in SQL.',
    default: 'always',
    group: 'DDL Support',
    displayName: 'Quote Identifiers',
  }),
  'string.output.value.column.name': stringKey({
    doc: 'Only the default is taken: records are rows. The transform HoistField$Value makes rows of plain strings.',
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
    doc: 'Values of records are left out of logs and messages with either value.',
    default: false,
    importance: 'low',
    group: 'Writes',
    displayName: 'Trim sensitive values from logs',
  }),
  'mssql.use.merge.holdlock': booleanKey({
    doc: 'Applies to SQL Server, as in the connector of that name, and so to no destination of this one.',
    default: true,
    importance: 'low',
    group: 'Writes',
    displayName: 'SQL Server - Use HOLDLOCK in MERGE',
  }),
  'max.retries': retriesKey(10, 'retry.backoff.ms'),
  'retry.backoff.ms': backoffKey(3000, 'max.retries'),
};

/** Configuration of `io.confluent.connect.jdbc.JdbcSinkConnector`. */
export const confluentConfig = withGiven(
  defineConfig(keys, {
    refine: (config, props) => ({
      ...contradictions(confluentSettings({ ...config, ...nothingGiven })),
      ...wrongDateZone(config, (props['date.timezone'] ?? '') !== ''),
    }),
  }),
  { withParameters: true },
);

/** In zones west of Greenwich, DB_TIMEZONE writes the day before. */
function wrongDateZone(config: ConfigOf<typeof keys>, isGiven: boolean): Record<string, string> {
  const zone = config['db.timezone'];
  return isGiven && config['date.timezone'] === 'DB_TIMEZONE' && zone !== 'UTC' && offsetOf(zone) !== '+00:00'
    ? { 'date.timezone': `dates are written as they are, in ${zone} too: set UTC, or leave it out` }
    : {};
}

export type ConfluentConfig = ConfigOf<typeof keys> & Given;

export function confluentSettings(config: ConfluentConfig): Settings {
  const wanted = new Set(config['fields.whitelist']);
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
    deletes: config['delete.enabled'],
    truncates: false,
    createTables: config['auto.create'],
    addColumns: config['auto.evolve'],
    tableFormat: config['table.name.format'].trim(),
    dotsToUnderscores: false,
    quoted: config['quote.sql.identifiers'] === 'always',
    tableTypes: config['table.types'].flatMap(name => typeOf(name) ?? []),
    writes: wanted.size === 0 ? () => true : (_topic, field) => wanted.has(field),
    isCloudEvent: () => false,
    timeZone: config['db.timezone'],
    postgis: 'public',
    statementRows: config['batch.size'],
    replaceNulls: config['replace.null.with.default'],
    instants: { names: new Set(config['timestamp.fields.list']), unit: config['timestamp.precision.mode'] },
    connecting: {
      setting: 'connection.attempts',
      retries: config.given.has('connection.attempts') ? config['connection.attempts'] - 1 : null,
      backoffMs: config['connection.backoff.ms'],
    },
    writing: {
      setting: 'max.retries',
      retries: config.given.has('max.retries') ? config['max.retries'] : null,
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
