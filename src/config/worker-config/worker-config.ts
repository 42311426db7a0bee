import { MillraceError } from '../../errors.ts';
import { workerClientErrors } from '../client-settings/index.ts';
import { overridePolicy } from '../client-settings/override-policy.ts';
import {
  atLeast,
  booleanKey,
  type Check,
  type Config,
  defineConfig,
  enumKey,
  intKey,
  listKey,
  longKey,
  passwordKey,
  shortKey,
  stringKey,
} from '../spec.ts';
import { isConnectProperty, propertiesWithoutEffect, rejectedProperties } from './connect-properties.ts';

/** host:port, where the host is a name, an address or an IPv6 address in brackets. */
const address = /^(?:[A-Z]+:\/\/)?(?:\[[0-9a-fA-F:.%]+\]|[^\s:/@]+):(\d{1,5})$/;
const isAddress = (text: string) => Number(address.exec(text)?.[1] ?? Number.NaN) <= 65_535;
const hostPort: Check<string> = text => (isAddress(text) ? undefined : 'Expected host:port');
const hostPorts: Check<readonly string[]> = list =>
  list.length > 0 && list.every(isAddress) ? undefined : 'Expected host:port, or several separated by commas';
const port: Check<number | null> = value =>
  value === null || (value >= 0 && value <= 65_535) ? undefined : 'Expected a port, 0 to 65535';

const topicKey = (doc: string, name: string) => stringKey({ default: name, importance: 'high', doc });
const replication = shortKey({
  default: -1,
  importance: 'low',
  doc: 'Replication factor of that topic when it is created; -1 for the broker’s default.',
});

/** The worker properties of Kafka Connect that Millrace supports, and its own. */
export const workerConfig = defineConfig({
  'bootstrap.servers': listKey({
    default: ['127.0.0.1:9092'],
    importance: 'high',
    doc: 'Comma-separated Kafka brokers, host:port.',
    check: hostPorts,
  }),
  'group.id': stringKey({
    default: 'connect-cluster',
    importance: 'high',
    doc: 'Cluster of this worker. Workers with the same group.id share connectors and tasks.',
    // Temporal's visibility queries do not match values that end with one of these characters, even if escaped.
    check: name => (/['"\\]/.test(name) ? 'String may not contain quotes or backslashes' : undefined),
  }),
  'key.converter': stringKey({
    default: 'org.apache.kafka.connect.json.JsonConverter',
    importance: 'high',
    doc: 'Default converter for keys.',
  }),
  'value.converter': stringKey({
    default: 'org.apache.kafka.connect.json.JsonConverter',
    importance: 'high',
    doc: 'Default converter for values.',
  }),
  'offset.storage.topic': topicKey('Compacted topic of source offsets, in Kafka Connect’s format.', 'connect-offsets'),
  'offset.storage.partitions': intKey({
    default: 25,
    importance: 'low',
    doc: 'Partitions of that topic when it is created.',
  }),
  'offset.storage.replication.factor': replication,
  'config.storage.topic': topicKey('Compacted topic for the secrets of connector configurations.', 'connect-configs'),
  'config.storage.replication.factor': replication,
  listeners: stringKey({
    default: 'http://127.0.0.1:8083',
    importance: 'low',
    doc: 'Comma-separated addresses of the REST API; http://0.0.0.0:8083 for all interfaces.',
  }),
  'rest.port': intKey({
    default: null,
    importance: 'low',
    doc: 'Port of the REST API if listeners is not set.',
    check: port,
  }),
  'rest.advertised.port': intKey({
    default: null,
    importance: 'low',
    doc: 'Port under which other machines reach this worker.',
    check: port,
  }),
  'rest.allowed.hosts': listKey({
    default: [],
    importance: 'medium',
    doc: 'Host names to accept in requests, in addition to localhost, the names of this machine, rest.advertised.host.name and those in listeners; *.example.com for all subdomains, * for any.',
  }),
  'rest.connections.max': intKey({
    default: 1000,
    importance: 'low',
    doc: 'Maximum open connections of a listener of the REST API; further connections are closed.',
    check: atLeast(1),
  }),
  'exactly.once.source.support': enumKey(['disabled', 'preparing', 'enabled'], {
    default: 'disabled',
    importance: 'low',
    doc: 'Accepted without effect: source records are always written exactly once.',
  }),
  'connector.client.config.override.policy': stringKey({
    default: 'All',
    importance: 'medium',
    doc: 'Client settings (producer.override.*, consumer.override.*, admin.override.*) that connectors may override: All, None, Principal (the identity), or Allowlist.',
    check: name => (overridePolicy(name) === undefined ? 'Expected All, None, Principal or Allowlist' : undefined),
  }),
  'connector.client.config.override.allowlist': listKey({
    default: [],
    importance: 'medium',
    doc: 'Settings that the policy Allowlist allows, without the prefixes producer.override. and so on.',
  }),
  'topic.creation.enable': booleanKey({
    default: true,
    importance: 'low',
    doc: 'Whether the topics of source connectors are created.',
  }),
  'topic.tracking.enable': booleanKey({
    default: true,
    importance: 'low',
    doc: 'Whether the REST API returns the topics that a connector uses.',
  }),
  'topic.tracking.allow.reset': booleanKey({
    default: true,
    importance: 'low',
    doc: 'Whether the REST API can reset the topics that a connector uses.',
  }),
  'plugin.path': listKey({
    default: [],
    importance: 'low',
    doc: 'Comma-separated folders of plugins, plugins, and names of npm packages that are plugins.',
  }),
  'rest.show.passwords': booleanKey({
    default: false,
    importance: 'medium',
    doc: 'Whether the REST API returns passwords in configurations, as Kafka Connect does. Otherwise it returns placeholders, which are valid in a later request.',
  }),
  'file.connectors.allowed.paths': listKey({
    default: [],
    importance: 'medium',
    doc: 'Comma-separated folders in which the file connectors may open files. If empty, all files are allowed while every listener has a loopback address, else none.',
  }),
  'config.providers': listKey({ default: [], importance: 'low', doc: 'Names of configuration providers.' }),
  'offset.flush.interval.ms': longKey({
    default: 60_000,
    importance: 'low',
    doc: 'Accepted without effect: positions are committed with their records.',
    check: atLeast(0),
  }),
  'task.shutdown.graceful.timeout.ms': longKey({
    default: 5000,
    importance: 'low',
    doc: 'Time to wait for tasks to stop.',
    check: atLeast(0),
  }),
  'temporal.address': stringKey({
    default: '127.0.0.1:7233',
    importance: 'high',
    doc: 'Address of Temporal’s frontend service, host:port.',
    check: hostPort,
  }),
  'temporal.namespace': stringKey({ default: 'default', importance: 'medium', doc: 'Temporal namespace.' }),
  'temporal.task.queue': stringKey({
    default: null,
    importance: 'medium',
    doc: 'Temporal task queue; defaults to millrace-<group.id>.',
  }),
  'temporal.api.key': passwordKey({ default: null, importance: 'medium', doc: 'API key for Temporal Cloud.' }),
  'temporal.tls.enabled': booleanKey({
    default: false,
    importance: 'medium',
    doc: 'Whether connections to Temporal use TLS.',
  }),
  'task.unresponsive.timeout.ms': longKey({
    default: 4000,
    importance: 'low',
    doc: 'Time for which code of a connector, transform or plugin may block the thread of the tasks before its task is stopped.',
    check: atLeast(1000),
  }),
  'worker.tasks.max': intKey({
    default: 500,
    importance: 'low',
    doc: 'Maximum number of tasks of this process.',
    check: atLeast(1),
  }),
});
export type WorkerConfig = Config<typeof workerConfig>;

export interface WorkerConfigResult {
  readonly config: WorkerConfig | undefined;
  /** Unknown keys. */
  readonly unknown: readonly string[];
  /** Keys of Kafka Connect that have no effect, with a description of the behavior. */
  readonly withoutEffect: ReadonlyMap<string, string>;
  readonly errors: ReadonlyMap<string, readonly string[]>;
}

/** Parses worker properties, with errors for invalid ones and a list of unknown ones. */
export function readWorkerConfig(props: Readonly<Record<string, string>>): WorkerConfigResult {
  const names = new Set(workerConfig.keys.map(key => key.name));
  const unknown = Object.keys(props).filter(name => !names.has(name) && !isConnectProperty(name));
  const { config, errors: ownErrors } = workerConfig.check(props);
  const otherErrors = [...rejectedProperties(props), ...workerClientErrors(props)];
  const errors = new Map([...ownErrors, ...otherErrors.map(([key, message]) => [key, [message]] as const)]);
  return {
    config: errors.size > 0 ? undefined : config,
    unknown,
    withoutEffect: propertiesWithoutEffect(props),
    errors,
  };
}

/** Parses valid worker properties. Throws CONFIG_INVALID with a message for each invalid property. */
export function parseWorkerConfig(props: Readonly<Record<string, string>>): WorkerConfig {
  const { config, errors } = readWorkerConfig(props);
  if (config !== undefined) return config;
  throw new MillraceError('CONFIG_INVALID', [...errors.values()].flat().join('\n'));
}

/** Keys after the prefix that do not configure the topic itself. */
const notTopicConfig = ['topic', 'partitions', 'replication.factor', 'cleanup.policy', 'file.filename'];

/** Topic configuration of `offset.storage.topic` or `config.storage.topic`, from the properties with this prefix. */
export const storageConfig = (
  props: Readonly<Record<string, string>>,
  prefix: 'offset.storage.' | 'config.storage.',
): Record<string, string> =>
  Object.fromEntries(
    Object.entries(props)
      .filter(([key]) => key.startsWith(prefix) && !notTopicConfig.includes(key.slice(prefix.length)))
      .map(([key, value]) => [key.slice(prefix.length), value]),
  );
