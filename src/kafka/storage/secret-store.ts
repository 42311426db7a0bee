import { randomUUID } from 'node:crypto';
import type { ConfigProvider } from '../../api/index.ts';
import { memberOf } from '../../api/index.ts';
import { MANY } from '../../config/payload-limits.ts';
import type { Resolved } from '../../config/secrets/placeholders.ts';
import { MillraceError } from '../../errors.ts';
import { nameOpenTransaction } from '../client/open-transactions.ts';
import type { KafkaClient } from '../port.ts';
import { type ConfigTopicSettings, configTopic } from './config-topic.ts';

/**
 * Values of connectors' configurations that do not stand in their workflows, secrets that came inline and what is too long,
 * kept where Kafka Connect keeps configurations: in the compacted `config.storage.topic`, one record each. In their place
 * the configuration holds `${secret:<id>}`, which may stand in a workflow's history, an answer or a log. An id is never used
 * for a second value, and is good for the connector and the key that it was made for alone: whoever sees it gets nothing
 * with it.
 */
export interface SecretStore {
  /**
   * Stores the values of the named keys and answers the configuration with placeholders in their place. A value that
   * stands behind the placeholders which `before` has at the same key keeps those.
   */
  seal(connector: string, config: Config, keys: SealedKeys, before?: Config): Promise<Record<string, string>>;
  /** Puts values in the place of their placeholders. TASK_CONFIG for one that is not there or not of that key. */
  unseal(connector: string, config: Config): Promise<Resolved>;
  /** A configuration as it was given, but for its secrets, unless they are to be shown, too. */
  reveal(connector: string, config: Config, showSecrets: boolean): Promise<Record<string, string>>;
  /** Removes those secrets of a connector that a configuration names. Idempotent. */
  forget(connector: string, config: Config): Promise<void>;
}

type Config = Readonly<Record<string, string>>;

export interface SealedKeys {
  readonly secrets?: readonly string[];
  /** Of values that are no secrets, and long. */
  readonly long?: readonly string[];
  /** Of short values that are too many: one value is made of all. */
  readonly many?: readonly string[];
}

/** As it is stored, in JSON. */
interface Secret {
  readonly cluster: string;
  readonly connector: string;
  /** Of the configuration. */
  readonly key: string;
  readonly value: string;
  /** It is no secret. */
  readonly shown?: boolean;
}

/** Time that the open transaction of somebody who stores secrets has to end. */
const PATIENCE_MS = 5_000;
const placeholder = /\$\{secret:([0-9a-f-]{36})\}/g;
const recordKey = (id: string): string => `secret-${id}`;

const secretIds = (text: string): string[] => [...text.matchAll(placeholder)].map(match => match[1] as string);

export function secretStore(
  kafka: KafkaClient,
  settings: ConfigTopicSettings,
  configs = configTopic(kafka, settings),
): SecretStore {
  const { topic, cluster } = settings;
  /** null: removed, for good. */
  const known = new Map<string, Secret | null>();
  const write = (entries: readonly (readonly [id: string, secret: Secret | null])[]): Promise<void> =>
    configs.write(entries.map(([id, secret]) => [recordKey(id), secret === null ? null : JSON.stringify(secret)]));

  /** ids: those that are needed. Others may be in the open transaction of somebody who creates a connector. */
  async function load(ids: readonly string[]): Promise<void> {
    await configs.ensure();
    const needed = new Set(ids.map(recordKey));
    const open = await kafka.readCommitted(topic, {
      wanted: key => key.toString().startsWith(recordKey('')),
      awaited: key => needed.has(key.toString()),
      take(key, value) {
        const id = key.toString().slice(recordKey('').length);
        const secret = value === null ? null : secretOf(value);
        if (secret !== undefined) known.set(id, secret);
      },
      patienceMs: PATIENCE_MS,
    });
    if (open.length > 0)
      throw new MillraceError(
        'KAFKA_UNAVAILABLE',
        `Secrets of a connector cannot be read yet: they are in a transaction that is open in ${open.map(nameOpenTransaction).join('; ')}.`,
      );
  }

  /** Those of a connector's secrets that are there, by id. */
  async function own(connector: string, ids: readonly string[]): Promise<ReadonlyMap<string, Secret>> {
    if (ids.some(id => !known.has(id))) await load(ids);
    const found = ids.map(id => [id, known.get(id)] as const);
    return new Map(
      found.flatMap(([id, secret]) =>
        secret?.cluster === cluster && secret.connector === connector ? [[id, secret]] : [],
      ),
    );
  }

  /** Whether a text is made of placeholders that stand for the value. */
  async function standsFor(connector: string, key: string, text: string, value: string): Promise<boolean> {
    const ids = secretIds(text);
    if (ids.length === 0 || text.replaceAll(placeholder, '') !== '') return false;
    const secrets = await own(connector, ids);
    return ids.every(id => secrets.get(id)?.key === key) && ids.map(id => secrets.get(id)?.value).join('') === value;
  }

  return {
    async seal(connector, config, { secrets = [], long = [], many = [] }, before = {}) {
      const sealed = { ...config };
      const together = many.toSorted().map(key => [key, config[key]]);
      for (const key of many) delete sealed[key];
      if (many.length > 0) sealed[MANY] = JSON.stringify(Object.fromEntries(together));
      const kept = [...secrets, ...long, ...(many.length > 0 ? [MANY] : [])];
      const entries: (readonly [key: string, parts: (readonly [id: string, text: string])[]])[] = [];
      for (const key of kept) {
        const [value = '', held = ''] = [sealed[key], memberOf(before, key)];
        if (await standsFor(connector, key, held, value)) sealed[key] = held;
        else entries.push([key, pieces(value).map(text => [randomUUID(), text])]);
      }
      if (entries.length === 0) return sealed;
      const made = entries.flatMap(([key, parts]) => {
        const shown = secrets.includes(key) ? {} : { shown: true };
        return parts.map(([id, value]) => [id, { cluster, connector, key, value, ...shown }] as const);
      });
      await write(made);
      for (const [id, secret] of made) known.set(id, secret);
      for (const [key, parts] of entries) sealed[key] = parts.map(([id]) => `\${secret:${id}}`).join('');
      return sealed;
    },
    async unseal(connector, config) {
      const ids = Object.values(config).flatMap(secretIds);
      if (ids.length === 0) return { props: config, secrets: [] };
      const kept = await own(connector, ids);
      const valueAt = (key: string, id: string): string => {
        const secret = kept.get(id);
        if (secret === undefined) throw lost(id, key, connector, topic);
        if (secret.key !== key) throw misplaced(id, key, secret.key);
        return secret.value;
      };
      const props = Object.entries(config).map(([key, text]) => [
        key,
        text.replaceAll(placeholder, (_all, id: string) => valueAt(key, id)),
      ]);
      const secrets = [...kept.values()].filter(({ shown }) => shown !== true).map(({ value }) => value);
      return { props: apart(Object.fromEntries(props)), secrets };
    },
    async reveal(connector, config, showSecrets) {
      const ids = Object.values(config).flatMap(secretIds);
      if (ids.length === 0) return { ...config };
      const kept = await own(connector, ids);
      const valueAt = (key: string, id: string): string | undefined => {
        const secret = kept.get(id);
        return secret?.key === key && (showSecrets || secret.shown === true) ? secret.value : undefined;
      };
      const props = Object.entries(config).map(([key, text]) => [
        key,
        text.replaceAll(placeholder, (all, id: string) => valueAt(key, id) ?? all),
      ]);
      return apart(Object.fromEntries(props));
    },
    async forget(connector, config) {
      const ids = Object.values(config).flatMap(secretIds);
      if (ids.length === 0) return;
      const there = [...(await own(connector, ids)).keys()];
      if (there.length > 0) await write(there.map(id => [id, null]));
      for (const id of there) known.set(id, null);
    },
  };
}

/** Replaces MANY by the keys and values that it holds, unless it is still a placeholder. */
function apart({ [MANY]: many, ...others }: Config): Record<string, string> {
  if (many === undefined) return others;
  if (secretIds(many).length > 0) return { ...others, [MANY]: many };
  return { ...(JSON.parse(many) as Config), ...others };
}

/** Of one that belongs to another connector, nothing more is told. */
const lost = (id: string, key: string, connector: string, topic: string): MillraceError =>
  new MillraceError(
    'TASK_CONFIG',
    `The secret ${id} at ${key} is not in ${topic}, or not a secret of the connector ${connector}: each belongs to the ` +
      'connector that it was given to. Give the connector its configuration again, with the secret itself.',
  );

const misplaced = (id: string, key: string, owner: string): MillraceError =>
  new MillraceError(
    'TASK_CONFIG',
    `The secret ${id} is the value of ${owner} and cannot be used at ${key}: give the secret itself there.`,
  );

/** undefined for a record that Millrace did not write: the topic is shared. */
function secretOf(bytes: Buffer): Secret | undefined {
  try {
    const secret = JSON.parse(bytes.toString()) as Partial<Secret> | null;
    const texts = [secret?.cluster, secret?.connector, secret?.key, secret?.value];
    return texts.every(text => typeof text === 'string') ? (secret as Secret) : undefined;
  } catch {
    return undefined;
  }
}

/** Brokers take records of a megabyte. */
const PIECE = 150_000;
const pieces = (text: string): string[] =>
  Array.from({ length: Math.max(1, Math.ceil(text.length / PIECE)) }, (_, i) => text.slice(i * PIECE, (i + 1) * PIECE));

/** For placeholders that look like those of secrets and are none: nothing but `unseal` gives a secret. */
export const noSecrets: ConfigProvider = {
  get: (_path, [key]) =>
    Promise.reject(new MillraceError('TASK_CONFIG', `There is no secret ${key}: give the secret itself.`)),
};
