import type { Log } from '../../api/component.ts';
import type { TopicPartition } from '../../api/index.ts';
import { MillraceError } from '../../errors.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { askLeaders } from '../cluster/leaders.ts';
import { persist } from '../cluster/retry.ts';
import { BrokerError, ConnectionLost, codes, failIf } from '../failures.ts';
import type { Ending } from '../port.ts';
import { describeProducers } from '../protocol/describe-transactions.ts';
import { laterApis, type TransactionIdentity } from '../protocol/kafkajs-internals.ts';
import type { TransactionRequests } from './transaction-requests.ts';

/**
 * Transactions of this producer's id that their coordinator has ended, and a partition holds open all the same: hanging
 * ones (KIP-664). Kafka leaves them behind where a partition has no leader in the moment in which its end is to be
 * written there, as while a broker comes back from a crash: the coordinator then takes the partition for a deleted one.
 *
 * Readers of committed records stop there, and see a position that is no longer true. Worse, the next end of the same
 * producer counts for it as well: aborted records would come back with a commit, committed ones be lost with an abort.
 * So each is ended as it had been decided, before anything is read from or written to the partition: with a transaction
 * that has nothing else in it.
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
   * Ends what hangs in these partitions; not to be called while a transaction has anything in it. True: there was
   * something, and no transaction is open now. Rejects with ConnectionLost where Kafka did not say what became of it.
   */
  async end(partitions: readonly TopicPartition[], ending: Ending, deadline: number): Promise<boolean> {
    const hanging = await this.#find(partitions, deadline);
    if (hanging.length === 0) return false;
    const { transactionalId } = this.#identity;
    const where = hanging.map(({ topic, partition }) => `${topic}-${partition}`).join(', ');
    if (ending === 'unknown')
      throw new MillraceError(
        'SOURCE_SETUP',
        `Kafka holds a transaction of ${transactionalId} open in ${where} that it has ended, and no longer tells whether it committed it. Find it with kafka-transactions.sh find-hanging, and end it with abort; records of it are then lost or written again.`,
      );
    this.#log.warn(
      { transactionalId, where, ending },
      'Kafka left a transaction open that it had ended: ending it anew',
    );
    await this.#transaction.addPartitions(hanging, deadline);
    if ((await this.#transaction.end(ending === 'committed', deadline)) === 'repeated')
      throw new ConnectionLost(`an answer to ${transactionalId} was lost`, true);
    // Kafka answers when it is sure, and writes it to the partitions a moment later.
    await persist(
      async () => {
        const [still] = await this.#find(hanging, deadline);
        if (still === undefined) return;
        throw new BrokerError(codes.CONCURRENT_TRANSACTIONS, `partition ${still.partition} of topic ${still.topic}`);
      },
      { deadline, signal: this.#cluster.signal },
    );
    return true;
  }

  /** Those in which a transaction of this producer is open. None where that cannot be asked. */
  async #find(partitions: readonly TopicPartition[], deadline: number): Promise<readonly TopicPartition[]> {
    const found = new Map<string, TopicPartition>();
    const own = Number(this.#identity.producerId);
    await askLeaders(
      this.#cluster,
      partitions,
      async (leader, list) => {
        if (!leader.knows(laterApis.DescribeProducers)) return;
        const { topics } = await leader.call(describeProducers(list));
        for (const { topic, partitions: answers } of topics)
          for (const { partition, errorCode, producers } of answers) {
            const name = `partition ${partition} of topic ${topic}`;
            // To write needs no right to read, which this does.
            if (errorCode === codes.TOPIC_AUTHORIZATION_FAILED) continue;
            failIf(errorCode, name);
            if (producers.some(({ producerId, openFrom }) => producerId === own && openFrom >= 0))
              found.set(name, { topic, partition });
          }
      },
      deadline,
    );
    return [...found.values()];
  }
}
