import { randomUUID } from 'node:crypto';
import type { ConfigProvider } from '../../api/index.ts';
import { memberOf } from '../../api/index.ts';
import { OFFLOADED_SHORT_VALUES } from '../../config/payload-limits.ts';
import type { ResolvedProps } from '../../config/secrets/placeholders.ts';
import { MillraceError } from '../../errors.ts';
import type { KafkaClient } from '../port.ts';
import { type ConfigTopicSettings, configTopic } from './config-topic.ts';
import { SecretRecords } from './secret-records.ts';

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
  unseal(connector: string, config: Config): Promise<ResolvedProps>;
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

const placeholder = /\$\{secret:([0-9a-f-]{36})\}/g;

const secretIds = (text: string): string[] => [...text.matchAll(placeholder)].map(match => match[1] as string);
const secretIdsIn = (config: Config): string[] => Object.values(config).flatMap(secretIds);

export function secretStore(
  kafka: KafkaClient,
  settings: ConfigTopicSettings,
  configs = configTopic(kafka, settings),
): SecretStore {
  const records = new SecretRecords(kafka, settings, configs);
  return {
    seal: (connector, config, keys, before = {}) => seal(records, connector, config, keys, before),
    unseal: (connector, config) => unseal(records, connector, config),
    reveal: (connector, config, showSecrets) => reveal(records, connector, config, showSecrets),
    async forget(connector, config) {
      const existing = [...(await records.find(connector, secretIdsIn(config))).keys()];
      if (existing.length > 0) await records.write(existing.map(id => [id, null]));
    },
  };
}

async function seal(
  records: SecretRecords,
  connector: string,
  config: Config,
  { secrets = [], long = [], many = [] }: SealedKeys,
  before: Config,
): Promise<Record<string, string>> {
  const sealed = { ...config };
  const manyEntries = many.toSorted().map(key => [key, config[key]]);
  for (const key of many) delete sealed[key];
  if (many.length > 0) sealed[OFFLOADED_SHORT_VALUES] = JSON.stringify(Object.fromEntries(manyEntries));
  const sealedKeys = [...secrets, ...long, ...(many.length > 0 ? [OFFLOADED_SHORT_VALUES] : [])];
  const entries: (readonly [key: string, parts: (readonly [id: string, text: string])[]])[] = [];
  for (const key of sealedKeys) {
    const [value = '', previous = ''] = [sealed[key], memberOf(before, key)];
    if (await matchesValue(records, connector, key, previous, value)) sealed[key] = previous;
    else entries.push([key, splitValue(value).map(text => [randomUUID(), text])]);
  }
  if (entries.length === 0) return sealed;
  const { cluster } = records;
  const newSecrets = entries.flatMap(([key, parts]) => {
    const flags = secrets.includes(key) ? {} : { shown: true };
    return parts.map(([id, value]) => [id, { cluster, connector, key, value, ...flags }] as const);
  });
  await records.write(newSecrets);
  for (const [key, parts] of entries) sealed[key] = parts.map(([id]) => `\${secret:${id}}`).join('');
  return sealed;
}

/** True if a text consists of placeholders whose values together are `value`. */
async function matchesValue(
  records: SecretRecords,
  connector: string,
  key: string,
  text: string,
  value: string,
): Promise<boolean> {
  const ids = secretIds(text);
  if (ids.length === 0 || text.replaceAll(placeholder, '') !== '') return false;
  const secrets = await records.find(connector, ids);
  return ids.every(id => secrets.get(id)?.key === key) && ids.map(id => secrets.get(id)?.value).join('') === value;
}

async function unseal(records: SecretRecords, connector: string, config: Config): Promise<ResolvedProps> {
  const ids = secretIdsIn(config);
  if (ids.length === 0) return { props: config, secrets: [] };
  const secretsById = await records.find(connector, ids);
  const props = replacePlaceholders(config, (key, id) => {
    const secret = secretsById.get(id);
    if (secret === undefined) throw secretNotFound(id, key, connector, records.topic);
    if (secret.key !== key) throw secretOfOtherKey(id, key, secret.key);
    return secret.value;
  });
  const secrets = [...secretsById.values()].filter(({ shown }) => shown !== true).map(({ value }) => value);
  return { props, secrets };
}

async function reveal(
  records: SecretRecords,
  connector: string,
  config: Config,
  showSecrets: boolean,
): Promise<Record<string, string>> {
  const ids = secretIdsIn(config);
  if (ids.length === 0) return { ...config };
  const secretsById = await records.find(connector, ids);
  return replacePlaceholders(config, (key, id) => {
    const secret = secretsById.get(id);
    return secret?.key === key && (showSecrets || secret.shown === true) ? secret.value : undefined;
  });
}

/** Replaces placeholders by the results of `lookup`, except those for which it is undefined, and expands OFFLOADED_SHORT_VALUES. */
function replacePlaceholders(
  config: Config,
  lookup: (key: string, id: string) => string | undefined,
): Record<string, string> {
  const entries = Object.entries(config).map(([key, text]) => [
    key,
    text.replaceAll(placeholder, (all, id: string) => lookup(key, id) ?? all),
  ]);
  return expandMany(Object.fromEntries(entries));
}

/** Replaces OFFLOADED_SHORT_VALUES by the keys and values in it, unless it is still a placeholder. */
function expandMany({ [OFFLOADED_SHORT_VALUES]: many, ...others }: Config): Record<string, string> {
  if (many === undefined) return others;
  if (secretIds(many).length > 0) return { ...others, [OFFLOADED_SHORT_VALUES]: many };
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
