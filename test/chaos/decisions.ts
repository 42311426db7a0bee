import type { TopicPartition } from '../../src/api/index.ts';
import { Cluster } from '../../src/kafka/cluster/cluster.ts';
import { callLeaders } from '../../src/kafka/cluster/leaders.ts';
import { LATEST, listPartitionOffsets } from '../../src/kafka/cluster/list-offsets.ts';
import { BrokerError, codes, throwIfError } from '../../src/kafka/failures.ts';
import { describeProducers } from '../../src/kafka/protocol/describe-transactions.ts';
import { silent } from '../../src/observability/silent.ts';
import { Brokers, type PartitionState, type TransactionState } from '../support/brokers.ts';

/** Milliseconds. Slower samples are discarded as too inexact. */
const REQUEST_TIMEOUT_MS = 2000;

/** A transaction with records but without a marker in a partition. */
export interface UnmarkedTransaction {
  readonly producerId: number;
  /** Offset of its first record. */
  readonly from: number;
  readonly transactionalId: string;
  /** State in the coordinator's wording. */
  readonly state: string;
  /** True once the coordinator has logged its decision, after which the markers follow in any case. */
  readonly decided: boolean;
}

/** End of a partition, with the transactions that have no marker. */
export interface PartitionEnd {
  readonly highWatermark: number;
  /** Last stable offset, for reports. */
  readonly lastStableOffset: number;
  readonly unmarked: readonly UnmarkedTransaction[];
}

/** True if the record's transaction was committed or aborted at that time, with or without a marker. */
export const isDecided = (
  { highWatermark, unmarked }: PartitionEnd,
  { offset, producerId }: { readonly offset: number; readonly producerId: number },
): boolean =>
  offset < highWatermark &&
  !unmarked.some(open => !open.decided && open.producerId === producerId && open.from <= offset);

interface OpenProducer {
  readonly producerId: number;
  readonly transactionStartOffset: number;
}

/**
 * States of a decided transaction. The coordinator logs PrepareCommit before it answers EndTxn and before the markers
 * are written, so the last stable offset lags behind the commit.
 */
const decidedStates = new Set(['Empty', 'PrepareCommit', 'CompleteCommit', 'PrepareAbort', 'CompleteAbort']);
export const isDecidedState = (state: string): boolean => decidedStates.has(state);

/** Reads from Kafka which records of some partitions are decided (KIP-664). */
export class Decisions {
  readonly #cluster: Cluster;
  readonly #brokers: Brokers;
  readonly #topics: readonly string[];
  readonly #partitions: readonly TopicPartition[];
  /** Transactions that were decided but had no marker, by partition, producer and first offset. */
  readonly #decided = new Set<string>();

  /** bootstrap: host:port of each broker, separated by commas. */
  constructor(bootstrap: string, topics: readonly string[]) {
    const config = { brokers: bootstrap.split(','), clientId: 'decisions', requestTimeoutMs: REQUEST_TIMEOUT_MS };
    this.#cluster = new Cluster(config, silent);
    this.#brokers = new Brokers(bootstrap, REQUEST_TIMEOUT_MS);
    this.#topics = topics;
    this.#partitions = topics.map(topic => ({ topic, partition: 0 }));
  }

  /**
   * Ends of the partitions, in the order of the topics. A record that was decided before the call is decided in the result.
   * Rejects with ConnectionLost or BrokerError while Kafka is unavailable.
   *
   * The order of the requests matters. A state that is read after the high watermark covers all records below it, because a
   * producer starts no second transaction before the markers of its first. Markers written between the state and the list
   * of open transactions only remove entries from the list, and transactions that begin in between have no record below
   * the high watermark.
   *
   * A broker that was frozen may briefly answer as the leader or coordinator that it no longer is. By then, another broker
   * has newer metadata.
   */
  async read(): Promise<readonly PartitionEnd[]> {
    const leaders = await this.#brokers.partitions(this.#topics);
    await this.#cluster.refreshMetadata(this.#topics);
    const highWatermarks = await listPartitionOffsets(this.#cluster, this.#partitions, LATEST, 'read_uncommitted');
    const states = await this.#states();
    const open = await this.#open();
    this.#expectLeaders(leaders, await this.#brokers.partitions(this.#topics));
    return this.#partitions.map(({ topic }, i) => {
      const highWatermark = highWatermarks[i] ?? 0;
      const producers = open.get(topic) ?? [];
      const lastStableOffset = Math.min(
        highWatermark,
        ...producers.map(({ transactionStartOffset }) => transactionStartOffset),
      );
      const unmarked = producers
        .filter(({ transactionStartOffset }) => transactionStartOffset < highWatermark)
        .map(({ producerId, transactionStartOffset }) =>
          this.#transaction(topic, producerId, transactionStartOffset, states),
        );
      return { highWatermark, lastStableOffset, unmarked };
    });
  }

  close(): void {
    this.#cluster.close();
    this.#brokers.close();
  }

  /** Throws if a partition has changed its leader, or if another broker answered. */
  #expectLeaders(before: readonly PartitionState[], after: readonly PartitionState[]): void {
    for (const { topic, partition } of this.#partitions) {
      const isIt = (state: PartitionState): boolean => state.topic === topic && state.partition === partition;
      const [then, now] = [before.find(isIt), after.find(isIt)];
      if (now?.leaderEpoch !== then?.leaderEpoch || now?.leader !== this.#cluster.leader(topic, partition))
        throw new BrokerError(codes.NOT_LEADER_OR_FOLLOWER, `partition ${partition} of topic ${topic}`);
    }
  }

  /** Transaction states by producer. */
  async #states(): Promise<ReadonlyMap<number, TransactionState>> {
    const states = new Map<number, TransactionState>();
    for (const transaction of await this.#brokers.transactions()) {
      const { transactionalId, producerId } = transaction;
      if (states.has(producerId)) throw new BrokerError(codes.NOT_COORDINATOR, `transactional id ${transactionalId}`);
      states.set(producerId, transaction);
    }
    return states;
  }

  async #open(): Promise<ReadonlyMap<string, readonly OpenProducer[]>> {
    const producersByPartition = new Map<string, OpenProducer[]>();
    await callLeaders(this.#cluster, this.#partitions, async (leader, list) => {
      const { topics } = await leader.call(describeProducers(list));
      for (const { topic, partitions } of topics)
        for (const { partition, errorCode, producers } of partitions) {
          throwIfError(errorCode, `partition ${partition} of topic ${topic}`);
          producersByPartition.set(
            topic,
            producers.filter(({ transactionStartOffset }) => transactionStartOffset >= 0),
          );
        }
    });
    return producersByPartition;
  }

  /**
   * After a broker crash a partition may lack the marker of a decided transaction. The connector then ends it with an
   * empty transaction of the same producer, which is briefly Ongoing with records that were decided earlier.
   */
  #transaction(
    topic: string,
    producerId: number,
    from: number,
    states: ReadonlyMap<number, TransactionState>,
  ): UnmarkedTransaction {
    const transaction = states.get(producerId);
    // A starting broker leads the partitions of its topics before those of the transaction log.
    if (transaction === undefined)
      throw new BrokerError(codes.COORDINATOR_NOT_AVAILABLE, `the transaction of producer ${producerId}`);
    const key = `${topic} ${producerId} ${from}`;
    if (isDecidedState(transaction.state)) this.#decided.add(key);
    return { from, ...transaction, decided: this.#decided.has(key) };
  }
}
