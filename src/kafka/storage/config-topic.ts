import { randomUUID } from 'node:crypto';
import { addAbortListener } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { MillraceError } from '../../errors.ts';
import type { KafkaClient, Reader } from '../port.ts';
import { checkCompacted } from './compacted-topic.ts';

/** Kafka Connect's `config.storage.topic`: a compacted topic with one partition. */
export interface ConfigTopic {
  /** Creates the topic if it is missing. Rejects with SOURCE_SETUP if it is not compacted. */
  ensure(): Promise<void>;
  /** Writes all entries in one transaction; null deletes a key. KAFKA_UNAVAILABLE. */
  write(entries: readonly (readonly [key: string, value: string | null])[]): Promise<void>;
  /**
   * Reads records that are written from now on, until the signal aborts. Never rejects. Records written during an outage are read
   * after it. onError: called with the first error of each outage.
   */
  follow(
    onRecord: (key: string, value: string | null) => void,
    signal: AbortSignal,
    onError: (error: unknown) => void,
  ): Promise<void>;
}

export interface ConfigTopicSettings {
  readonly topic: string;
  readonly replicationFactor: number;
  /** Configuration for its creation; `cleanup.policy` is always compact. */
  readonly config?: Readonly<Record<string, string>>;
  /** Cluster name: prefix of transactional ids. */
  readonly cluster: string;
}

/** `fetch.max.wait.ms`: interval of requests while nothing is written. */
const MAX_WAIT_MS = 10_000;
const FIRST_BACKOFF_MS = 500;
const MAX_BACKOFF_MS = 30_000;

export const configTopic = (kafka: KafkaClient, settings: ConfigTopicSettings): ConfigTopic =>
  new KafkaConfigTopic(kafka, settings);

class KafkaConfigTopic implements ConfigTopic {
  readonly #kafka: KafkaClient;
  readonly #settings: ConfigTopicSettings;
  #ensured: Promise<void> | undefined;

  constructor(kafka: KafkaClient, settings: ConfigTopicSettings) {
    this.#kafka = kafka;
    this.#settings = settings;
  }

  ensure(): Promise<void> {
    this.#ensured ??= this.#prepare().catch((error: unknown) => {
      this.#ensured = undefined;
      throw error;
    });
    return this.#ensured;
  }

  async write(entries: readonly (readonly [key: string, value: string | null])[]): Promise<void> {
    await this.ensure();
    const { topic, cluster } = this.#settings;
    const producer = await this.#kafka.producer({
      transactionalId: `${cluster}-configs-${randomUUID()}`,
      compression: 'none',
      transactionTimeoutMs: 10_000,
    });
    try {
      await producer.prepare([topic]);
      const batch = producer.batch();
      for (const [name, value] of entries) {
        const key = Buffer.from(name);
        const bytes = value === null ? key : Buffer.concat([key, Buffer.from(value)]);
        await batch.append(topic, 0, null, bytes, 0, key.length, value === null ? -1 : key.length, bytes.length, []);
      }
      await producer.commit(batch);
    } finally {
      await producer.close();
    }
  }

  follow(
    onRecord: (key: string, value: string | null) => void,
    signal: AbortSignal,
    onError: (error: unknown) => void,
  ): Promise<void> {
    return followTopic(from => this.#openReader(from, signal), { onRecord, signal, onError });
  }

  async #prepare(): Promise<void> {
    await this.#create();
    await checkCompacted(this.#kafka, this.#settings.topic, 'the secrets of connectors');
  }

  #create(): Promise<void> {
    const { topic, replicationFactor, config = {} } = this.#settings;
    return this.#kafka.admin.createTopics([
      { topic, partitions: 1, replicationFactor, config: { ...config, 'cleanup.policy': 'compact' } },
    ]);
  }

  /** Opens a reader at an offset, or at the end. */
  async #openReader(from: number | undefined, signal: AbortSignal): Promise<Reader> {
    const { topic } = this.#settings;
    // Repeated for each reader, as the topic may have been deleted.
    await this.#create();
    const [range] = await this.#kafka.admin.offsets([{ topic, partition: 0 }]);
    signal.throwIfAborted();
    return this.#kafka.reader({
      assigned: [{ topic, partition: 0, offset: from ?? range?.high ?? 0 }],
      maxBytes: 1 << 16,
      maxPartitionBytes: 1 << 16,
      maxWaitMs: MAX_WAIT_MS,
    });
  }
}

interface Follower {
  readonly onRecord: (key: string, value: string | null) => void;
  readonly signal: AbortSignal;
  readonly onError: (error: unknown) => void;
}

/** Reads until the signal aborts, and opens a new reader with backoff after each error. */
async function followTopic(
  openReader: (from: number | undefined) => Promise<Reader>,
  { onRecord, signal, onError }: Follower,
): Promise<void> {
  let next: number | undefined;
  let backoffMs = FIRST_BACKOFF_MS;
  while (!signal.aborted) {
    let reader: Reader | undefined;
    let listener: Disposable | undefined;
    try {
      const opened = await openReader(next);
      reader = opened;
      listener = addAbortListener(signal, () => void opened.close());
      while (!signal.aborted) {
        for (const part of await opened.poll()) {
          for (const { key, value } of part.records) onRecord(key?.toString() ?? '', value?.toString() ?? null);
          next = part.next;
        }
        backoffMs = FIRST_BACKOFF_MS;
      }
    } catch (error) {
      if (signal.aborted) return;
      if (backoffMs === FIRST_BACKOFF_MS) onError(error);
      if (error instanceof MillraceError && error.code === 'SOURCE_POSITION_LOST') next = undefined;
      await delay(backoffMs, undefined, { signal }).catch(() => undefined);
      backoffMs = Math.min(backoffMs * 2, MAX_BACKOFF_MS);
    } finally {
      listener?.[Symbol.dispose]();
      await reader?.close();
    }
  }
}
