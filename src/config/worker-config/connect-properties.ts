import { common } from '../client-settings/shared-settings.ts';
import { otherLogins } from '../client-settings/unsupported-logins.ts';

/**
 * Worker properties of Kafka Connect 2.x to 4.x and of its clients that are no part of the worker's own configuration:
 * some are read elsewhere, others steer what does not exist here.
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

interface Idle {
  /** Values that ask for nothing else than what happens. */
  readonly usual: readonly string[];
  readonly instead: string;
}
const idle = (usual: string | readonly string[], instead: string): Idle => ({ usual: [usual].flat(), instead });

const GROUP =
  'Temporal gives tasks to workers, without rebalances; those of a lost worker run elsewhere within ten seconds';
const TALK = 'workers do not talk to each other';
const STATUS = 'there is no status topic: the status is read from Temporal';
const METADATA = 'metadata is asked for when it is needed';
const VERSION = 'each plugin comes in one version; a connector may ask for one';

const idleProperties: ReadonlyMap<string, Idle> = new Map([
  [
    'config.action.reload',
    idle('restart', 'configuration providers are asked when a task starts: restart the connector'),
  ],
  ['connect.protocol', idle('sessioned', GROUP)],
  ['default.api.timeout.ms', idle('60000', 'calls have request.timeout.ms')],
  ['header.converter.plugin.version', idle('', VERSION)],
  ['heartbeat.interval.ms', idle('3000', GROUP)],
  ['inter.worker.key.generation.algorithm', idle('HmacSHA256', TALK)],
  ['inter.worker.key.size', idle('', TALK)],
  ['inter.worker.key.ttl.ms', idle('3600000', TALK)],
  ['inter.worker.signature.algorithm', idle('HmacSHA256', TALK)],
  ['inter.worker.verification.algorithms', idle('HmacSHA256', TALK)],
  ['internal.key.converter', idle('', 'offsets are always JSON, without schemas')],
  ['internal.value.converter', idle('', 'offsets are always JSON, without schemas')],
  ['key.converter.plugin.version', idle('', VERSION)],
  ['metadata.max.age.ms', idle('300000', METADATA)],
  ['offset.flush.timeout.ms', idle('5000', 'positions are committed with their records')],
  ['plugin.discovery', idle(['hybrid_warn', 'only_scan', 'hybrid_fail', 'service_load'], 'plugins say what they have')],
  ['rebalance.timeout.ms', idle('60000', GROUP)],
  ['retries', idle('2147483647', 'requests are repeated until request.timeout.ms')],
  ['scheduled.rebalance.max.delay.ms', idle('300000', GROUP)],
  ['session.timeout.ms', idle('10000', GROUP)],
  ['status.storage.partitions', idle('5', STATUS)],
  ['status.storage.replication.factor', idle('3', STATUS)],
  ['value.converter.plugin.version', idle('', VERSION)],
  ['worker.sync.timeout.ms', idle('3000', GROUP)],
  ['worker.unsync.backoff.ms', idle('300000', GROUP)],
]);

/** Prefixes of properties of a component, a client or a topic. */
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
  idleProperties.has(name) ||
  Object.hasOwn(common, name) ||
  prefixes.some(one => name.startsWith(one));

/** Properties that are given and have no effect: what counts instead, by name. */
export function propertiesWithoutEffect(props: Readonly<Record<string, string>>): Map<string, string> {
  const found = new Map<string, string>();
  for (const [name, text] of Object.entries(props)) {
    const value = text.trim();
    const known = idleProperties.get(name);
    if (known !== undefined && !known.usual.includes(value)) found.set(name, known.instead);
    if (name.startsWith('metrics.context.'))
      found.set(name, 'metrics are served at GET /metrics, with their own labels');
    const reason = isLogin(name) ? undefined : ownRule(name)?.refuses(value);
    if (reason !== undefined) found.set(name, reason);
  }
  return found;
}

/** Messages by name for properties of TLS and logins that cannot take effect: to pass over them would be less safe. */
export function refusedProperties(props: Readonly<Record<string, string>>): Map<string, string> {
  const errors = new Map<string, string>();
  for (const [name, value] of Object.entries(props)) {
    const reason = isLogin(name) ? ownRule(name)?.refuses(value.trim()) : undefined;
    if (reason !== undefined) errors.set(name, `Invalid value for configuration ${name}: ${reason}`);
  }
  return errors;
}

const isLogin = (name: string): boolean => /^(ssl|sasl|security)\./.test(name) && !Object.hasOwn(otherLogins, name);
const ownRule = (name: string) => (Object.hasOwn(common, name) && !readElsewhere.has(name) ? common[name] : undefined);
