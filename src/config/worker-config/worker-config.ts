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
import { isConnectProperty, propertiesWithoutEffect, refusedProperties } from './connect-properties.ts';

/** host:port, the host a name, an address or an IPv6 address in brackets. */
const address = /^(?:[A-Z]+:\/\/)?(?:\[[0-9a-fA-F:.%]+\]|[^\s:/@]+):(\d{1,5})$/;
const isAddress = (text: string) => Number(address.exec(text)?.[1] ?? Number.NaN) <= 65_535;
const hostPort: Check<string> = text => (isAddress(text) ? undefined : 'Expected host:port');
const hostPorts: Check<readonly string[]> = list =>
  list.length > 0 && list.every(isAddress) ? undefined : 'Expected host:port, with commas between several';
const port: Check<number | null> = value =>
  value === null || (value >= 0 && value <= 65_535) ? undefined : 'Expected a port, 0 to 65535';

const topic = (doc: string, name: string) => stringKey({ default: name, importance: 'high', doc });
const replication = shortKey({
  default: -1,
  importance: 'low',
  doc: 'Replicas of that topic when it is made; -1: the broker’s default.',
});

/** Kafka Connect's worker properties, as far as they mean something here, and Millrace's own. */
export const workerConfig = defineConfig({
  'bootstrap.servers': listKey({
    default: ['127.0.0.1:9092'],
    importance: 'high',
    doc: 'Kafka brokers, host:port, with commas between.',
    check: hostPorts,
  }),
  'group.id': stringKey({
    default: 'connect-cluster',
    importance: 'high',
    doc: 'Workers of one group.id share the work.',
    // Temporal's search finds no value that has one of these at its end, escaped or not.
    check: name => (/['"\\]/.test(name) ? 'String may not contain quotes or backslashes' : undefined),
  }),
  'key.converter': stringKey({
    default: 'org.apache.kafka.connect.json.JsonConverter',
    importance: 'high',
    doc: 'Converter of keys.',
  }),
  'value.converter': stringKey({
    default: 'org.apache.kafka.connect.json.JsonConverter',
    importance: 'high',
    doc: 'Converter of values.',
  }),
  'offset.storage.topic': topic('Compacted topic of source offsets, in Kafka Connect’s format.', 'connect-offsets'),
  'offset.storage.partitions': intKey({
    default: 25,
    importance: 'low',
    doc: 'Partitions of that topic when it is made.',
  }),
  'offset.storage.replication.factor': replication,
  'config.storage.topic': topic(
    'Compacted topic that keeps the secrets of connector configurations.',
    'connect-configs',
  ),
  'config.storage.replication.factor': replication,
  listeners: stringKey({
    default: 'http://127.0.0.1:8083',
    importance: 'low',
    doc: 'Where the REST API listens, with commas between; http://0.0.0.0:8083 for all interfaces.',
  }),
  'rest.port': intKey({
    default: null,
    importance: 'low',
    doc: 'Port of the REST API without listeners.',
    check: port,
  }),
  'rest.advertised.port': intKey({
    default: null,
    importance: 'low',
    doc: 'The port under which others reach this worker.',
    check: port,
  }),
  'rest.allowed.hosts': listKey({
    default: [],
    importance: 'medium',
    doc: 'Host names that requests may be addressed to, beside localhost, this machine’s, rest.advertised.host.name and those of listeners; *.example.com for all below it, * for any.',
  }),
  'rest.connections.max': intKey({
    default: 1000,
    importance: 'low',
    doc: 'Connections that a listener of the REST API keeps open at once; further ones are closed.',
    check: atLeast(1),
  }),
  'exactly.once.source.support': enumKey(['disabled', 'preparing', 'enabled'], {
    default: 'disabled',
    importance: 'low',
    doc: 'Accepted: each source record is written once in any case.',
  }),
  'connector.client.config.override.policy': stringKey({
    default: 'All',
    importance: 'medium',
    doc: 'Which client settings (producer.override.*, consumer.override.*, admin.override.*) connectors may have: All, None, Principal (who they are), or Allowlist.',
    check: name => (overridePolicy(name) === undefined ? 'Expected All, None, Principal or Allowlist' : undefined),
  }),
  'connector.client.config.override.allowlist': listKey({
    default: [],
    importance: 'medium',
    doc: 'The settings that the policy Allowlist allows, without producer.override. and the like.',
  }),
  'topic.creation.enable': booleanKey({
    default: true,
    importance: 'low',
    doc: 'Whether source connectors’ topics are made.',
  }),
  'topic.tracking.enable': booleanKey({
    default: true,
    importance: 'low',
    doc: 'Whether the REST API tells the topics that a connector uses.',
  }),
  'topic.tracking.allow.reset': booleanKey({
    default: true,
    importance: 'low',
    doc: 'Whether it lets people forget them.',
  }),
  'plugin.path': listKey({
    default: [],
    importance: 'low',
    doc: 'Folders of plugins, plugins, and names of npm packages that are plugins, with commas between.',
  }),
  'rest.show.passwords': booleanKey({
    default: false,
    importance: 'medium',
    doc: 'Show passwords in the configurations that the REST API answers, as Kafka Connect does. Without it, placeholders stand in their place, which may be sent back as they are.',
  }),
  'file.connectors.allowed.paths': listKey({
    default: [],
    importance: 'medium',
    doc: 'Folders below which the file connectors may open files, with commas between. Without one: any file while every listener is on a loopback address, else none.',
  }),
  'config.providers': listKey({ default: [], importance: 'low', doc: 'Names of configuration providers.' }),
  'offset.flush.interval.ms': longKey({
    default: 60_000,
    importance: 'low',
    doc: 'Accepted; positions are committed with their records.',
    check: atLeast(0),
  }),
  'task.shutdown.graceful.timeout.ms': longKey({
    default: 5000,
    importance: 'low',
    doc: 'How long stopping tasks may take.',
    check: atLeast(0),
  }),
  'temporal.address': stringKey({
    default: '127.0.0.1:7233',
    importance: 'high',
    doc: 'Temporal’s gRPC frontend, host:port.',
    check: hostPort,
  }),
  'temporal.namespace': stringKey({ default: 'default', importance: 'medium', doc: 'Temporal namespace.' }),
  'temporal.task.queue': stringKey({
    default: null,
    importance: 'medium',
    doc: 'Temporal task queue; millrace-<group.id> when not given.',
  }),
  'temporal.api.key': passwordKey({ default: null, importance: 'medium', doc: 'API key for Temporal Cloud.' }),
  'temporal.tls.enabled': booleanKey({ default: false, importance: 'medium', doc: 'TLS to Temporal.' }),
  'task.unresponsive.timeout.ms': longKey({
    default: 4000,
    importance: 'low',
    doc: 'How long code of a connector, transform or plugin may block the thread of the tasks before its task is stopped.',
    check: atLeast(1000),
  }),
  'worker.tasks.max': intKey({
    default: 500,
    importance: 'low',
    doc: 'Tasks that this process runs at the most.',
    check: atLeast(1),
  }),
});
export type WorkerConfig = Config<typeof workerConfig>;

export interface WorkerConfigRead {
  readonly config: WorkerConfig | undefined;
  /** Keys that mean nothing to anybody. */
  readonly unknown: readonly string[];
  /** Keys of Kafka Connect that have no effect: what counts instead, by name. */
  readonly idle: ReadonlyMap<string, string>;
  readonly errors: ReadonlyMap<string, readonly string[]>;
}

/** Reads worker properties: what is wrong is an error with a sentence, what is unknown is listed. */
export function readWorkerConfig(props: Readonly<Record<string, string>>): WorkerConfigRead {
  const names = new Set(workerConfig.keys.map(key => key.name));
  const unknown = Object.keys(props).filter(name => !names.has(name) && !isConnectProperty(name));
  const { config, errors: own } = workerConfig.check(props);
  const others = [...refusedProperties(props), ...workerClientErrors(props)];
  const errors = new Map([...own, ...others.map(([key, message]) => [key, [message]] as const)]);
  return { config: errors.size > 0 ? undefined : config, unknown, idle: propertiesWithoutEffect(props), errors };
}

/** Worker properties that are right in all. CONFIG_INVALID with a sentence for each that is not. */
export function workerConfigOf(props: Readonly<Record<string, string>>): WorkerConfig {
  const { config, errors } = readWorkerConfig(props);
  if (config !== undefined) return config;
  throw new MillraceError('CONFIG_INVALID', [...errors.values()].flat().join('\n'));
}

/** Not configuration of the topic itself. */
const ofTheWorker = ['topic', 'partitions', 'replication.factor', 'cleanup.policy', 'file.filename'];

/** Configuration of `offset.storage.topic` or `config.storage.topic`, from the properties with their prefix. */
export const storageConfig = (
  props: Readonly<Record<string, string>>,
  prefix: 'offset.storage.' | 'config.storage.',
): Record<string, string> =>
  Object.fromEntries(
    Object.entries(props)
      .filter(([key]) => key.startsWith(prefix) && !ofTheWorker.includes(key.slice(prefix.length)))
      .map(([key, value]) => [key.slice(prefix.length), value]),
  );
