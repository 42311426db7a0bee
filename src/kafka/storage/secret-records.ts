import { MillraceError } from '../../errors.ts';
import { formatOpenTransaction } from '../client/open-transactions.ts';
import type { KafkaClient } from '../port.ts';
import type { ConfigTopic, ConfigTopicSettings } from './config-topic.ts';

/** Value of a record, as JSON. */
export interface Secret {
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

const recordKey = (id: string): string => `secret-${id}`;

/** Records of secrets in the config topic, with a cache. */
export class SecretRecords {
  readonly #kafka: KafkaClient;
  readonly #settings: Pick<ConfigTopicSettings, 'topic' | 'cluster'>;
  readonly #configs: ConfigTopic;
  /** Secrets by id; null: deleted. */
  readonly #cache = new Map<string, Secret | null>();

  constructor(kafka: KafkaClient, settings: Pick<ConfigTopicSettings, 'topic' | 'cluster'>, configs: ConfigTopic) {
    this.#kafka = kafka;
    this.#settings = settings;
    this.#configs = configs;
  }

  get topic(): string {
    return this.#settings.topic;
  }

  get cluster(): string {
    return this.#settings.cluster;
  }

  /** Returns the existing secrets of a connector, by id. KAFKA_UNAVAILABLE. */
  async find(connector: string, ids: readonly string[]): Promise<ReadonlyMap<string, Secret>> {
    if (ids.some(id => !this.#cache.has(id))) await this.#load(ids);
    const secrets = ids.map(id => [id, this.#cache.get(id)] as const);
    return new Map(
      secrets.flatMap(([id, secret]) =>
        secret?.cluster === this.cluster && secret.connector === connector ? [[id, secret]] : [],
      ),
    );
  }

  /** Writes secrets in one transaction; null deletes. KAFKA_UNAVAILABLE. */
  async write(entries: readonly (readonly [id: string, secret: Secret | null])[]): Promise<void> {
    await this.#configs.write(
      entries.map(([id, secret]) => [recordKey(id), secret === null ? null : JSON.stringify(secret)]),
    );
    for (const [id, secret] of entries) this.#cache.set(id, secret);
  }

  /** Loads all secrets. ids: the required ones; others may be in an open transaction that creates a connector. */
  async #load(ids: readonly string[]): Promise<void> {
    await this.#configs.ensure();
    const needed = new Set(ids.map(recordKey));
    const open = await this.#kafka.readCommitted(this.topic, {
      accepts: key => key.toString().startsWith(recordKey('')),
      waitsFor: key => needed.has(key.toString()),
      onRecord: (key, value) => {
        const id = key.toString().slice(recordKey('').length);
        const secret = value === null ? null : parseSecret(value);
        if (secret !== undefined) this.#cache.set(id, secret);
      },
      openTransactionWaitMs: OPEN_TRANSACTION_MS,
    });
    if (open.length > 0)
      throw new MillraceError(
        'KAFKA_UNAVAILABLE',
        `Secrets of a connector cannot be read yet: they are in an open transaction in ${open.map(formatOpenTransaction).join('; ')}.`,
      );
  }
}

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
