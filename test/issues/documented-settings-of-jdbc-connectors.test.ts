import { describe, expect, test } from 'vitest';
import { confluentJdbcSink } from '../../connectors/jdbc-sink/index.ts';
import { connector as jdbcSource } from '../../connectors/jdbc-source/index.ts';

/**
 * Every key in the documentation of Confluent's JDBC connectors 10.9, with its default and enumerated values, is
 * accepted, or rejected with a message that names an alternative.
 */
interface Documented {
  /** Default as in /validate; null: none. */
  readonly default: string | null;
  /** Documented values that are accepted. */
  readonly takes: readonly string[];
  /** Documented values that are rejected, with a part of the message. */
  readonly refuses?: Readonly<Record<string, RegExp>>;
  /** Other required keys. */
  readonly beside?: Readonly<Record<string, string | null>>;
}
type Keys = Readonly<Record<string, Documented>>;

const provider = 'io.confluent.connect.jdbc.util.DefaultJdbcCredentialsProvider';
const common: Keys = {
  'connection.user': { default: null, takes: ['me'] },
  'connection.password': { default: null, takes: ['it'] },
  'jdbc.credentials.provider.class': {
    default: provider,
    takes: [provider],
    refuses: { 'com.example.Vault': /connection\.user and connection\.password, with placeholders/ },
  },
  'connection.attempts': { default: '3', takes: ['1', '3', '10'], refuses: { 0: /at least 1/ } },
  'connection.backoff.ms': { default: '10000', takes: ['0', '10000'] },
  'date.calendar.system': {
    // LEGACY at Confluent, which changes dates before 1582-10-15.
    default: 'PROLEPTIC_GREGORIAN',
    takes: ['PROLEPTIC_GREGORIAN'],
    refuses: { LEGACY: /PROLEPTIC_GREGORIAN/ },
  },
  'quote.sql.identifiers': { default: 'always', takes: ['always', 'never', 'NEVER'] },
  'db.timezone': { default: 'UTC', takes: ['UTC', 'Europe/Berlin'] },
  // Any parameter of the driver.
  'connection.loginTimeout': { default: null, takes: ['10'] },
  'connection.sslmode': { default: null, takes: ['verify-full'], refuses: { sometimes: /is none of|sslmode/ } },
};

const unlisted = { 'table.whitelist': null };
const bulk = { ...unlisted, mode: 'bulk' };
const source: Keys = {
  ...common,
  'connection.url': { default: null, takes: ['jdbc:postgresql://db/shop'], refuses: { 'jdbc:oracle:x': /postgresql/ } },
  'table.whitelist': { default: '', takes: ['orders', 'public.orders', 'User, Address, Email', '"public"."orders"'] },
  'table.blacklist': { default: '', takes: ['orders'], beside: unlisted },
  'table.include.list': { default: '', takes: ['public.order.*,public\\.items'], beside: unlisted },
  'table.exclude.list': {
    default: '',
    takes: ['.*temp.*'],
    beside: { ...unlisted, 'table.include.list': '.*' },
  },
  'catalog.pattern': { default: null, takes: ['shop', 'sh%'] },
  'schema.pattern': { default: null, takes: ['public', 'pub%'] },
  'numeric.precision.mapping': { default: 'false', takes: ['true', 'false'] },
  'numeric.mapping': { default: 'none', takes: ['none', 'precision_only', 'best_fit', 'best_fit_eager_double'] },
  'dialect.name': {
    default: '',
    takes: ['', 'PostgreSqlDatabaseDialect'],
    refuses: {
      MySqlDatabaseDialect: /is PostgreSqlDatabaseDialect/,
      GenericDatabaseDialect: /leave dialect.name empty/,
    },
  },
  mode: {
    default: null,
    takes: ['bulk', 'timestamp', 'incrementing', 'timestamp+incrementing'],
    beside: { 'timestamp.column.name': 'at' },
  },
  'incrementing.column.name': { default: '', takes: ['id'] },
  'timestamp.column.name': { default: '', takes: ['changed,made'] },
  'timestamp.columns.mapping': {
    default: '',
    takes: ['public.orders:[updated_at|made_at],public.i.*:[changed]'],
    refuses: {
      'orders:changed': /enclosed in square brackets/,
      '(:[a]': /\(/,
      'a:b:[c]': /regex:\[col1\|col2/,
      'a:[]': /non-empty/,
    },
    beside: { mode: 'timestamp' },
  },
  'incrementing.column.mapping': {
    default: '',
    takes: ['public.orders:id,public.i.*:nr'],
    refuses: { orders: /regex:columnName/, 'orders:': /cannot be empty/ },
  },
  'timestamp.initial': { default: null, takes: ['0', '-1', '1700000000000'] },
  'validate.non.null': { default: 'true', takes: ['true', 'false'] },
  query: { default: '', takes: ['SELECT 1'], beside: bulk },
  'query.masked': {
    default: '',
    takes: ['SELECT 1'],
    beside: bulk,
  },
  'query.suffix': { default: '', takes: ['LIMIT 10'], beside: { ...bulk, query: 'SELECT 1' } },
  'query.retry.attempts': { default: '-1', takes: ['-1', '0', '5'] },
  'transaction.isolation.mode': {
    default: 'DEFAULT',
    takes: ['DEFAULT', 'READ_UNCOMMITTED', 'READ_COMMITTED', 'REPEATABLE_READ', 'SERIALIZABLE', 'READ_COMMITED'],
    refuses: { SQL_SERVER_SNAPSHOT: /REPEATABLE_READ/ },
  },
  'table.types': {
    default: 'TABLE',
    takes: ['TABLE', 'VIEW', 'TABLE,VIEW', 'PARTITIONED TABLE'],
    refuses: {
      'SYSTEM TABLE': /query/,
      'GLOBAL TEMPORARY': /query/,
      'LOCAL TEMPORARY': /query/,
      ALIAS: /query/,
      'TABLE,SYNONYM': /SYNONYM: .*query/,
    },
  },
  'poll.interval.ms': { default: '5000', takes: ['1'] },
  'batch.max.rows': { default: '1000', takes: ['1'] },
  'max.buffer.size': { default: '0', takes: ['0', '4000'] },
  'poll.linger.ms': { default: '5000', takes: ['0', '5000'] },
  'table.monitoring.startup.polling.limit.ms': {
    default: '10000',
    takes: ['10000'],
    refuses: { 1: /socketTimeout/ },
  },
  'table.poll.interval.ms': { default: '60000', takes: ['1'] },
  'topic.prefix': {
    default: '',
    takes: ['', 'from-db_1.'],
    refuses: { 'a/b': /ASCII alphanumerics/, ['x'.repeat(250)]: /249/ },
  },
  'timestamp.granularity': {
    default: 'connect_logical',
    takes: [
      'connect_logical',
      'micros_long',
      'micros_string',
      'micros_iso_datetime_string',
      'nanos_long',
      'nanos_string',
      'nanos_iso_datetime_string',
      'NANOS_LONG',
    ],
    refuses: { millis_long: /connect_logical/ },
  },
  'timestamp.delay.interval.ms': { default: '0', takes: ['1000'] },
};

const sink: Keys = {
  ...common,
  'connection.url': {
    default: null,
    takes: ['jdbc:postgresql://db/shop'],
    refuses: { 'jdbc:mysql://x': /PostgreSQL/ },
  },
  'dialect.name': {
    default: '',
    takes: ['PostgreSqlDatabaseDialect'],
    refuses: { MySqlDatabaseDialect: /PostgreSqlDatabaseDialect/ },
  },
  'insert.mode': { default: 'insert', takes: ['insert', 'upsert', 'update'], beside: { 'pk.mode': 'record_key' } },
  'batch.size': { default: '3000', takes: ['1'] },
  'delete.enabled': { default: 'false', takes: ['true', 'false'], beside: { 'pk.mode': 'record_key' } },
  'replace.null.with.default': { default: 'true', takes: ['true', 'false'] },
  'table.types': { default: 'TABLE', takes: ['TABLE', 'VIEW', 'PARTITIONED TABLE', 'TABLE,PARTITIONED_TABLE'] },
  'table.name.format': { default: ['$', '{topic}'].join(''), takes: ['kafka_orders'] },
  'pk.mode': { default: 'none', takes: ['none', 'kafka', 'record_key', 'record_value'] },
  'pk.fields': { default: '', takes: ['a,b'] },
  'fields.whitelist': { default: '', takes: ['a,b'] },
  'string.output.value.column.name': {
    default: 'record_value',
    takes: ['record_value'],
    refuses: { text: /HoistField/ },
  },
  'auto.create': { default: 'false', takes: ['true', 'false'] },
  'auto.evolve': { default: 'false', takes: ['true', 'false'] },
  'trim.sensitive.log': { default: 'false', takes: ['true', 'false'] },
  'mssql.use.merge.holdlock': { default: 'true', takes: ['true', 'false'] },
  'date.timezone': { default: 'DB_TIMEZONE', takes: ['DB_TIMEZONE', 'UTC'] },
  'timestamp.precision.mode': { default: 'microseconds', takes: ['microseconds', 'nanoseconds', 'NANOSECONDS'] },
  'timestamp.fields.list': { default: '', takes: ['changed,made'] },
  'max.retries': { default: '10', takes: ['0', '10'] },
  'retry.backoff.ms': { default: '3000', takes: ['0', '3000'] },
};

const url = { 'connection.url': 'jdbc:postgresql://db/shop' };
describe.each([
  ['source', jdbcSource, source, { ...url, mode: 'incrementing', 'topic.prefix': 'x', 'table.whitelist': 'orders' }],
  ['sink', confluentJdbcSink, sink, url],
] as const)('the %s', (_name, { config }, keys, base) => {
  const check = (props: Readonly<Record<string, string | null>>) => config.check(props);
  const byName = new Map(config.keys.map(key => [key.name, key]));

  test.each(Object.entries(keys))('%s', (name, { default: text, takes, refuses = {}, beside = {} }) => {
    if (!/^connection\.(loginTimeout|sslmode)$/.test(name)) expect(byName.get(name)?.defaultValue).toBe(text);
    for (const value of takes) expect([value, ...check({ ...base, ...beside, [name]: value }).errors]).toEqual([value]);
    for (const [value, message] of Object.entries(refuses)) {
      const { config: read, errors } = check({ ...base, ...beside, [name]: value });
      expect([value, read, [...errors.keys()], errors.get(name)?.join()]).toEqual([
        value,
        undefined,
        [name],
        expect.stringMatching(message),
      ]);
    }
  });

  test('no other keys exist', () => {
    expect(config.keys.map(key => key.name).filter(name => keys[name] === undefined)).toEqual([]);
  });
});

test('query and query.masked exclude each other', () => {
  const base = { ...url, mode: 'bulk', 'topic.prefix': 'x' };
  const errorsOf = (more: Record<string, string>) => [...jdbcSource.config.check({ ...base, ...more }).errors.keys()];
  expect(errorsOf({ query: 'SELECT 1', 'query.masked': 'SELECT 2' })).toEqual(['query.masked']);
  expect(errorsOf({ 'query.masked': 'SELECT 1', 'table.whitelist': 'orders' })).toEqual(['table.whitelist']);
  expect(errorsOf({ 'query.masked': 'SELECT 1', 'topic.prefix': '' })).toEqual(['topic.prefix']);
  expect(errorsOf({ 'query.masked': 'SELECT 1', 'timestamp.columns.mapping': 'a:[b]' })).toEqual([
    'timestamp.columns.mapping',
  ]);
  const { values } = jdbcSource.config.check({ ...base, 'query.masked': 'SELECT secret' });
  expect(values.get('query.masked')).toBe('[hidden]');
});

test('dates keep their day in any time zone', () => {
  const errorsOf = (more: Record<string, string>) => [...confluentJdbcSink.config.check({ ...url, ...more }).errors];
  const west = { 'db.timezone': 'America/New_York' };
  expect(errorsOf(west)).toEqual([]);
  expect(errorsOf({ ...west, 'date.timezone': 'UTC' })).toEqual([]);
  expect(errorsOf({ ...west, 'date.timezone': 'DB_TIMEZONE' })).toEqual([
    ['date.timezone', [expect.stringContaining('set UTC')]],
  ]);
});

test('MySQL has no schemas, and its own dialect', () => {
  const base = { 'connection.url': 'jdbc:mysql://db/shop', mode: 'bulk', 'table.whitelist': 'orders' };
  const errorsOf = (more: Record<string, string>) => [...jdbcSource.config.check({ ...base, ...more }).errors];
  expect(errorsOf({ 'dialect.name': 'MySqlDatabaseDialect', 'catalog.pattern': 'shop' })).toEqual([]);
  expect(errorsOf({ 'schema.pattern': 'shop' })).toEqual([
    ['schema.pattern', [expect.stringContaining('catalog.pattern')]],
  ]);
  expect(errorsOf({ 'table.types': 'PARTITIONED TABLE' })).toEqual([
    ['table.types', [expect.stringContaining('TABLE, VIEW')]],
  ]);
});
