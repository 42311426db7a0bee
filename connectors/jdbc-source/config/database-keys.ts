import { regexProblem } from '../../../src/config/java-regex/index.ts';
import {
  atLeast,
  booleanKey,
  classKey,
  enumKey,
  intKey,
  listKey,
  longKey,
  passwordKey,
  stringKey,
} from '../../../src/config/spec.ts';
import { messageOf } from '../../../src/errors.ts';
import { parseSourceUrl } from './address.ts';

/** Confluent's keys for the database and its tables. */
const database = { group: 'Database', importance: 'high', width: 'long' } as const;

const expressions = (list: readonly string[]): string | undefined => {
  for (const expression of list) {
    const problem = regexProblem(expression);
    if (problem !== undefined) return problem;
  }
  return undefined;
};
const urlCheck = (url: string): string | undefined => {
  try {
    parseSourceUrl(url);
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
};

export const numericMappings = ['none', 'precision_only', 'best_fit', 'best_fit_eager_double'] as const;
export type NumericMapping = (typeof numericMappings)[number];

const calendarCheck = (calendar: string): string | undefined =>
  calendar === 'LEGACY'
    ? 'the databases use the proleptic Gregorian calendar: set PROLEPTIC_GREGORIAN, or remove the key'
    : undefined;

const defaultProvider = 'io.confluent.connect.jdbc.util.DefaultJdbcCredentialsProvider';

export const databaseKeys = {
  'connection.url': stringKey({
    ...database,
    displayName: 'JDBC URL',
    check: urlCheck,
    doc: 'JDBC URL of a PostgreSQL, MySQL or MariaDB database, such as jdbc:mysql://localhost:3306/shop. Its parameters set TLS (sslmode=verify-full, sslMode=VERIFY_IDENTITY verify the server) and time limits (connectTimeout, loginTimeout, socketTimeout).',
  }),
  'connection.user': stringKey({
    ...database,
    width: 'medium',
    default: null,
    displayName: 'JDBC User',
    doc: 'Database user. Takes precedence over the one in the URL.',
  }),
  'connection.password': passwordKey({
    ...database,
    width: 'short',
    default: null,
    displayName: 'JDBC Password',
    doc: 'Password of the database user. Takes precedence over the one in the URL.',
  }),
  'jdbc.credentials.provider.class': classKey({
    ...database,
    importance: 'low',
    default: defaultProvider,
    check: name =>
      name === defaultProvider
        ? undefined
        : 'Java classes are not loaded: set connection.user and connection.password, with placeholders of a configuration provider',
    displayName: 'JDBC Credentials Provider Class',
    doc: 'Only the default, which uses connection.user and connection.password, is supported.',
  }),
  'connection.attempts': intKey({
    ...database,
    importance: 'low',
    width: 'short',
    default: 3,
    check: atLeast(1),
    displayName: 'JDBC connection attempts',
    doc: 'Attempts to connect, connection.backoff.ms apart, after which the task is FAILED. Without this key, connecting is retried until it succeeds.',
  }),
  'connection.backoff.ms': longKey({
    ...database,
    importance: 'low',
    width: 'short',
    default: 10_000,
    check: atLeast(0),
    displayName: 'JDBC connection backoff in milliseconds',
    doc: 'Time between the attempts that connection.attempts counts.',
  }),
  'table.whitelist': listKey({
    ...database,
    importance: 'medium',
    default: [],
    displayName: 'Table Whitelist',
    doc: 'Tables to copy: names, optionally prefixed with their schema or database. All by default.',
  }),
  'table.blacklist': listKey({
    ...database,
    importance: 'medium',
    default: [],
    displayName: 'Table Blacklist',
    doc: 'Tables not to copy.',
  }),
  'table.include.list': listKey({
    ...database,
    importance: 'medium',
    default: [],
    check: expressions,
    displayName: 'Tables Included',
    doc: 'Regular expressions that match the full names (schema.table, database.table) of the tables that are copied.',
  }),
  'table.exclude.list': listKey({
    ...database,
    importance: 'medium',
    default: [],
    check: expressions,
    displayName: 'Tables Excluded',
    doc: 'Regular expressions that match the full names of tables that are not copied.',
  }),
  'catalog.pattern': stringKey({
    ...database,
    importance: 'medium',
    width: 'short',
    default: null,
    displayName: 'Catalog pattern',
    doc: 'Pattern (% and _) of the databases whose tables are considered; default: the one of the URL, the only one on PostgreSQL.',
  }),
  'schema.pattern': stringKey({
    ...database,
    importance: 'high',
    width: 'short',
    default: null,
    displayName: 'Schema pattern',
    doc: 'Pattern (% and _) of the schemas whose tables are considered on PostgreSQL; default: all. For MySQL and MariaDB, see catalog.pattern.',
  }),
  'table.types': listKey({
    ...database,
    importance: 'low',
    width: 'medium',
    default: ['TABLE'],
    displayName: 'Table Types',
    recommended: ['TABLE', 'VIEW', 'PARTITIONED TABLE', 'MATERIALIZED VIEW', 'FOREIGN TABLE'],
    doc: 'Types of relation to copy.',
  }),
  'quote.sql.identifiers': enumKey(['always', 'never'], {
    ...database,
    importance: 'medium',
    default: 'always',
    displayName: 'Quote Identifiers',
    doc: 'Quoting of table and column names in SQL.',
  }),
  'numeric.precision.mapping': booleanKey({
    ...database,
    importance: 'low',
    width: 'short',
    default: false,
    displayName: 'Map Numeric Values By Precision (deprecated)',
    doc: 'Deprecated: true means numeric.mapping=precision_only if numeric.mapping is not set.',
  }),
  'numeric.mapping': enumKey(numericMappings, {
    ...database,
    importance: 'low',
    width: 'short',
    default: 'none',
    displayName: 'Map Numeric Values, Integral or Decimal, By Precision and Scale',
    doc: "Type of NUMERIC columns: Decimal (none); integers if the precision allows it (precision_only); also doubles if it allows that (best_fit); doubles for every column with a scale (best_fit_eager_double). MySQL's DECIMAL is always a Decimal.",
  }),
  'date.calendar.system': enumKey(['PROLEPTIC_GREGORIAN', 'LEGACY'], {
    ...database,
    importance: 'low',
    width: 'medium',
    default: 'PROLEPTIC_GREGORIAN',
    check: calendarCheck,
    displayName: 'Date Calendar System',
    doc: 'Calendar of dates before 1582-10-15: only PROLEPTIC_GREGORIAN, the calendar of the databases and of java.time, is supported.',
  }),
  'dialect.name': stringKey({
    ...database,
    importance: 'low',
    default: '',
    displayName: 'Database Dialect',
    recommended: ['PostgreSqlDatabaseDialect', 'MySqlDatabaseDialect'],
    doc: 'Name of the database dialect, which must match the URL; empty: the one of the URL.',
  }),
};
