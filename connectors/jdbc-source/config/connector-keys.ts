import { atLeast, enumKey, intKey, longKey, stringKey } from '../../../src/config/spec.ts';
import { timeZoneCheck } from '../values/time-zone.ts';
import { timestampGranularities } from '../values/timestamps.ts';

/** Confluent's keys for topics, polls and times. */
const connector = { group: 'Connector', importance: 'medium', width: 'short' } as const;

const topicPrefixCheck = (prefix: string): string | undefined => {
  if (prefix.length > 249) return 'Topic prefix length must not exceed max topic name length, 249 chars';
  return /[^a-zA-Z0-9._-]/.test(prefix)
    ? "Topic prefix must not contain any character other than ASCII alphanumerics, '.', '_' and '-'."
    : undefined;
};

const STARTUP_LIMIT_MS = 10_000;

export const connectorKeys = {
  'topic.prefix': stringKey({
    ...connector,
    importance: 'high',
    width: 'medium',
    default: '',
    check: topicPrefixCheck,
    displayName: 'Topic Prefix',
    doc: "Prefix of the topic's name before the table's name; for a query, the name of the topic.",
  }),
  'poll.interval.ms': intKey({
    ...connector,
    importance: 'high',
    default: 5000,
    check: atLeast(0),
    displayName: 'Poll Interval (ms)',
    doc: 'Interval between polls of each table.',
  }),
  'batch.max.rows': intKey({
    ...connector,
    importance: 'low',
    default: 1000,
    check: atLeast(1),
    displayName: 'Max Rows Per Batch',
    doc: 'Maximum number of rows to fetch at a time.',
  }),
  'max.buffer.size': intKey({
    ...connector,
    importance: 'low',
    default: 0,
    check: atLeast(0),
    displayName: 'Maximum Buffer Size',
    doc: 'Maximum number of rows to fetch at a time if it is less than batch.max.rows; 0: no further limit.',
  }),
  'poll.linger.ms': longKey({
    ...connector,
    importance: 'low',
    default: 5000,
    check: atLeast(0),
    displayName: 'Poll Linger Milliseconds',
    doc: 'Maximum time that a read waits for rows; limited to 100 ms to 1 s.',
  }),
  'table.monitoring.startup.polling.limit.ms': longKey({
    ...connector,
    importance: 'low',
    default: STARTUP_LIMIT_MS,
    check: ms =>
      ms === STARTUP_LIMIT_MS
        ? undefined
        : 'tables are discovered before a task starts, within socketTimeout of connection.url: set that instead',
    displayName: 'Table Monitoring Startup Polling Limit (ms)',
    doc: 'Only the default is supported: tables are discovered before a task starts.',
  }),
  'table.poll.interval.ms': longKey({
    ...connector,
    importance: 'low',
    default: 60_000,
    check: atLeast(1),
    displayName: 'Metadata Change Monitoring Interval (ms)',
    doc: 'Interval between searches for new tables.',
  }),
  'timestamp.delay.interval.ms': longKey({
    ...connector,
    importance: 'high',
    default: 0,
    check: atLeast(0),
    displayName: 'Delay Interval (ms)',
    doc: 'Delay after its timestamp before a row is read, for transactions that the database does not show.',
  }),
  'timestamp.granularity': enumKey(timestampGranularities, {
    ...connector,
    importance: 'low',
    width: 'medium',
    default: 'connect_logical',
    displayName: 'Timestamp granularity for timestamp columns',
    doc: "Format of timestamps: Connect's Timestamp, in milliseconds; micro- or nanoseconds since 1970 as a number or a string; date and time as a string in db.timezone. The databases have microseconds.",
  }),
  'db.timezone': stringKey({
    ...connector,
    width: 'medium',
    default: 'UTC',
    check: timeZoneCheck,
    displayName: 'DB time zone',
    doc: 'Time zone of timestamps without time zone.',
  }),
};
