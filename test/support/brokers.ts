import { Cluster } from '../../src/kafka/cluster/cluster.ts';
import { ConnectionLost, throwIfError } from '../../src/kafka/failures.ts';
import { listTransactions } from '../../src/kafka/protocol/describe-transactions.ts';
import type { Exchange } from '../../src/kafka/protocol/kafkajs-internals.ts';
import { type PartitionDescription, topicDescriptions } from '../../src/kafka/protocol/topic-descriptions.ts';
import { silent } from '../../src/observability/silent.ts';

/** A partition in the metadata of one broker. */
export interface PartitionState extends PartitionDescription {
  readonly topic: string;
}

export interface BrokerView {
  /** Ids of the live brokers. */
  readonly nodes: readonly number[];
  readonly partitions: readonly PartitionState[];
}

export interface TransactionState {
  readonly transactionalId: string;
  readonly producerId: number;
  /** State in the coordinator's wording. */
  readonly state: string;
}

/** Queries each broker of a cluster separately: a broker that was frozen or just started may have older metadata. */
export class Brokers {
  readonly #clusters: readonly Cluster[];

  /** bootstrap: host:port of each broker, separated by commas. */
  constructor(bootstrap: string, requestTimeoutMs: number) {
    this.#clusters = bootstrap
      .split(',')
      .map(address => new Cluster({ brokers: [address], clientId: 'brokers', requestTimeoutMs }, silent));
  }

  /**
   * Answers of the running brokers. Rejects with ConnectionLost when a running broker does not answer, for example a
   * frozen one.
   */
  async ask<R>(exchange: Exchange<R>): Promise<readonly R[]> {
    const answers = await Promise.all(
      this.#clusters.map(async cluster => {
        const connection = await cluster.anyBroker().catch((error: unknown) => {
          if (error instanceof ConnectionLost && !error.wasSent) return undefined;
          throw error;
        });
        return connection === undefined ? [] : [await connection.call(exchange)];
      }),
    );
    return answers.flat();
  }

  /** Metadata of each running broker. */
  async views(topics?: readonly string[]): Promise<readonly BrokerView[]> {
    const answers = await this.ask(topicDescriptions(topics));
    return answers.map(answer => ({
      nodes: answer.nodes,
      partitions: answer.topics.flatMap(({ topic, partitions }) => partitions.map(state => ({ topic, ...state }))),
    }));
  }

  /** Latest state of each partition of these topics, or of all topics, over all brokers. */
  async partitions(topics?: readonly string[]): Promise<readonly PartitionState[]> {
    const latest = new Map<string, PartitionState>();
    for (const view of await this.views(topics))
      for (const state of view.partitions) {
        const key = `${state.topic} ${state.partition}`;
        if (state.leaderEpoch > (latest.get(key)?.leaderEpoch ?? -1)) latest.set(key, state);
      }
    return [...latest.values()];
  }

  /** All transactional ids of all coordinators. Rejects with BrokerError while a coordinator loads its log. */
  async transactions(): Promise<readonly TransactionState[]> {
    const answers = await this.ask(listTransactions([]));
    return answers.flatMap(({ errorCode, transactions }) => {
      throwIfError(errorCode, 'the transactions of a broker');
      return transactions;
    });
  }

  close(): void {
    for (const cluster of this.#clusters) cluster.close();
  }
}
