import { sharedSettings } from '../client-settings/shared-settings.ts';
import { unsupportedLogins } from '../client-settings/unsupported-logins.ts';

/**
 * Worker properties of Kafka Connect 2.x to 4.x and its clients that are not part of `workerConfig` but are used by other
 * components.
 * https://kafka.apache.org/documentation/#connectconfigs
 */
const readElsewhere: ReadonlySet<string> = new Set([
  'access.control.allow.methods',
  'access.control.allow.origin',
  'admin.listeners',
  'header.converter',
  'java.security.auth.login.config',
  'request.timeout.ms',
  'response.http.headers.config',
  'rest.advertised.host.name',
  'rest.advertised.listener',
  'rest.extension.classes',
  'rest.host.name',
  'security.protocol',
  'socket.connection.setup.timeout.ms',
  'ssl.client.auth',
  'status.storage.topic',
]);

/** A property of Kafka Connect that has no effect in Millrace. */
interface InertProperty {
  /** Values that match the behavior of Millrace, which need no warning. */
  readonly matching: readonly string[];
  readonly instead: string;
}
const inert = (matching: string | readonly string[], instead: string): InertProperty => ({
  matching: [matching].flat(),
  instead,
});

const NO_GROUP =
  'Temporal assigns tasks to workers, without rebalances; tasks of a lost worker run elsewhere within ten seconds';
const NO_WORKER_CONNECTIONS = 'workers do not send requests to each other';
const NO_STATUS_TOPIC = 'there is no status topic: the status is read from Temporal';
const METADATA_ON_DEMAND = 'metadata is requested when it is needed';
const ONE_VERSION = 'each plugin has one version; a connector can require a version';

const inertProperties: ReadonlyMap<string, InertProperty> = new Map([
  ['config.action.reload', inert('restart', 'placeholders are resolved when a task starts: restart the connector')],
  ['connect.protocol', inert('sessioned', NO_GROUP)],
  ['default.api.timeout.ms', inert('60000', 'the timeout of calls is request.timeout.ms')],
  ['header.converter.plugin.version', inert('', ONE_VERSION)],
  ['heartbeat.interval.ms', inert('3000', NO_GROUP)],
  ['inter.worker.key.generation.algorithm', inert('HmacSHA256', NO_WORKER_CONNECTIONS)],
  ['inter.worker.key.size', inert('', NO_WORKER_CONNECTIONS)],
  ['inter.worker.key.ttl.ms', inert('3600000', NO_WORKER_CONNECTIONS)],
  ['inter.worker.signature.algorithm', inert('HmacSHA256', NO_WORKER_CONNECTIONS)],
  ['inter.worker.verification.algorithms', inert('HmacSHA256', NO_WORKER_CONNECTIONS)],
  ['internal.key.converter', inert('', 'offsets are always JSON, without schemas')],
  ['internal.value.converter', inert('', 'offsets are always JSON, without schemas')],
  ['key.converter.plugin.version', inert('', ONE_VERSION)],
  ['metadata.max.age.ms', inert('300000', METADATA_ON_DEMAND)],
  ['offset.flush.timeout.ms', inert('5000', 'positions are committed with their records')],
  [
    'plugin.discovery',
    inert(['hybrid_warn', 'only_scan', 'hybrid_fail', 'service_load'], 'plugins declare their components'),
  ],
  ['rebalance.timeout.ms', inert('60000', NO_GROUP)],
  ['retries', inert('2147483647', 'requests are retried until request.timeout.ms')],
  ['scheduled.rebalance.max.delay.ms', inert('300000', NO_GROUP)],
  ['session.timeout.ms', inert('10000', NO_GROUP)],
  ['status.storage.partitions', inert('5', NO_STATUS_TOPIC)],
  ['status.storage.replication.factor', inert('3', NO_STATUS_TOPIC)],
  ['value.converter.plugin.version', inert('', ONE_VERSION)],
  ['worker.sync.timeout.ms', inert('3000', NO_GROUP)],
  ['worker.unsync.backoff.ms', inert('300000', NO_GROUP)],
]);

/** Prefixes of properties for a component, a client or a topic. */
const prefixes: readonly string[] = [
  'admin.',
  'config.providers.',
  'config.storage.',
  'connector.client.config.override.',
  'consumer.',
  'header.converter.',
  'inter.worker.',
  'internal.key.converter.',
  'internal.value.converter.',
  'key.converter.',
  'listeners.https.',
  'metadata.',
  'metrics.context.',
  'offset.storage.',
  'producer.',
  'sasl.',
  'ssl.',
  'status.storage.',
  'value.converter.',
];

/** True for a worker property of Kafka Connect that is not part of the worker's own configuration. */
export const isConnectProperty = (name: string): boolean =>
  readElsewhere.has(name) ||
  inertProperties.has(name) ||
  Object.hasOwn(sharedSettings, name) ||
  prefixes.some(prefix => name.startsWith(prefix));

/** Properties that are set but have no effect, with a description of the behavior. */
export function propertiesWithoutEffect(props: Readonly<Record<string, string>>): Map<string, string> {
  const effects = new Map<string, string>();
  for (const [name, text] of Object.entries(props)) {
    const value = text.trim();
    const inertProperty = inertProperties.get(name);
    if (inertProperty !== undefined && !inertProperty.matching.includes(value))
      effects.set(name, inertProperty.instead);
    if (name.startsWith('metrics.context.'))
      effects.set(name, 'metrics are served at GET /metrics, with their own labels');
    const reason = isLogin(name) ? undefined : ruleOf(name)?.problemWith(value);
    if (reason !== undefined) effects.set(name, reason);
  }
  return effects;
}

/** Errors by name for TLS and login properties that cannot take effect: ignoring them would be insecure. */
export function rejectedProperties(props: Readonly<Record<string, string>>): Map<string, string> {
  const errors = new Map<string, string>();
  for (const [name, value] of Object.entries(props)) {
    const reason = isLogin(name) ? ruleOf(name)?.problemWith(value.trim()) : undefined;
    if (reason !== undefined) errors.set(name, `Invalid value for configuration ${name}: ${reason}`);
  }
  return errors;
}

const isLogin = (name: string): boolean =>
  /^(ssl|sasl|security)\./.test(name) && !Object.hasOwn(unsupportedLogins, name);
const ruleOf = (name: string) =>
  Object.hasOwn(sharedSettings, name) && !readElsewhere.has(name) ? sharedSettings[name] : undefined;
