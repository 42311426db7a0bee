import {
  atLeast,
  booleanKey,
  enumKey,
  intKey,
  longKey,
  nonEmpty,
  passwordKey,
  stringKey,
} from '../../../src/config/spec.ts';

const connection = { group: 'Postgres', importance: 'high', width: 'long' } as const;
const ssl = { group: 'Connection SSL', importance: 'medium', width: 'long', default: null } as const;
const connector = { group: 'Connector', importance: 'medium' } as const;
const replication = { group: 'Replication', importance: 'medium' } as const;
const topicName = (name: string): string | undefined =>
  /^[A-Za-z0-9._-]+$/.test(name)
    ? undefined
    : `${name} has invalid format (only the underscore, hyphen, dot and alphanumeric characters are allowed)`;

const port = (value: number): string | undefined =>
  value >= 0 && value <= 65_535 ? undefined : 'A port is a number from 0 to 65535';
const slotName = (name: string): string | undefined =>
  /^[a-z0-9_]{1,63}$/.test(name)
    ? undefined
    : 'Valid replication slot name must contain only digits, lowercase characters and underscores with length <= 63';

/** Keys of the connection, the slot and the publication, and of the session. */
export const connectionKeys = {
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
} as const;
