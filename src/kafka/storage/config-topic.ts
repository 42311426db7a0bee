import { randomUUID } from 'node:crypto';
import { addAbortListener } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { MillraceError } from '../../errors.ts';
import type { KafkaClient, Reader } from '../port.ts';
import { checkCompacted } from './compacted-topic.ts';

/** The compacted topic of one partition that Kafka Connect calls `config.storage.topic`. */
export interface ConfigTopic {
  /** Resolves when the topic is there. Rejects with SOURCE_SETUP where it would not keep what is written. */
  ensure(): Promise<void>;
  /** Writes all or none; null takes what stands under a key away. KAFKA_UNAVAILABLE. */
  write(entries: readonly (readonly [key: string, value: string | null])[]): Promise<void>;
  /**
   * Hears of what is written from now on, until the signal aborts; never rejects. What was written while Kafka did not
   * answer is heard of afterwards. failed: hears of each first failure.
   */
  follow(
    take: (key: string, value: string | null) => void,
    signal: AbortSignal,
    failed: (error: unknown) => void,
  ): Promise<void>;
}

export interface ConfigTopicSettings {
  readonly topic: string;
  readonly replicationFactor: number;
  /** Its configuration when it is created; `cleanup.policy` is compact in any case. */
  readonly config?: Readonly<Record<string, string>>;
  /** Cluster name: makes transactional ids its own. */
  readonly cluster: string;
}

/** How long a broker holds a question that it has no answer to: nothing is asked more often while nothing is written. */
const MAX_WAIT_MS = 10_000;
const FIRST_PAUSE_MS = 500;
const LAST_PAUSE_MS = 30_000;

export function configTopic(
  kafka: KafkaClient,
  { topic, replicationFactor, config = {}, cluster }: ConfigTopicSettings,
): ConfigTopic {
  let made: Promise<void> | undefined;
  const create = () =>
    kafka.admin.createTopics([
      { topic, partitions: 1, replicationFactor, config: { ...config, 'cleanup.policy': 'compact' } },
    ]);

  async function prepare(): Promise<void> {
    await create();
    await checkCompacted(kafka, topic, 'the secrets of connectors');
  }

  function ensure(): Promise<void> {
    made ??= prepare().catch((error: unknown) => {
      made = undefined;
      throw error;
    });
    return made;
  }

  /** Whatever is written from here on is read; the end where no offset is given. */
  async function open(from: number | undefined, signal: AbortSignal): Promise<Reader> {
    // Anew each time: the topic may have been deleted.
    await create();
    const [range] = await kafka.admin.offsets([{ topic, partition: 0 }]);
    signal.throwIfAborted();
    return kafka.reader({
      assigned: [{ topic, partition: 0, offset: from ?? range?.high ?? 0 }],
      maxBytes: 1 << 16,
      maxPartitionBytes: 1 << 16,
      maxWaitMs: MAX_WAIT_MS,
    });
  }

  return {
    ensure,

    async write(entries) {
      await ensure();
      const producer = await kafka.producer({
        transactionalId: `${cluster}-configs-${randomUUID()}`,
        compression: 'none',
        transactionTimeoutMs: 10_000,
      });
      try {
        await producer.prepare([topic]);
        const batch = producer.batch();
        for (const [name, value] of entries) {
          const key = Buffer.from(name);
          const both = value === null ? key : Buffer.concat([key, Buffer.from(value)]);
          await batch.append(topic, 0, null, both, 0, key.length, value === null ? -1 : key.length, both.length, []);
        }
        await producer.commit(batch);
      } finally {
        await producer.close();
      }
    },

    async follow(take, signal, failed) {
      let next: number | undefined;
      let pause = FIRST_PAUSE_MS;
      while (!signal.aborted) {
        let reader: Reader | undefined;
        let stopping: Disposable | undefined;
        try {
          const opened = await open(next, signal);
          reader = opened;
          stopping = addAbortListener(signal, () => void opened.close());
          while (!signal.aborted) {
            for (const part of await opened.poll()) {
              for (const { key, value } of part.records) take(key?.toString() ?? '', value?.toString() ?? null);
              next = part.next;
            }
            pause = FIRST_PAUSE_MS;
          }
        } catch (error) {
          if (signal.aborted) return;
          if (pause === FIRST_PAUSE_MS) failed(error);
          if (error instanceof MillraceError && error.code === 'SOURCE_POSITION_LOST') next = undefined;
          await delay(pause, undefined, { signal }).catch(() => undefined);
          pause = Math.min(pause * 2, LAST_PAUSE_MS);
        } finally {
          stopping?.[Symbol.dispose]();
          await reader?.close();
        }
      }
    },
  };
}
