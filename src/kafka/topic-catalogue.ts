import { MillraceError } from '../errors.ts';
import type { Cluster } from './cluster.ts';
import { BrokerError, codes, failIf, isPassing } from './failures.ts';
import { describeConfigs } from './kafkajs-internals.ts';
import type { TopicLimits } from './producer-batch.ts';
import { persist } from './retry.ts';

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
    const sizes = await this.#batchBytes(wanted);
    const known = performance.now();
    for (const topic of wanted) {
      const partitions = this.#cluster.topic(topic)?.leaders.length ?? 0;
      this.#topics.set(topic, { partitions, batchBytes: sizes.get(topic) ?? BATCH_BYTES, known });
    }
  }

  /** Topics may take less than the default (max.message.bytes). Not being allowed to ask is no reason to stop. */
  async #batchBytes(topics: readonly string[]): Promise<ReadonlyMap<string, number>> {
    const resources = topics.map(name => ({ type: 2, name, configNames: ['max.message.bytes'] }));
    const sizes = new Map<string, number>();
    const connection = await this.#cluster.any();
    const response = await connection.call(describeConfigs({ resources, includeSynonyms: false }));
    for (const { errorCode, resourceName, configEntries } of response.resources) {
      const most = Number(configEntries[0]?.configValue ?? Number.NaN);
      if (errorCode === codes.NONE && most > 0) sizes.set(resourceName, Math.min(BATCH_BYTES, Math.floor(most * 0.85)));
    }
    return sizes;
  }
}
