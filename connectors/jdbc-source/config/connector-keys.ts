import { atLeast, enumKey, intKey, longKey, stringKey } from '../../../src/config/spec.ts';
import { timeZoneCheck } from '../values/time-zone.ts';
import { timestampGranularities } from '../values/timestamps.ts';

/** Confluent's names, defaults and meanings: topics, polls and times. */
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
    doc: "What the topic's name has before the table's name; for a query the whole name of the topic.",
  }),
  'poll.interval.ms': intKey({
    ...connector,
    importance: 'high',
    default: 5000,
    check: atLeast(0),
    displayName: 'Poll Interval (ms)',
    doc: 'How often each table is asked for what is new.',
  }),
  'batch.max.rows': intKey({
    ...connector,
    importance: 'low',
    default: 1000,
    check: atLeast(1),
    displayName: 'Max Rows Per Batch',
    doc: 'Rows that are fetched at a time.',
  }),
  'max.buffer.size': intKey({
    ...connector,
    importance: 'low',
    default: 0,
    check: atLeast(0),
    displayName: 'Maximum Buffer Size',
    doc: 'Rows that are fetched at a time where that is less than batch.max.rows; 0 for no limit of its own.',
  }),
  'poll.linger.ms': longKey({
    ...connector,
    importance: 'low',
    default: 5000,
    check: atLeast(0),
    displayName: 'Poll Linger Milliseconds',
    doc: 'How long a read waits for a row at most, between 100 ms and 1 s here.',
  }),
  'table.monitoring.startup.polling.limit.ms': longKey({
    ...connector,
    importance: 'low',
    default: STARTUP_LIMIT_MS,
    check: ms =>
      ms === STARTUP_LIMIT_MS
        ? undefined
        : 'tables are looked for before a task starts, for as long as socketTimeout in connection.url allows: set that instead',
    displayName: 'Table Monitoring Startup Polling Limit (ms)',
    doc: 'Only the default is taken: tables are looked for before a task starts.',
  }),
  'table.poll.interval.ms': longKey({
    ...connector,
    importance: 'low',
    default: 60_000,
    check: atLeast(1),
    displayName: 'Metadata Change Monitoring Interval (ms)',
    doc: 'How often new tables are looked for.',
  }),
  'timestamp.delay.interval.ms': longKey({
    ...connector,
    importance: 'high',
    default: 0,
    check: atLeast(0),
    displayName: 'Delay Interval (ms)',
    doc: 'How long after its timestamp a row is read: time for what nothing shows to be still on its way.',
  }),
  'timestamp.granularity': enumKey(timestampGranularities, {
    ...connector,
    importance: 'low',
    width: 'medium',
    default: 'connect_logical',
    displayName: 'Timestamp granularity for timestamp columns',
    doc: "Form of timestamps: Connect's Timestamp, which has milliseconds; whole micro- or nanoseconds since 1970 as a number or as text; date and time as text in db.timezone. The databases have microseconds.",
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
