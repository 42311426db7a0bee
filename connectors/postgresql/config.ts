import type { ConfigSpec } from '../../src/api/index.ts';
import { customKeys, nameTest, splitList } from '../../src/cdc/filter/name-filters.ts';
import { strategies } from '../../src/cdc/naming/topic-naming.ts';
import type { ConfigOf } from '../../src/config/spec.ts';
import {
  atLeast,
  booleanKey,
  defineConfig,
  enumKey,
  intKey,
  listKey,
  longKey,
  nonEmpty,
  passwordKey,
  stringKey,
} from '../../src/config/spec.ts';
import { messageOf } from '../../src/errors.ts';
import { tuningKeys } from './tuning-keys.ts';
import { unsupported } from './unsupported.ts';

/** The keys of Debezium's PostgreSQL connector, with its defaults and meanings. */
const connection = { group: 'Postgres', importance: 'high', width: 'long' } as const;
const ssl = { group: 'Connection SSL', importance: 'medium', width: 'long', default: null } as const;
const connector = { group: 'Connector', importance: 'medium' } as const;
const replication = { group: 'Replication', importance: 'medium' } as const;
const snapshot = { group: 'Connector Snapshot', importance: 'medium' } as const;
const events = { group: 'Events', importance: 'medium' } as const;
const advanced = { group: 'Advanced', importance: 'low' } as const;

const expressions = (list: string | null): string | undefined => {
  try {
    nameTest(list ?? '', '');
    return undefined;
  } catch (error) {
    return `A comma-separated list of valid regular expressions is expected, but ${messageOf(error)}`;
  }
};
const list = (doc: string, importance: 'high' | 'medium') =>
  stringKey({ group: 'Filters', importance, width: 'long', default: null, check: expressions, doc });

const port = (value: number): string | undefined =>
  value >= 0 && value <= 65_535 ? undefined : 'A port is a number from 0 to 65535';
const slotName = (name: string): string | undefined =>
  /^[a-z0-9_]{1,63}$/.test(name)
    ? undefined
    : 'Valid replication slot name must contain only digits, lowercase characters and underscores with length <= 63';
const topicName = (name: string): string | undefined =>
  /^[A-Za-z0-9._-]+$/.test(name)
    ? undefined
    : `${name} has invalid format (only the underscore, hyphen, dot and alphanumeric characters are allowed)`;

const keys = {
  'database.hostname': stringKey({ ...connection, check: nonEmpty, doc: 'Host name or address of the server.' }),
  'database.port': intKey({ ...connection, width: 'short', default: 5432, check: port, doc: 'Port of the server.' }),
  'database.user': stringKey({ ...connection, width: 'short', check: nonEmpty, doc: 'User who logs in.' }),
  'database.password': passwordKey({ ...connection, width: 'short', default: '', doc: 'Password of that user.' }),
  'database.dbname': stringKey({ ...connection, check: nonEmpty, doc: 'Database whose changes are captured.' }),
  'topic.prefix': stringKey({
    ...connection,
    check: topicName,
    doc: 'Name of this source: the prefix of the names of its topics, and the key of its stored position. Each connector needs its own.',
  }),
  'database.query.timeout.ms': intKey({
    ...connector,
    importance: 'low',
    default: 600_000,
    check: atLeast(0),
    doc: 'Timeout of a query; 0 for none.',
  }),
  'database.initial.statements': stringKey({
    ...connector,
    importance: 'low',
    width: 'long',
    default: null,
    doc: 'SQL statements for every session that runs queries, separated by semicolons; two semicolons are one inside a statement.',
  }),
  'database.tcpKeepAlive': booleanKey({
    ...connector,
    default: true,
    doc: 'Enables TCP keep-alive probes, so that idle connections are not dropped.',
  }),
  'database.sslmode': enumKey(['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'], {
    group: ssl.group,
    default: 'prefer',
    doc: "How TLS is used: 'prefer' where the server has it, 'require' always, 'verify-ca' with a certificate of a known authority, 'verify-full' with one for this host; 'allow' only where the server wants it; 'disable' never.",
  }),
  'database.sslrootcert': stringKey({ ...ssl, doc: 'File with the certificates of the authorities that are trusted.' }),
  'database.sslcert': stringKey({ ...ssl, doc: "File with the client's certificate." }),
  'database.sslkey': stringKey({ ...ssl, doc: "File with the client's private key: PEM, or PKCS #8 in DER." }),
  'database.sslpassword': passwordKey({ ...ssl, doc: 'Password of the private key.' }),

  'plugin.name': enumKey(['pgoutput'], {
    ...replication,
    default: 'pgoutput',
    doc: 'The logical decoding plugin. pgoutput, which every server has, is the only one.',
  }),
  'slot.name': stringKey({
    ...replication,
    default: 'debezium',
    check: slotName,
    doc: 'Name of the replication slot, which is created when it is missing.',
  }),
  'slot.drop.on.stop': booleanKey({
    ...replication,
    default: false,
    doc: 'Drops the slot when the connector is deleted. A slot that stays retains WAL on the server.',
  }),
  'slot.failover': booleanKey({
    ...replication,
    default: false,
    doc: 'Synchronizes a new slot to standbys (PostgreSQL 17 and later).',
  }),
  'publication.name': stringKey({
    ...replication,
    default: 'dbz_publication',
    check: nonEmpty,
    doc: 'Name of the publication, which selects the changes that the server sends.',
  }),
  'publication.autocreate.mode': enumKey(['all_tables', 'filtered', 'disabled', 'no_tables'], {
    ...replication,
    default: 'all_tables',
    doc: "What happens when the publication is missing: it is made for 'all_tables' (a superuser's right), for the captured ones ('filtered', which also keeps an existing one up to date), for 'no_tables', or not at all ('disabled').",
  }),
  'publish.via.partition.root': booleanKey({
    ...replication,
    default: false,
    doc: 'Publishes changes of partitions as those of the partitioned table.',
  }),
  'status.update.interval.ms': intKey({
    ...replication,
    default: 10_000,
    check: atLeast(1),
    doc: 'Interval of status updates to the server; also the interval at which the position is stored while no captured table changes.',
  }),
  'offset.mismatch.strategy': enumKey(['no_validation', 'trust_offset', 'trust_slot', 'trust_greater_lsn'], {
    ...replication,
    default: 'no_validation',
    doc: "What happens when the slot is ahead of the stored position, so that changes are lost: 'trust_slot' and 'trust_greater_lsn' go on without them; the others stop with an error that names the gap.",
  }),
  'slot.max.retries': intKey({
    ...replication,
    importance: 'low',
    default: 6,
    check: atLeast(0),
    doc: 'Attempts, slot.retry.delay.ms apart, to open a replication slot that another client uses, before the task is restarted.',
  }),
  'slot.retry.delay.ms': longKey({
    ...replication,
    importance: 'low',
    default: 10_000,
    check: atLeast(0),
    doc: 'See slot.max.retries.',
  }),

  'schema.include.list': list('Regular expressions of the schemas whose changes are captured.', 'high'),
  'schema.exclude.list': list('Regular expressions of schemas whose changes are not captured.', 'medium'),
  'table.include.list': list('Regular expressions of the tables (schema.table) whose changes are captured.', 'high'),
  'table.exclude.list': list('Regular expressions of tables (schema.table) whose changes are not captured.', 'medium'),
  'column.include.list': list('Regular expressions of the columns (schema.table.column) in records.', 'medium'),
  'column.exclude.list': list('Regular expressions of columns (schema.table.column) left out of records.', 'medium'),
  'column.propagate.source.type': list(
    'Regular expressions of the columns (schema.table.column) whose type, length, scale and name are parameters of their schema: __debezium.source.column.type and so on.',
    'medium',
  ),
  'datatype.propagate.source.type': list(
    'The same for columns of these types (schema.table.type, such as public.orders.varchar).',
    'medium',
  ),
  'message.key.columns': stringKey({
    ...events,
    width: 'long',
    default: null,
    check: text => {
      try {
        customKeys(text);
        return undefined;
      } catch (error) {
        return messageOf(error);
      }
    },
    doc: "Keys of records in place of the table's primary key: '<table>:<column>,<column>;<table>:<column>', where tables are regular expressions.",
  }),
  'message.prefix.include.list': list(
    'Regular expressions of the prefixes of logical messages that are captured.',
    'medium',
  ),
  'message.prefix.exclude.list': list(
    'Regular expressions of prefixes of logical messages that are not captured.',
    'medium',
  ),

  'snapshot.mode': enumKey(['always', 'initial', 'initial_only', 'no_data', 'never', 'when_needed'], {
    ...snapshot,
    default: 'initial',
    doc: "When the tables are read: 'initial' before the first streaming, 'always' before each, 'when_needed' also when the position is lost, 'no_data' (or 'never') not at all; 'initial_only' reads them and does not stream.",
  }),
  'snapshot.max.threads': intKey({
    ...snapshot,
    default: 1,
    check: atLeast(1),
    doc: 'Number of sessions that read chunks concurrently.',
  }),
  'snapshot.include.collection.list': list(
    'Regular expressions of the captured tables that snapshots read; all by default.',
    'medium',
  ),
  'snapshot.select.statement.overrides': listKey({
    ...snapshot,
    width: 'long',
    default: [],
    doc: "Tables (schema.table) whose rows a snapshot selects by the statement in 'snapshot.select.statement.overrides.<schema.table>'.",
  }),
  'snapshot.lock.timeout.ms': longKey({
    ...snapshot,
    default: 10_000,
    check: atLeast(0),
    doc: 'Longest wait of a chunk for a table that is being altered.',
  }),
  'snapshot.delay.ms': longKey({
    ...snapshot,
    importance: 'low',
    default: 0,
    check: atLeast(0),
    doc: 'Delay before a snapshot.',
  }),
  'streaming.delay.ms': longKey({
    ...snapshot,
    importance: 'low',
    default: 0,
    check: atLeast(0),
    doc: 'Delay between a snapshot and streaming.',
  }),

  'tombstones.on.delete': booleanKey({
    ...events,
    default: true,
    doc: 'Writes a tombstone after a deletion, a record with the same key and a null value, so that compaction removes the key.',
  }),
  'skipped.operations': listKey({
    ...events,
    importance: 'low',
    default: ['t'],
    check: operations => {
      const wrong = operations.filter(operation => !/^(c|u|d|t|none)$/.test(operation));
      return wrong.length === 0 ? undefined : `Operations are c, u, d, t or none, not ${wrong.join(', ')}`;
    },
    doc: "Operations without records: 'c', 'u', 'd', 't' (truncate), or 'none'.",
  }),
  'skip.messages.without.change': booleanKey({
    ...events,
    default: false,
    doc: 'Skips updates that change no column of the record; needs REPLICA IDENTITY FULL.',
  }),
  'unavailable.value.placeholder': stringKey({
    ...events,
    default: '__debezium_unavailable_value',
    doc: "Placeholder of a large value that an update did not change and that the server therefore does not send. Bytes in hexadecimal after 'hex:'.",
  }),
  'provide.transaction.metadata': booleanKey({
    ...events,
    importance: 'low',
    default: false,
    doc: 'Adds the place in the transaction to records, and writes transaction boundary events to a topic.',
  }),
  'extended.headers.enabled': booleanKey({
    ...events,
    importance: 'low',
    default: false,
    doc: 'Adds headers with the names of the connector and the task to every record. Off by default, unlike in Debezium.',
  }),
  'decimal.handling.mode': enumKey(['precise', 'double', 'string'], {
    ...events,
    default: 'precise',
    doc: "Representation of numeric and money: exactly as Connect's Decimal, as double, or as text.",
  }),
  'time.precision.mode': enumKey(
    ['adaptive', 'adaptive_time_microseconds', 'connect', 'isostring', 'microseconds', 'nanoseconds'],
    {
      ...events,
      default: 'adaptive',
      doc: "Representation of dates and times: in the unit of the column's precision ('adaptive'), as Connect's own types in milliseconds, as ISO 8601 text, or always in microseconds or nanoseconds.",
    },
  ),
  'binary.handling.mode': enumKey(['bytes', 'base64', 'base64-url-safe', 'hex'], {
    ...events,
    importance: 'low',
    default: 'bytes',
    doc: 'Representation of bytea: as bytes, or as text in base64 or hexadecimal.',
  }),
  'interval.handling.mode': enumKey(['numeric', 'string'], {
    ...events,
    importance: 'low',
    default: 'numeric',
    doc: 'Representation of intervals: as microseconds, with months of 30.4375 days, or as ISO 8601 text.',
  }),
  'hstore.handling.mode': enumKey(['json', 'map'], {
    ...events,
    importance: 'low',
    default: 'json',
    doc: 'Representation of hstore: as JSON text or as a map.',
  }),
  'money.fraction.digits': intKey({
    ...events,
    importance: 'low',
    default: 2,
    check: value => (value >= 0 && value <= 18 ? undefined : 'Value must be from 0 to 18'),
    doc: 'Fraction digits of money.',
  }),
  'include.unknown.datatypes': booleanKey({
    ...events,
    default: false,
    doc: 'Includes columns of types without a representation of their own, as the bytes of their text.',
  }),
  'schema.name.adjustment.mode': enumKey(['none', 'avro', 'avro_unicode'], {
    ...events,
    importance: 'low',
    default: 'none',
    doc: 'Replacement of characters in schema names that Avro does not allow: none, underscores, or their code points.',
  }),
  'field.name.adjustment.mode': enumKey(['none', 'avro', 'avro_unicode'], {
    ...events,
    importance: 'low',
    default: 'none',
    doc: 'The same for field names.',
  }),

  'heartbeat.interval.ms': intKey({
    ...advanced,
    importance: 'medium',
    default: 0,
    check: atLeast(0),
    doc: 'Interval of records to the heartbeat topic, which also advance the slot of a database without changes; 0 for none.',
  }),
  'heartbeat.action.query': stringKey({
    ...advanced,
    default: null,
    doc: 'Statement that is executed with every heartbeat, instead of the logical decoding message that otherwise advances the slot.',
  }),
  'heartbeat.topics.prefix': stringKey({
    ...advanced,
    default: null,
    doc: 'Prefix of the name of the heartbeat topic; __debezium-heartbeat by default.',
  }),
  'topic.heartbeat.prefix': stringKey({
    ...advanced,
    default: '__debezium-heartbeat',
    doc: 'Prefix of the name of the heartbeat topic.',
  }),
  'topic.transaction': stringKey({
    ...advanced,
    default: 'transaction',
    doc: 'End of the name of the topic of transaction boundary events.',
  }),
  'topic.naming.strategy': stringKey({
    ...advanced,
    default: strategies[0],
    doc: `Naming of topics: $strategies[0]: schema and table; $strategies[1]: only the table.`,
  }),
  'topic.delimiter': stringKey({ ...advanced, default: '.', doc: 'Separator of the parts of a topic name.' }),
  'connection.validation.timeout.ms': longKey({
    ...advanced,
    default: 60_000,
    check: atLeast(1),
    doc: 'Timeout for connecting when a configuration is validated.',
  }),
  ...tuningKeys,
} as const;

export type PostgresConfig = ConfigOf<typeof keys> & {
  /** snapshot.select.statement.overrides.<schema.table>, by `schema.table`. */
  readonly overrides: ReadonlyMap<string, string>;
};

const OVERRIDES = 'snapshot.select.statement.overrides';

const base = defineConfig(keys, {
  refine: (config, props) => ({
    ...unsupported(props),
    ...bothLists(config, 'schema'),
    ...bothLists(config, 'table'),
    ...bothLists(config, 'column'),
    ...Object.fromEntries(
      config[OVERRIDES]
        .filter(table => !props[`${OVERRIDES}.${table}`])
        .map(table => [`${OVERRIDES}.${table}`, `The statement that selects the rows of ${table} is missing`]),
    ),
  }),
});

type Lists = Readonly<Record<`${'schema' | 'table' | 'column'}.${'include' | 'exclude'}.list`, string | null>>;

function bothLists(config: Lists, kind: 'schema' | 'table' | 'column'): Record<string, string> {
  const [include, exclude] = [config[`${kind}.include.list`], config[`${kind}.exclude.list`]];
  if (!include?.trim() || !exclude?.trim()) return {};
  return { [`${kind}.exclude.list`]: `"${kind}.include.list" is already specified` };
}

export const config: ConfigSpec<PostgresConfig> = {
  keys: base.keys,
  check(props) {
    const { config: read, ...rest } = base.check(props);
    if (read === undefined) return { ...rest, config: undefined };
    const overrides = new Map(
      read[OVERRIDES].map(table => [table, String(props[`${OVERRIDES}.${table}`]).replace(/;\s*$/, '')]),
    );
    return { ...rest, config: { ...read, overrides } };
  },
};

/** Splits `database.initial.statements`. */
export const statements = (text: string | null): string[] => splitList((text ?? '').replaceAll(';;', '\\;'), ';');
