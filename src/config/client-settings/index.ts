import type { ConfigProps } from '../../api/component.ts';
import { secretKeyMatcher } from '../secrets/secret-keys.ts';
import { admin } from './admin.ts';
import { consumer } from './consumer.ts';
import { producer } from './producer.ts';
import type { SettingRule } from './rule.ts';

/** Kafka clients of a connector, configured by `<role>.override.*` of the connector and `<role>.*` of the worker. */
export const clientRoles = ['producer', 'consumer', 'admin'] as const;
export type ClientRole = (typeof clientRoles)[number];

/** Settings of a Kafka client, with the names of the Java client's settings. */
export type ClientProps = Readonly<Record<string, string>>;

/** Settings of each client; those of the connector override those of the worker. */
export type ClientSettings = Readonly<Record<ClientRole, ClientProps>>;

/** Rules for all known settings of each client. */
export const clientRules: Readonly<Record<ClientRole, Readonly<Record<string, SettingRule>>>> = {
  producer,
  consumer,
  admin,
};

/** True for the brokers and the settings for authentication and encryption. */
const isConnection = (key: string): boolean =>
  key === 'bootstrap.servers' || key === 'security.protocol' || key.startsWith('sasl.') || key.startsWith('ssl.');

/** True for worker properties without a prefix that also apply to the clients of tasks. */
const isShared = (key: string): boolean =>
  isConnection(key) || ['client.id', 'request.timeout.ms', 'socket.connection.setup.timeout.ms'].includes(key);

/** True for worker properties that `clientSettings` uses. */
export const isClientProperty = (key: string): boolean =>
  isShared(key) || clientRoles.some(role => key.startsWith(`${role}.`));

/**
 * Settings of a connector's clients. Connections to the connector's own brokers use the connector's identity, never the
 * worker's. A client without its own brokers uses those of the producer if both must be in the same cluster: topics are
 * created where records are written, and offsets of a source are read where they are written.
 */
export function clientSettings(kind: 'source' | 'sink', worker: ConfigProps, connector: ConfigProps): ClientSettings {
  const shared = pickKeys(textValues(worker), isShared);
  const settingsFor = (role: ClientRole) => {
    const workerSettings = { ...shared, ...stripPrefix(worker, `${role}.`) };
    const overrides = stripPrefix(connector, `${role}.override.`);
    const hasOtherBrokers = !sameBrokers(
      overrides['bootstrap.servers'] ?? workerSettings['bootstrap.servers'],
      workerSettings['bootstrap.servers'],
    );
    const settings = {
      ...(hasOtherBrokers ? pickKeys(workerSettings, key => !isConnection(key)) : workerSettings),
      ...overrides,
    };
    return { settings, hasOtherBrokers, overrides };
  };
  const [producerSettings, consumerSettings, adminSettings] = [
    settingsFor('producer'),
    settingsFor('consumer'),
    settingsFor('admin'),
  ];
  const followProducer = ({ settings, overrides }: ReturnType<typeof settingsFor>): ClientProps =>
    !producerSettings.hasOtherBrokers || overrides['bootstrap.servers'] !== undefined
      ? settings
      : {
          ...pickKeys(settings, key => !isConnection(key)),
          ...pickKeys(producerSettings.settings, isConnection),
          ...overrides,
        };
  return {
    producer: producerSettings.settings,
    consumer: kind === 'source' ? followProducer(consumerSettings) : consumerSettings.settings,
    admin: followProducer(adminSettings),
  };
}

/** Compares lists of addresses, ignoring order and protocols. */
export function sameBrokers(first = '', second = ''): boolean {
  const addresses = (list: string) => [...new Set(list.split(',').map(normalizeAddress))].sort().join();
  return addresses(first) === addresses(second);
}

const normalizeAddress = (text: string): string =>
  text
    .trim()
    .replace(/^[A-Za-z_]+:\/\//, '')
    .toLowerCase();

/** Errors by key for a connector's client settings that cannot take effect. */
export function overrideErrors(
  kind: 'source' | 'sink',
  worker: ConfigProps,
  connector: ConfigProps,
): Map<string, string> {
  const errors = new Map<string, string>();
  for (const role of clientRoles) {
    for (const [key, message] of rejectedSettings(
      role,
      stripPrefix(connector, `${role}.override.`),
      `${role}.override.`,
    ))
      errors.set(key, message);
  }
  const { producer: producerSettings, ...others } = clientSettings(kind, worker, connector);
  for (const role of ['consumer', 'admin'] as const) {
    const key = `${role}.override.bootstrap.servers`;
    if (kind === 'sink' && role === 'consumer') continue;
    if (sameBrokers(others[role]['bootstrap.servers'], producerSettings['bootstrap.servers'])) continue;
    const reason =
      role === 'admin'
        ? 'topics are created where records are written: set the brokers of the producer'
        : 'offsets of a source are read where they are written: set the brokers of the producer';
    if (connector[key] !== undefined) errors.set(key, invalid(key, connector[key] ?? '', reason));
  }
  return errors;
}

/** Errors by key for the worker's client settings that cannot take effect. */
export function workerClientErrors(worker: ConfigProps): Map<string, string> {
  const errors = new Map<string, string>();
  for (const role of clientRoles)
    for (const [key, message] of rejectedSettings(role, stripPrefix(worker, `${role}.`), `${role}.`))
      errors.set(key, message);
  const group = worker['consumer.group.id'];
  if (group !== undefined && group !== null)
    errors.set(
      'consumer.group.id',
      invalid('consumer.group.id', group, 'all sinks would share it: set consumer.override.group.id of a connector'),
    );
  return errors;
}

function* rejectedSettings(role: ClientRole, settings: ClientProps, prefix: string): Generator<[string, string]> {
  const rules = new Map(Object.entries(clientRules[role]));
  for (const [name, value] of Object.entries(settings)) {
    const reason = rules.get(name)?.problemWith(value.trim());
    if (reason !== undefined) yield [prefix + name, invalid(prefix + name, value, reason)];
  }
}

const isSecret = secretKeyMatcher();

/** Kafka's message for an invalid value. */
const invalid = (key: string, value: string, reason: string): string =>
  `Invalid value ${isSecret(key) ? '[hidden]' : value} for configuration ${key}: ${reason}`;

const textValues = (props: ConfigProps): ClientProps =>
  Object.fromEntries(Object.entries(props).filter((entry): entry is [string, string] => typeof entry[1] === 'string'));

const pickKeys = (props: ClientProps, isIncluded: (key: string) => boolean): ClientProps =>
  Object.fromEntries(Object.entries(props).filter(([key]) => isIncluded(key)));

/** Selects the keys that start with `prefix` and removes the prefix. */
const stripPrefix = (props: ConfigProps, prefix: string): ClientProps =>
  Object.fromEntries(
    Object.entries(textValues(props)).flatMap(([key, value]) =>
      key.startsWith(prefix) ? [[key.slice(prefix.length), value] as const] : [],
    ),
  );
