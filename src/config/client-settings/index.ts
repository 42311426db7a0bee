import type { ConfigProps } from '../../api/component.ts';
import { namedLikeSecret } from '../secrets/secret-keys.ts';
import { admin } from './admin.ts';
import { consumer } from './consumer.ts';
import { producer } from './producer.ts';
import type { Rule } from './rule.ts';

/** The Kafka clients of a connector: `<role>.override.*` of its configuration, `<role>.*` of the worker. */
export const clientRoles = ['producer', 'consumer', 'admin'] as const;
export type ClientRole = (typeof clientRoles)[number];

/** Settings of Kafka's Java clients by their own names. */
export type ClientProps = Readonly<Record<string, string>>;

/** Settings of each client, the connector's over the worker's. */
export type ClientSettings = Readonly<Record<ClientRole, ClientProps>>;

/** Every setting of a client that is known. */
export const clientRules: Readonly<Record<ClientRole, Readonly<Record<string, Rule>>>> = { producer, consumer, admin };

/** The brokers and the identity with them. */
const isConnection = (key: string): boolean =>
  key === 'bootstrap.servers' || key === 'security.protocol' || key.startsWith('sasl.') || key.startsWith('ssl.');

/** Properties of the worker without a prefix that its tasks' clients have, too. */
const isShared = (key: string): boolean =>
  isConnection(key) || ['client.id', 'request.timeout.ms', 'socket.connection.setup.timeout.ms'].includes(key);

/** Worker properties that `clientSettings` reads. */
export const isClientProperty = (key: string): boolean =>
  isShared(key) || clientRoles.some(role => key.startsWith(`${role}.`));

/**
 * The settings of a connector's clients. Brokers that the connector names are connected to with the identity that it
 * gives, never with the worker's. A client without brokers of its own follows the producer to them where it belongs there:
 * topics are created where records are written, and offsets of a source are read where they are written.
 */
export function clientSettings(kind: 'source' | 'sink', worker: ConfigProps, connector: ConfigProps): ClientSettings {
  const shared = picked(texts(worker), isShared);
  const of = (role: ClientRole) => {
    const workers = { ...shared, ...stripped(worker, `${role}.`) };
    const own = stripped(connector, `${role}.override.`);
    const elsewhere = !sameBrokers(
      own['bootstrap.servers'] ?? workers['bootstrap.servers'],
      workers['bootstrap.servers'],
    );
    const settings = { ...(elsewhere ? picked(workers, key => !isConnection(key)) : workers), ...own };
    return { settings, elsewhere, own };
  };
  const [writes, reads, administers] = [of('producer'), of('consumer'), of('admin')];
  const following = ({ settings, own }: ReturnType<typeof of>): ClientProps =>
    !writes.elsewhere || own['bootstrap.servers'] !== undefined
      ? settings
      : { ...picked(settings, key => !isConnection(key)), ...picked(writes.settings, isConnection), ...own };
  return {
    producer: writes.settings,
    consumer: kind === 'source' ? following(reads) : reads.settings,
    admin: following(administers),
  };
}

/** The same addresses, in any order and with or without protocols. */
export function sameBrokers(one = '', other = ''): boolean {
  const addresses = (list: string) => [...new Set(list.split(',').map(address))].sort().join();
  return addresses(one) === addresses(other);
}

const address = (text: string): string =>
  text
    .trim()
    .replace(/^[A-Za-z_]+:\/\//, '')
    .toLowerCase();

/** Messages by key for the settings of a connector's clients that cannot take effect. */
export function overrideErrors(
  kind: 'source' | 'sink',
  worker: ConfigProps,
  connector: ConfigProps,
): Map<string, string> {
  const errors = new Map<string, string>();
  for (const role of clientRoles) {
    for (const [key, message] of refusedSettings(role, stripped(connector, `${role}.override.`), `${role}.override.`))
      errors.set(key, message);
  }
  const { producer: writes, ...others } = clientSettings(kind, worker, connector);
  for (const role of ['consumer', 'admin'] as const) {
    const key = `${role}.override.bootstrap.servers`;
    if (kind === 'sink' && role === 'consumer') continue;
    if (sameBrokers(others[role]['bootstrap.servers'], writes['bootstrap.servers'])) continue;
    const reason =
      role === 'admin'
        ? 'topics are created where records are written: name the brokers of the producer'
        : 'offsets of a source are read where they are written: name the brokers of the producer';
    if (connector[key] !== undefined) errors.set(key, invalid(key, connector[key] ?? '', reason));
  }
  return errors;
}

/** Messages by key for the worker's settings of its tasks' clients that cannot take effect. */
export function workerClientErrors(worker: ConfigProps): Map<string, string> {
  const errors = new Map<string, string>();
  for (const role of clientRoles)
    for (const [key, message] of refusedSettings(role, stripped(worker, `${role}.`), `${role}.`))
      errors.set(key, message);
  const group = worker['consumer.group.id'];
  if (group !== undefined && group !== null)
    errors.set(
      'consumer.group.id',
      invalid('consumer.group.id', group, 'all sinks would share it: set consumer.override.group.id of a connector'),
    );
  return errors;
}

function* refusedSettings(role: ClientRole, settings: ClientProps, prefix: string): Generator<[string, string]> {
  const rules = new Map(Object.entries(clientRules[role]));
  for (const [name, value] of Object.entries(settings)) {
    const reason = rules.get(name)?.refuses(value.trim());
    if (reason !== undefined) yield [prefix + name, invalid(prefix + name, value, reason)];
  }
}

const isSecret = namedLikeSecret();

/** A message in Kafka's words. */
const invalid = (key: string, value: string, reason: string): string =>
  `Invalid value ${isSecret(key) ? '[hidden]' : value} for configuration ${key}: ${reason}`;

const texts = (props: ConfigProps): ClientProps =>
  Object.fromEntries(Object.entries(props).filter((entry): entry is [string, string] => typeof entry[1] === 'string'));

const picked = (props: ClientProps, wanted: (key: string) => boolean): ClientProps =>
  Object.fromEntries(Object.entries(props).filter(([key]) => wanted(key)));

/** The keys `<prefix>…`, without the prefix. */
const stripped = (props: ConfigProps, prefix: string): ClientProps =>
  Object.fromEntries(
    Object.entries(texts(props)).flatMap(([key, value]) =>
      key.startsWith(prefix) ? [[key.slice(prefix.length), value] as const] : [],
    ),
  );
