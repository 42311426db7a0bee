import type { Log } from '../../api/component.ts';
import type { TopicPartition } from '../../api/index.ts';
import { MillraceError } from '../../errors.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { callLeaders } from '../cluster/leaders.ts';
import { retry } from '../cluster/retry.ts';
import { BrokerError, ConnectionLost, codes, throwIfError } from '../failures.ts';
import type { TransactionOutcome } from '../port.ts';
import { describeProducers } from '../protocol/describe-transactions.ts';
import { optionalApis, type TransactionIdentity } from '../protocol/kafkajs-internals.ts';
import type { TransactionRequests } from './transaction-requests.ts';

/**
 * Completes hanging transactions (KIP-664) of this producer's transactional id: the coordinator has ended them, but a partition
 * still has them open. This happens when a partition has no leader while the coordinator writes the control records, as
 * during the restart of a crashed broker: the coordinator then treats the partition as deleted.
 *
 * Committed reads stop at such a transaction, so a position that is read is outdated. Worse, the producer's next control record
 * applies to it too: a commit would bring back aborted records, an abort would lose committed ones. Therefore each is
 * completed with its decided outcome before the partition is read or written, by a transaction without records.
 */
export class HangingTransactions {
  readonly #cluster: Cluster;
  readonly #identity: TransactionIdentity;
  readonly #transaction: TransactionRequests;
  readonly #log: Log;

  constructor(cluster: Cluster, identity: TransactionIdentity, transaction: TransactionRequests, log: Log) {
    this.#cluster = cluster;
    this.#identity = identity;
    this.#transaction = transaction;
    this.#log = log;
  }

  /**
   * Completes hanging transactions in these partitions. Must not be called during a transaction. Returns true if there was one;
   * no transaction is open afterwards. Rejects with ConnectionLost if the outcome is unknown.
   */
  async complete(
    partitions: readonly TopicPartition[],
    outcome: TransactionOutcome,
    deadline: number,
  ): Promise<boolean> {
    const hanging = await this.#find(partitions, deadline);
    if (hanging.length === 0) return false;
    const { transactionalId } = this.#identity;
    const partitionNames = hanging.map(({ topic, partition }) => `${topic}-${partition}`).join(', ');
    if (outcome === 'unknown')
      throw new MillraceError(
        'SOURCE_SETUP',
        `A transaction of ${transactionalId} hangs in ${partitionNames}, and Kafka no longer stores whether it was committed. Find it with kafka-transactions.sh find-hanging, and end it with kafka-transactions.sh abort; its records are then lost or written again.`,
      );
    this.#log.warn({ transactionalId, partitions: partitionNames, outcome }, 'completing a hanging transaction');
    await this.#transaction.addPartitions(hanging, deadline);
    if ((await this.#transaction.end(outcome === 'committed', deadline)) === 'repeated')
      throw new ConnectionLost(`the response to a request of ${transactionalId} was lost`, true);
    // Kafka responds when the outcome is durable, and writes the control records to the partitions a moment later.
    await retry(
      async () => {
        const [remaining] = await this.#find(hanging, deadline);
        if (remaining === undefined) return;
        throw new BrokerError(
          codes.CONCURRENT_TRANSACTIONS,
          `partition ${remaining.partition} of topic ${remaining.topic}`,
        );
      },
      { deadline, signal: this.#cluster.signal },
    );
    return true;
  }

  /** Partitions in which a transaction of this producer is open; [] if the broker does not support the request. */
  async #find(partitions: readonly TopicPartition[], deadline: number): Promise<readonly TopicPartition[]> {
    const hanging = new Map<string, TopicPartition>();
    const producerId = Number(this.#identity.producerId);
    await callLeaders(
      this.#cluster,
      partitions,
      async (leader, list) => {
        if (!leader.supports(optionalApis.DescribeProducers)) return;
        const { topics } = await leader.call(describeProducers(list));
        for (const { topic, partitions: results } of topics)
          for (const { partition, errorCode, producers } of results) {
            const name = `partition ${partition} of topic ${topic}`;
            // DescribeProducers requires the READ permission, which a producer may not have.
            if (errorCode === codes.TOPIC_AUTHORIZATION_FAILED) continue;
            throwIfError(errorCode, name);
            if (producers.some(producer => producer.producerId === producerId && producer.transactionStartOffset >= 0))
              hanging.set(name, { topic, partition });
          }
      },
      deadline,
    );
    return [...hanging.values()];
  }
}
