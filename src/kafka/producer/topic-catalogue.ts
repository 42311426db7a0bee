import { MillraceError } from '../../errors.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { retry } from '../cluster/retry.ts';
import { BrokerError, codes, isRetriableError, throwIfError } from '../failures.ts';
import { describeConfigs } from '../protocol/kafkajs-internals.ts';
import type { TopicLimits } from './transaction-batch.ts';

/** Age at which partition counts are requested again: the default of metadata.max.age.ms in Kafka's clients. */
const MAX_AGE_MS = 300_000;
/** Target size of a record batch, well below the default of message.max.bytes, 1048588. */
const BATCH_BYTES = 900_000;
/** Time until the metadata of a new topic has reached every broker. */
const PROPAGATION_MS = 5000;

interface Entry extends TopicLimits {
  readonly describedAt: number;
}

/** Partition counts and limits of the topics that a producer writes to. */
export class TopicCatalogue {
  readonly #cluster: Cluster;
  readonly #topics = new Map<string, Entry>();

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  limits(topic: string): TopicLimits | undefined {
    return this.#topics.get(topic);
  }

  /** Loads the limits of topics that are missing or outdated. Rejects for a topic that does not exist. */
  async prepare(topics: readonly string[]): Promise<void> {
    const oldest = performance.now() - MAX_AGE_MS;
    const outdated = topics.filter(
      topic => (this.#topics.get(topic)?.describedAt ?? Number.NEGATIVE_INFINITY) < oldest,
    );
    if (outdated.length === 0) return;
    // Refreshes all topics of this producer, so that the cluster keeps the leaders of each.
    const all = [...new Set([...this.#topics.keys(), ...outdated])];
    const propagatedAt = performance.now() + PROPAGATION_MS;
    const refreshed = retry(
      async () => {
        await this.#cluster.refreshMetadata(all);
        for (const topic of outdated) {
          const metadata = this.#cluster.topic(topic);
          if (metadata === undefined || metadata.leaders.length === 0 || metadata.error !== codes.NONE)
            throwIfError(metadata?.error || codes.UNKNOWN_TOPIC_OR_PARTITION, `topic ${topic}`);
        }
      },
      {
        deadline: this.#cluster.deadline(),
        signal: this.#cluster.signal,
        isRetriable: error =>
          isRetriableError(error) &&
          (!(error instanceof BrokerError && error.code === codes.UNKNOWN_TOPIC_OR_PARTITION) ||
            performance.now() < propagatedAt),
      },
    );
    await refreshed.catch(error => {
      if (!(error instanceof BrokerError && error.code === codes.UNKNOWN_TOPIC_OR_PARTITION)) throw error;
      throw new MillraceError('SOURCE_SETUP', `A topic to write to does not exist: ${error.message}. Create it first.`);
    });
    const limits = await this.#describeLimits(outdated);
    const describedAt = performance.now();
    for (const topic of outdated) {
      const partitions = this.#cluster.topic(topic)?.leaders.length ?? 0;
      this.#topics.set(topic, { ...(limits.get(topic) ?? defaultLimits), partitions, describedAt });
    }
  }

  /** Finds a topic whose max.message.bytes has been lowered since it was prepared. */
  async findLoweredLimit(topics: readonly string[]): Promise<string | undefined> {
    const current = await this.#describeLimits(topics);
    return topics.find(
      topic => (current.get(topic) ?? defaultLimits).maxBytes < (this.#topics.get(topic)?.maxBytes ?? 0),
    );
  }

  /** Requests the limits of topics. A topic whose configuration the client may not describe is left out. */
  async #describeLimits(topics: readonly string[]): Promise<ReadonlyMap<string, Omit<TopicLimits, 'partitions'>>> {
    const resources = topics.map(name => ({ type: 2, name, configNames: [...configNames] }));
    const limits = new Map<string, Omit<TopicLimits, 'partitions'>>();
    const connection = await this.#cluster.anyBroker();
    const response = await connection.call(describeConfigs({ resources, includeSynonyms: false }));
    for (const { errorCode, resourceName, configEntries } of response.resources) {
      if (errorCode !== codes.NONE) continue;
      const config = new Map(configEntries.map(({ configName, configValue }) => [configName, configValue]));
      limits.set(
        resourceName,
        limitsOf(name => config.get(name) ?? undefined),
      );
    }
    return limits;
  }
}

/** Before Kafka 3.6, message.timestamp.difference.max.ms replaces the two limits before and after. */
const configNames = [
  'max.message.bytes',
  'cleanup.policy',
  'message.timestamp.type',
  'message.timestamp.before.max.ms',
  'message.timestamp.after.max.ms',
  'message.timestamp.difference.max.ms',
] as const;

const defaultLimits: Omit<TopicLimits, 'partitions'> = {
  batchBytes: BATCH_BYTES,
  maxBytes: Number.POSITIVE_INFINITY,
  compacted: false,
  maxPastMs: Number.POSITIVE_INFINITY,
  maxFutureMs: Number.POSITIVE_INFINITY,
};

function limitsOf(config: (name: (typeof configNames)[number]) => string | undefined): Omit<TopicLimits, 'partitions'> {
  const maxBytes = Number(config('max.message.bytes') ?? defaultLimits.maxBytes);
  const usesCreateTime = config('message.timestamp.type') !== 'LogAppendTime';
  const difference = config('message.timestamp.difference.max.ms');
  const timestampLimit = (name: 'message.timestamp.before.max.ms' | 'message.timestamp.after.max.ms'): number =>
    usesCreateTime ? Number(config(name) ?? difference ?? Number.POSITIVE_INFINITY) : Number.POSITIVE_INFINITY;
  return {
    batchBytes: Math.min(BATCH_BYTES, Math.floor(maxBytes * 0.85)),
    maxBytes,
    compacted: config('cleanup.policy')?.includes('compact') ?? false,
    maxPastMs: timestampLimit('message.timestamp.before.max.ms'),
    maxFutureMs: timestampLimit('message.timestamp.after.max.ms'),
  };
}
