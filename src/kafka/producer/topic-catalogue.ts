import { MillraceError } from '../../errors.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { persist } from '../cluster/retry.ts';
import { BrokerError, codes, failIf, isPassing } from '../failures.ts';
import { describeConfigs } from '../protocol/kafkajs-internals.ts';
import type { TopicLimits } from './transaction-batch.ts';

/** How long partition counts hold, as metadata.max.age.ms of Kafka's own clients. */
const MAX_AGE_MS = 300_000;
/** A record batch stays well below the default of message.max.bytes, 1048588. */
const BATCH_BYTES = 900_000;
/** A new topic may take this long to become known to every broker. */
const APPEARS_MS = 5000;

interface Entry extends TopicLimits {
  readonly known: number;
}

/** What a producer knows of the topics that it writes to. */
export class TopicCatalogue {
  readonly #cluster: Cluster;
  readonly #topics = new Map<string, Entry>();

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  limits(topic: string): TopicLimits | undefined {
    return this.#topics.get(topic);
  }

  /** Resolves when `limits` knows all of them. Rejects for a topic that is not there. */
  async prepare(topics: readonly string[]): Promise<void> {
    const oldest = performance.now() - MAX_AGE_MS;
    const wanted = topics.filter(topic => (this.#topics.get(topic)?.known ?? Number.NEGATIVE_INFINITY) < oldest);
    if (wanted.length === 0) return;
    // Keeps the leaders of all in the cluster's view, the ones already known included.
    const all = [...new Set([...this.#topics.keys(), ...wanted])];
    const appearsBy = performance.now() + APPEARS_MS;
    const refreshed = persist(
      async () => {
        await this.#cluster.refresh(all);
        for (const topic of wanted) {
          const found = this.#cluster.topic(topic);
          if (found === undefined || found.leaders.length === 0 || found.error !== codes.NONE)
            failIf(found?.error || codes.UNKNOWN_TOPIC_OR_PARTITION, `topic ${topic}`);
        }
      },
      {
        deadline: this.#cluster.deadline(),
        signal: this.#cluster.signal,
        retriable: error =>
          isPassing(error) &&
          (!(error instanceof BrokerError && error.code === codes.UNKNOWN_TOPIC_OR_PARTITION) ||
            performance.now() < appearsBy),
      },
    );
    await refreshed.catch(error => {
      if (!(error instanceof BrokerError && error.code === codes.UNKNOWN_TOPIC_OR_PARTITION)) throw error;
      throw new MillraceError('SOURCE_SETUP', `There is no topic to write to: ${error.message}. Create it first.`);
    });
    const limits = await this.#limits(wanted);
    const known = performance.now();
    for (const topic of wanted) {
      const partitions = this.#cluster.topic(topic)?.leaders.length ?? 0;
      this.#topics.set(topic, { ...(limits.get(topic) ?? unknown), partitions, known });
    }
  }

  /** One of the topics that takes smaller records now than when it was prepared. */
  async lowered(topics: readonly string[]): Promise<string | undefined> {
    const now = await this.#limits(topics);
    return topics.find(topic => (now.get(topic) ?? unknown).maxBytes < (this.#topics.get(topic)?.maxBytes ?? 0));
  }

  /** Not being allowed to ask is no reason to stop. */
  async #limits(topics: readonly string[]): Promise<ReadonlyMap<string, Omit<TopicLimits, 'partitions'>>> {
    const resources = topics.map(name => ({ type: 2, name, configNames: [...configNames] }));
    const limits = new Map<string, Omit<TopicLimits, 'partitions'>>();
    const connection = await this.#cluster.any();
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

/** message.timestamp.difference.max.ms is what releases before Kafka 3.6 have in the place of the other two. */
const configNames = [
  'max.message.bytes',
  'cleanup.policy',
  'message.timestamp.type',
  'message.timestamp.before.max.ms',
  'message.timestamp.after.max.ms',
  'message.timestamp.difference.max.ms',
] as const;

const unknown: Omit<TopicLimits, 'partitions'> = {
  batchBytes: BATCH_BYTES,
  maxBytes: Number.POSITIVE_INFINITY,
  compacted: false,
  maxPastMs: Number.POSITIVE_INFINITY,
  maxFutureMs: Number.POSITIVE_INFINITY,
};

function limitsOf(config: (name: (typeof configNames)[number]) => string | undefined): Omit<TopicLimits, 'partitions'> {
  const maxBytes = Number(config('max.message.bytes') ?? unknown.maxBytes);
  const own = config('message.timestamp.type') !== 'LogAppendTime';
  const difference = config('message.timestamp.difference.max.ms');
  const within = (name: 'message.timestamp.before.max.ms' | 'message.timestamp.after.max.ms'): number =>
    own ? Number(config(name) ?? difference ?? Number.POSITIVE_INFINITY) : Number.POSITIVE_INFINITY;
  return {
    batchBytes: Math.min(BATCH_BYTES, Math.floor(maxBytes * 0.85)),
    maxBytes,
    compacted: config('cleanup.policy')?.includes('compact') ?? false,
    maxPastMs: within('message.timestamp.before.max.ms'),
    maxFutureMs: within('message.timestamp.after.max.ms'),
  };
}
