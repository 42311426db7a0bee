import { randomUUID } from 'node:crypto';
import type { ConfigProvider } from '../api/index.ts';
import { MillraceError } from '../errors.ts';
import { type ConfigTopicSettings, configTopic } from './config-topic.ts';
import { nameOpenTransaction } from './open-transactions.ts';
import type { KafkaClient } from './port.ts';

/**
 * Secrets that came inline in a connector's configuration, kept where Kafka Connect keeps them: in the compacted
 * `config.storage.topic`, one record each. In their place the configuration holds `${secret:<id>}`, which may stand in
 * a workflow's history, an answer or a log. An id is never used for a second value.
 */
export interface SecretStore {
  /**
   * Stores the values of the named keys and answers the configuration with placeholders in their place. A value that
   * stands behind the placeholders which `before` has at the same key keeps those.
   */
  seal(
    config: Readonly<Record<string, string>>,
    keys: readonly string[],
    before?: Readonly<Record<string, string>>,
  ): Promise<Record<string, string>>;
  /** The values of ids. TASK_CONFIG for one that is not there (any more). */
  read(ids: readonly string[]): Promise<ReadonlyMap<string, string>>;
  /** Removes the secrets that a configuration names. Idempotent. */
  forget(config: Readonly<Record<string, string>>): Promise<void>;
}

/** Time that the open transaction of somebody who stores secrets has to end. */
const PATIENCE_MS = 5_000;
const placeholder = /\$\{secret:([0-9a-f-]{36})\}/g;
const keyOf = (id: string): string => `secret-${id}`;

export const secretIds = (text: string): string[] => [...text.matchAll(placeholder)].map(match => match[1] as string);

export function secretStore(
  kafka: KafkaClient,
  settings: ConfigTopicSettings,
  configs = configTopic(kafka, settings),
): SecretStore {
  const { topic } = settings;
  const known = new Map<string, string>();
  const write = (entries: readonly (readonly [id: string, value: string | null])[]): Promise<void> =>
    configs.write(entries.map(([id, value]) => [keyOf(id), value === null ? null : JSON.stringify({ value })]));

  /** ids: those that are needed. Others may be in the open transaction of somebody who creates a connector. */
  async function load(ids: readonly string[]): Promise<void> {
    await configs.ensure();
    const needed = new Set(ids.map(keyOf));
    const open = await kafka.readCommitted(topic, {
      wanted: key => key.toString().startsWith(keyOf('')),
      awaited: key => needed.has(key.toString()),
      take(key, value) {
        const id = key.toString().slice(keyOf('').length);
        const text = value === null ? undefined : secretOf(value);
        if (value === null) known.delete(id);
        else if (text !== undefined) known.set(id, text);
      },
      patienceMs: PATIENCE_MS,
    });
    if (open.length > 0)
      throw new MillraceError(
        'KAFKA_UNAVAILABLE',
        `Secrets of a connector cannot be read yet: they are in a transaction that is open in ${open.map(nameOpenTransaction).join('; ')}.`,
      );
  }

  /** Whether a text is made of placeholders that stand for the value. */
  async function standsFor(text: string, value: string): Promise<boolean> {
    const ids = secretIds(text);
    if (ids.length === 0 || text.replaceAll(placeholder, '') !== '') return false;
    if (ids.some(id => !known.has(id))) await load(ids);
    return ids.map(id => known.get(id)).join('') === value;
  }

  return {
    async seal(config, keys, before = {}) {
      const sealed = { ...config };
      const entries: (readonly [key: string, parts: (readonly [id: string, text: string])[]])[] = [];
      for (const key of keys) {
        const [value = '', held = ''] = [config[key], before[key]];
        if (await standsFor(held, value)) sealed[key] = held;
        else entries.push([key, pieces(value).map(text => [randomUUID(), text])]);
      }
      if (entries.length === 0) return sealed;
      await write(entries.flatMap(([, parts]) => parts));
      for (const [key, parts] of entries) {
        for (const [id, text] of parts) known.set(id, text);
        sealed[key] = parts.map(([id]) => `\${secret:${id}}`).join('');
      }
      return sealed;
    },
    async read(ids) {
      if (ids.some(id => !known.has(id))) await load(ids);
      const lost = ids.find(id => !known.has(id));
      if (lost !== undefined)
        throw new MillraceError(
          'TASK_CONFIG',
          `The secret ${lost} is not in ${topic}: give the connector its configuration again, with the secret itself.`,
        );
      return new Map(ids.map(id => [id, known.get(id) as string]));
    },
    async forget(config) {
      const ids = Object.values(config).flatMap(secretIds);
      if (ids.length > 0) await write(ids.map(id => [id, null]));
      for (const id of ids) known.delete(id);
    },
  };
}

/** undefined for a record that Millrace did not write: the topic is shared. */
function secretOf(bytes: Buffer): string | undefined {
  try {
    const { value } = JSON.parse(bytes.toString()) as { value?: unknown };
    return typeof value === 'string' ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Brokers take records of a megabyte. */
const PIECE = 150_000;
const pieces = (text: string): string[] =>
  Array.from({ length: Math.max(1, Math.ceil(text.length / PIECE)) }, (_, i) => text.slice(i * PIECE, (i + 1) * PIECE));

/** `${secret:<id>}` as a configuration provider. */
export function secretProvider(store: SecretStore): ConfigProvider {
  return { get: (_path, keys) => store.read(keys) };
}
