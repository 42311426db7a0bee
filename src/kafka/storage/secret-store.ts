import { randomUUID } from 'node:crypto';
import type { ConfigProvider } from '../../api/index.ts';
import { memberOf } from '../../api/index.ts';
import { MANY } from '../../config/payload-limits.ts';
import type { Resolved } from '../../config/secrets/placeholders.ts';
import { MillraceError } from '../../errors.ts';
import { formatOpenTransaction } from '../client/open-transactions.ts';
import type { KafkaClient } from '../port.ts';
import { type ConfigTopicSettings, configTopic } from './config-topic.ts';

/**
 * Store of configuration values that workflows must not contain: inline secrets and long values. Each is a record in the compacted
 * `config.storage.topic`, where Kafka Connect stores configurations. The configuration contains the placeholder
 * `${secret:<id>}` instead, which may appear in a workflow's history, a REST response or a log. An id is used for one value only
 * and is valid only for its connector and configuration key, so it is useless to others.
 */
export interface SecretStore {
  /**
   * Stores the values of these keys and returns the configuration with placeholders instead. If `before` has placeholders of the
   * same value at a key, they are reused.
   */
  seal(connector: string, config: Config, keys: SealedKeys, before?: Config): Promise<Record<string, string>>;
  /** Replaces placeholders by their values. TASK_CONFIG for a secret that does not exist or belongs to another key. */
  unseal(connector: string, config: Config): Promise<Resolved>;
  /** Replaces the placeholders of long values, and with `showSecrets` those of secrets too. */
  reveal(connector: string, config: Config, showSecrets: boolean): Promise<Record<string, string>>;
  /** Deletes the secrets of a connector to which a configuration refers. Idempotent. */
  forget(connector: string, config: Config): Promise<void>;
}

type Config = Readonly<Record<string, string>>;

export interface SealedKeys {
  readonly secrets?: readonly string[];
  /** Keys of long values that are not secret. */
  readonly long?: readonly string[];
  /** Keys of short values, stored together as one value, in configurations with very many keys. */
  readonly many?: readonly string[];
}

/** Value of a record, as JSON. */
interface Secret {
  readonly cluster: string;
  readonly connector: string;
  /** Configuration key. */
  readonly key: string;
  readonly value: string;
  /** True: the value is not secret. */
  readonly shown?: boolean;
}

/** Milliseconds to wait for open transactions with the required secrets. */
const OPEN_TRANSACTION_MS = 5_000;
const placeholder = /\$\{secret:([0-9a-f-]{36})\}/g;
const recordKey = (id: string): string => `secret-${id}`;

const secretIds = (text: string): string[] => [...text.matchAll(placeholder)].map(match => match[1] as string);

export function secretStore(
  kafka: KafkaClient,
  settings: ConfigTopicSettings,
  configs = configTopic(kafka, settings),
): SecretStore {
  const { topic, cluster } = settings;
  /** Secrets by id; null: deleted. */
  const cache = new Map<string, Secret | null>();
  const write = (entries: readonly (readonly [id: string, secret: Secret | null])[]): Promise<void> =>
    configs.write(entries.map(([id, secret]) => [recordKey(id), secret === null ? null : JSON.stringify(secret)]));

  /** Loads all secrets. ids: the required ones; others may be in an open transaction that creates a connector. */
  async function load(ids: readonly string[]): Promise<void> {
    await configs.ensure();
    const needed = new Set(ids.map(recordKey));
    const open = await kafka.readCommitted(topic, {
      accepts: key => key.toString().startsWith(recordKey('')),
      waitsFor: key => needed.has(key.toString()),
      onRecord(key, value) {
        const id = key.toString().slice(recordKey('').length);
        const secret = value === null ? null : parseSecret(value);
        if (secret !== undefined) cache.set(id, secret);
      },
      openTransactionWaitMs: OPEN_TRANSACTION_MS,
    });
    if (open.length > 0)
      throw new MillraceError(
        'KAFKA_UNAVAILABLE',
        `Secrets of a connector cannot be read yet: they are in an open transaction in ${open.map(formatOpenTransaction).join('; ')}.`,
      );
  }

  /** Returns the existing secrets of a connector, by id. */
  async function loadOwn(connector: string, ids: readonly string[]): Promise<ReadonlyMap<string, Secret>> {
    if (ids.some(id => !cache.has(id))) await load(ids);
    const secrets = ids.map(id => [id, cache.get(id)] as const);
    return new Map(
      secrets.flatMap(([id, secret]) =>
        secret?.cluster === cluster && secret.connector === connector ? [[id, secret]] : [],
      ),
    );
  }

  /** True if a text consists of placeholders whose values together are `value`. */
  async function matchesValue(connector: string, key: string, text: string, value: string): Promise<boolean> {
    const ids = secretIds(text);
    if (ids.length === 0 || text.replaceAll(placeholder, '') !== '') return false;
    const secrets = await loadOwn(connector, ids);
    return ids.every(id => secrets.get(id)?.key === key) && ids.map(id => secrets.get(id)?.value).join('') === value;
  }

  return {
    async seal(connector, config, { secrets = [], long = [], many = [] }, before = {}) {
      const sealed = { ...config };
      const manyEntries = many.toSorted().map(key => [key, config[key]]);
      for (const key of many) delete sealed[key];
      if (many.length > 0) sealed[MANY] = JSON.stringify(Object.fromEntries(manyEntries));
      const sealedKeys = [...secrets, ...long, ...(many.length > 0 ? [MANY] : [])];
      const entries: (readonly [key: string, parts: (readonly [id: string, text: string])[]])[] = [];
      for (const key of sealedKeys) {
        const [value = '', previous = ''] = [sealed[key], memberOf(before, key)];
        if (await matchesValue(connector, key, previous, value)) sealed[key] = previous;
        else entries.push([key, splitValue(value).map(text => [randomUUID(), text])]);
      }
      if (entries.length === 0) return sealed;
      const newSecrets = entries.flatMap(([key, parts]) => {
        const flags = secrets.includes(key) ? {} : { shown: true };
        return parts.map(([id, value]) => [id, { cluster, connector, key, value, ...flags }] as const);
      });
      await write(newSecrets);
      for (const [id, secret] of newSecrets) cache.set(id, secret);
      for (const [key, parts] of entries) sealed[key] = parts.map(([id]) => `\${secret:${id}}`).join('');
      return sealed;
    },
    async unseal(connector, config) {
      const ids = Object.values(config).flatMap(secretIds);
      if (ids.length === 0) return { props: config, secrets: [] };
      const secretsById = await loadOwn(connector, ids);
      const valueAt = (key: string, id: string): string => {
        const secret = secretsById.get(id);
        if (secret === undefined) throw secretNotFound(id, key, connector, topic);
        if (secret.key !== key) throw secretOfOtherKey(id, key, secret.key);
        return secret.value;
      };
      const props = Object.entries(config).map(([key, text]) => [
        key,
        text.replaceAll(placeholder, (_all, id: string) => valueAt(key, id)),
      ]);
      const secrets = [...secretsById.values()].filter(({ shown }) => shown !== true).map(({ value }) => value);
      return { props: expandMany(Object.fromEntries(props)), secrets };
    },
    async reveal(connector, config, showSecrets) {
      const ids = Object.values(config).flatMap(secretIds);
      if (ids.length === 0) return { ...config };
      const secretsById = await loadOwn(connector, ids);
      const valueAt = (key: string, id: string): string | undefined => {
        const secret = secretsById.get(id);
        return secret?.key === key && (showSecrets || secret.shown === true) ? secret.value : undefined;
      };
      const props = Object.entries(config).map(([key, text]) => [
        key,
        text.replaceAll(placeholder, (all, id: string) => valueAt(key, id) ?? all),
      ]);
      return expandMany(Object.fromEntries(props));
    },
    async forget(connector, config) {
      const ids = Object.values(config).flatMap(secretIds);
      if (ids.length === 0) return;
      const existing = [...(await loadOwn(connector, ids)).keys()];
      if (existing.length > 0) await write(existing.map(id => [id, null]));
      for (const id of existing) cache.set(id, null);
    },
  };
}

/** Replaces MANY by the keys and values in it, unless it is still a placeholder. */
function expandMany({ [MANY]: many, ...others }: Config): Record<string, string> {
  if (many === undefined) return others;
  if (secretIds(many).length > 0) return { ...others, [MANY]: many };
  return { ...(JSON.parse(many) as Config), ...others };
}

/** The message is the same for a secret of another connector, so that it reveals nothing. */
const secretNotFound = (id: string, key: string, connector: string, topic: string): MillraceError =>
  new MillraceError(
    'TASK_CONFIG',
    `The secret ${id} at ${key} does not exist in ${topic} or belongs to another connector than ${connector}. Update the ` +
      'configuration of the connector with the secret itself.',
  );

const secretOfOtherKey = (id: string, key: string, owner: string): MillraceError =>
  new MillraceError(
    'TASK_CONFIG',
    `The secret ${id} is the value of ${owner} and cannot be used at ${key}: set the secret itself there.`,
  );

/** undefined for a record of another program, as the topic may be shared. */
function parseSecret(bytes: Buffer): Secret | undefined {
  try {
    const secret = JSON.parse(bytes.toString()) as Partial<Secret> | null;
    const texts = [secret?.cluster, secret?.connector, secret?.key, secret?.value];
    return texts.every(text => typeof text === 'string') ? (secret as Secret) : undefined;
  } catch {
    return undefined;
  }
}

/** Characters of a part of a value, well below the brokers' default limit of 1 MB per record. */
const PART_LENGTH = 150_000;
const splitValue = (text: string): string[] =>
  Array.from({ length: Math.max(1, Math.ceil(text.length / PART_LENGTH)) }, (_, i) =>
    text.slice(i * PART_LENGTH, (i + 1) * PART_LENGTH),
  );

/** Provider that rejects all placeholders of secrets: only `unseal` resolves them. */
export const noSecrets: ConfigProvider = {
  get: (_path, [key]) =>
    Promise.reject(new MillraceError('TASK_CONFIG', `The secret ${key} does not exist: set the secret itself.`)),
};
