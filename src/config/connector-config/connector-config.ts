import type { ConfigProps, ConfigSpec } from '../../api/component.ts';
import { messageOf } from '../../errors.ts';
import { javaMatcher, regexProblem } from '../java-regex/index.ts';
import type { Config } from '../spec.ts';
import {
  atLeast,
  booleanKey,
  classKey,
  defineConfig,
  enumKey,
  intKey,
  listKey,
  longKey,
  nonEmpty,
  oneOfKey,
  shortKey,
  stringKey,
} from '../spec.ts';
import { nameProblem } from './connector-name.ts';
import { readSchedule } from './schedule.ts';

/** The keys that every connector has, as Kafka Connect's `ConnectorConfig` names and orders them. */
const common = {
  name: stringKey({
    doc: 'Name of this connector; no other in the cluster has it.',
    importance: 'high',
    group: 'Common',
    order: 1,
    width: 'medium',
    displayName: 'Connector name',
    check: nameProblem,
  }),
  'connector.class': stringKey({
    doc: 'Class of this connector: its Java name, or the last part of it, with or without "Connector" at the end.',
    importance: 'high',
    group: 'Common',
    order: 2,
    width: 'long',
    displayName: 'Connector class',
  }),
  'connector.plugin.version': version('connector', 'Connector version', 3, 'medium'),
  'tasks.max': intKey({
    doc: 'How many tasks this connector may have at the most.',
    default: 1,
    importance: 'high',
    group: 'Common',
    order: 4,
    width: 'short',
    displayName: 'Tasks max',
    check: atLeast(1),
  }),
  'tasks.max.enforce': booleanKey({
    doc: 'Accepted for the sake of old configurations: a connector never gets more than tasks.max tasks.',
    default: true,
    importance: 'low',
    group: 'Common',
    order: 5,
    width: 'short',
    displayName: 'Enforce tasks max',
  }),
  'key.converter': converter('keys', 'Key converter class', 6),
  'key.converter.plugin.version': version('key converter', 'Key converter version', 7),
  'value.converter': converter('values', 'Value converter class', 8),
  'value.converter.plugin.version': version('value converter', 'Value converter version', 9),
  'header.converter': converter('header values', 'Header converter class', 10),
  'header.converter.plugin.version': version('header converter', 'Header converter version', 11),
  transforms: aliases('Names of the transforms that each record goes through, in this order.', 'Transforms', 12),
  predicates: aliases('Names of the predicates that transforms may use.', 'Predicates', 13),
  'millrace.schedule': stringKey({
    doc:
      'When this connector moves data: continuous; every so often, such as "every 30s" (ms, s, m, h, d); or at the times of ' +
      'a cron expression, such as "0 2 * * *". On a schedule, each task runs until it has caught up, and then sleeps.',
    default: 'continuous',
    importance: 'medium',
    group: 'Schedule',
    order: 1,
    width: 'medium',
    displayName: 'Schedule',
    check: schedule => {
      const read = readSchedule(schedule);
      return typeof read === 'string' ? `Schedule ${read}` : undefined;
    },
  }),
  'millrace.schedule.timezone': stringKey({
    doc: 'The time zone of a cron expression in millrace.schedule, such as Europe/Berlin.',
    default: 'UTC',
    importance: 'low',
    group: 'Schedule',
    order: 2,
    width: 'short',
    displayName: 'Time zone',
    check: zone => (typeof readSchedule('0 0 * * *', zone) === 'string' ? 'There is no such time zone' : undefined),
  }),
  'config.action.reload': oneOfKey(['none', 'restart'], {
    doc: 'What happens when a configuration provider says that a value has changed.',
    default: 'restart',
    importance: 'low',
    group: 'Common',
    order: 14,
    width: 'medium',
    displayName: 'Reload Action',
  }),
  'errors.retry.timeout': longKey({
    doc: 'Milliseconds for which a failed operation is tried again; 0: not at all, -1: for ever.',
    default: 0,
    group: 'Error Handling',
    order: 1,
    width: 'medium',
    displayName: 'Retry Timeout for Errors',
  }),
  'errors.retry.delay.max.ms': longKey({
    doc: 'Milliseconds between two tries at the most.',
    default: 60_000,
    group: 'Error Handling',
    order: 2,
    width: 'medium',
    displayName: 'Maximum Delay Between Retries for Errors',
  }),
  'errors.tolerance': oneOfKey(['none', 'all'], {
    doc: "What a record that cannot be taken does: 'none': it fails the task; 'all': it is skipped, and, by a sink, sent to the dead letter queue if there is one.",
    default: 'none',
    group: 'Error Handling',
    order: 3,
    width: 'short',
    displayName: 'Error Tolerance',
  }),
  'errors.log.enable': booleanKey({
    doc: 'Whether tolerated errors are logged too.',
    default: false,
    group: 'Error Handling',
    order: 4,
    width: 'short',
    displayName: 'Log Errors',
  }),
  'errors.log.include.messages': booleanKey({
    doc: 'Whether the log tells where the record of an error was. Its content is never logged.',
    default: false,
    group: 'Error Handling',
    order: 5,
    width: 'short',
    displayName: 'Log Error Details',
  }),
};

/** `millrace.commit.interval.ms`, of sources. */
export const COMMIT_INTERVAL = { key: 'millrace.commit.interval.ms', defaultMs: 10, maxMs: 60_000 } as const;

const source = {
  'topic.creation.groups': aliases(
    'Names of groups of topics that are made with settings of their own: topic.creation.<group>.include and so on.',
    'Topic Creation',
    1,
  ),
  'exactly.once.support': enumKey(['required', 'requested'], {
    doc: "'required' refuses a connector that cannot promise each record once; 'requested' takes it as it is.",
    default: 'requested',
    group: 'Exactly Once Support',
    order: 2,
    width: 'short',
    displayName: 'Exactly once support',
  }),
  'transaction.boundary': enumKey(['interval', 'poll', 'connector'], {
    doc: "Where Kafka transactions end: always where the source's own do. 'interval': after transaction.boundary.interval.ms at the soonest, while they are small.",
    default: 'poll',
    group: 'Exactly Once Support',
    order: 3,
    width: 'short',
    displayName: 'Transaction Boundary',
    check: boundary =>
      boundary === 'connector'
        ? 'The connector does not support connector-defined transaction boundaries with the given configuration. Please use another transaction boundary.'
        : undefined,
  }),
  'transaction.boundary.interval.ms': longKey({
    doc: "Milliseconds between two commits where transaction.boundary is 'interval'; 60000 by default. millrace.commit.interval.ms goes over it.",
    default: null,
    importance: 'low',
    group: 'Exactly Once Support',
    order: 4,
    width: 'short',
    displayName: 'Transaction boundary interval',
    check: value => {
      if (value === null || (value >= 0 && value <= COMMIT_INTERVAL.maxMs)) return undefined;
      return value < 0 ? 'Value must be at least 0' : `Value must be at most ${COMMIT_INTERVAL.maxMs}`;
    },
  }),
  [COMMIT_INTERVAL.key]: intKey({
    doc:
      'Milliseconds between the beginnings of two Kafka transactions of a task, at the least, while they are small. A larger ' +
      'interval costs the brokers less and adds at most that much latency; 0 commits back to back. A change after a pause is ' +
      'committed at once.',
    default: COMMIT_INTERVAL.defaultMs,
    importance: 'medium',
    group: 'Exactly Once Support',
    order: 5,
    width: 'short',
    displayName: 'Commit interval',
    check: value =>
      value >= 0 && value <= COMMIT_INTERVAL.maxMs ? undefined : `Value must be from 0 to ${COMMIT_INTERVAL.maxMs}`,
  }),
  'offsets.storage.topic': stringKey({
    doc: "A topic of its own for this connector's offsets, instead of the worker's.",
    default: null,
    importance: 'low',
    group: 'offsets.topic',
    order: 1,
    width: 'long',
    displayName: 'Offsets topic',
    check: topic => (topic === null ? undefined : nonEmpty(topic)),
  }),
};

const deadLetters = 'errors.deadletterqueue.topic.name';

const sink = {
  topics: listKey({
    doc: 'Topics to read, with commas between.',
    default: [],
    importance: 'high',
    group: 'Common',
    order: 4,
    width: 'long',
    displayName: 'Topics',
  }),
  'topics.regex': stringKey({
    doc: 'Pattern of the topics to read, as java.util.regex has it; it must match the whole name. Instead of topics.',
    default: '',
    importance: 'high',
    group: 'Common',
    order: 4,
    width: 'long',
    displayName: 'Topics regex',
    check: regexProblem,
  }),
  'millrace.topic.recreated': oneOfKey(['fail', 'earliest'], {
    doc:
      'What happens when a topic has been deleted and created again since the sink stored its position in it: the task ' +
      'fails, or reads the new topic from its beginning. Of sinks that store their positions themselves.',
    default: 'fail',
    importance: 'low',
    group: 'Common',
    order: 15,
    width: 'short',
    displayName: 'Recreated topic',
  }),
  [deadLetters]: stringKey({
    doc: 'Topic for records that could not be taken. Empty: they are not kept.',
    default: '',
    group: 'Error Handling',
    order: 6,
    width: 'medium',
    displayName: 'Dead Letter Queue Topic Name',
  }),
  'errors.deadletterqueue.topic.replication.factor': shortKey({
    doc: 'Replicas of that topic when it has to be made.',
    default: 3,
    group: 'Error Handling',
    order: 7,
    width: 'medium',
    displayName: 'Dead Letter Queue Topic Replication Factor',
  }),
  'errors.deadletterqueue.context.headers.enable': booleanKey({
    doc: 'Whether records of that topic have headers __connect.errors.* that tell what went wrong, and where.',
    default: false,
    group: 'Error Handling',
    order: 8,
    width: 'medium',
    displayName: 'Enable Error Context Headers',
  }),
};

export const sourceConnectorConfig = defineConfig({ ...common, ...source });
export const sinkConnectorConfig = defineConfig({ ...common, ...sink });
export type SourceConnectorConfig = Config<typeof sourceConnectorConfig>;
export type SinkConnectorConfig = Config<typeof sinkConnectorConfig>;

export const commonConfig = (kind: 'source' | 'sink'): ConfigSpec<SourceConnectorConfig | SinkConnectorConfig> =>
  kind === 'source' ? sourceConnectorConfig : sinkConnectorConfig;

/** What no key of a sink can say alone: messages by key, in Connect's words. */
export function sinkTopicErrors(props: ConfigProps): Record<string, string> {
  const text = (key: string) => props[key]?.trim() ?? '';
  const regex = text('topics.regex');
  const given = text('topics') !== '';
  if (given && regex !== '') return both('topics and topics.regex are mutually exclusive options, but both are set.');
  if (!given && regex === '') return both('Must configure one of topics or topics.regex');
  const queue = text(deadLetters);
  if (given) {
    const topics = text('topics')
      .split(',')
      .map(topic => topic.trim());
    if (new Set(topics).size < topics.length)
      return { topics: "Configuration 'topics' values must not be duplicated." };
    if (topics.includes('')) return { topics: "Configuration 'topics' values must not be empty." };
    return topics.includes(queue)
      ? {
          topics: `The DLQ topic '${queue}' may not be included in the list of topics ('topics=[${topics.join(', ')}]') consumed by the connector`,
        }
      : {};
  }
  if (queue === '' || regexProblem(regex) !== undefined) return {};
  try {
    if (!javaMatcher(regex, { setting: 'topics.regex' })(queue)) return {};
  } catch (error) {
    return { 'topics.regex': messageOf(error) };
  }
  return {
    'topics.regex': `The DLQ topic '${queue}' may not be matched by the regex for the topics ('topics.regex=${regex}') consumed by the connector`,
  };
}

const both = (message: string) => ({ topics: message, 'topics.regex': message });

/** The keys `<prefix>…` of a configuration, without the prefix. */
export function withoutPrefix(props: ConfigProps, prefix: string): Record<string, string> {
  const own: Record<string, string> = {};
  for (const [key, value] of Object.entries(props))
    if (key.startsWith(prefix) && value !== null && value !== undefined) own[key.slice(prefix.length)] = value;
  return own;
}

/** A list of names, none of them twice. */
function aliases(doc: string, group: string, order: number) {
  return listKey({
    doc,
    default: [],
    importance: 'low',
    group,
    order,
    width: 'long',
    displayName: group === 'Topic Creation' ? 'Topic Creation Groups' : group,
    check: names => (new Set(names).size < names.length ? 'Duplicate alias provided.' : undefined),
  });
}

function converter(what: string, displayName: string, order: number) {
  return classKey({
    doc: `Converter between Connect's data and the bytes of ${what} in Kafka; its own keys stand behind this one's name and a point. The worker's where there is none.`,
    default: null,
    importance: 'low',
    group: 'Common',
    order,
    width: 'short',
    displayName,
  });
}

function version(what: string, displayName: string, order: number, importance: 'low' | 'medium' = 'low') {
  return stringKey({
    doc: `Version of the ${what}, or a range of versions such as [1.0,2.0). Each comes in one version.`,
    default: null,
    importance,
    group: 'Common',
    order,
    width: importance === 'low' ? 'short' : 'medium',
    displayName,
  });
}
