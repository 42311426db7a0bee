import type { TopicPartition } from '../../src/api/index.ts';
import { Cluster } from '../../src/kafka/cluster.ts';
import { describeProducers, listTransactions } from '../../src/kafka/describe-transactions.ts';
import { BrokerError, codes, failIf } from '../../src/kafka/failures.ts';
import { askLeaders } from '../../src/kafka/leaders.ts';
import { LATEST, offsetsAt } from '../../src/kafka/list-offsets.ts';
import { silent } from '../../src/observability/silent.ts';

/** Milliseconds: a sample that takes longer says little about the moment that it is of. */
const REQUEST_TIMEOUT_MS = 2000;

/** A transaction that has records in a partition, and no marker. */
export interface UnmarkedTransaction {
  readonly producerId: number;
  /** Offset of its first record. */
  readonly from: number;
  readonly transactionalId: string;
  /** As the coordinator names it. */
  readonly state: string;
  /** The coordinator has written its decision to its log: the markers follow, whatever happens. */
  readonly decided: boolean;
}

/** The end of a partition, by which of its records are decided. */
export interface PartitionEnd {
  readonly highWatermark: number;
  /** For reports: readers of committed records come so far. */
  readonly lastStableOffset: number;
  readonly unmarked: readonly UnmarkedTransaction[];
}

/** True where a record's transaction was committed or aborted by then, with or without a marker. */
export const isDecided = (
  { highWatermark, unmarked }: PartitionEnd,
  { offset, producerId }: { readonly offset: number; readonly producerId: number },
): boolean =>
  offset < highWatermark &&
  !unmarked.some(open => !open.decided && open.producerId === producerId && open.from <= offset);

interface OpenProducer {
  readonly producerId: number;
  readonly openFrom: number;
}

interface CoordinatorState {
  readonly transactionalId: string;
  readonly state: string;
}

/**
 * States in which a coordinator has nothing undecided. PrepareCommit stands in its log before EndTxn is answered and before
 * the markers are written: the last stable offset, and so readers of committed records, lag behind the commit.
 */
const decidedStates = new Set(['Empty', 'PrepareCommit', 'CompleteCommit', 'PrepareAbort', 'CompleteAbort']);
export const isDecidedState = (state: string): boolean => decidedStates.has(state);

/** Asks Kafka which records of some partitions are decided (KIP-664). */
export class Decisions {
  readonly #cluster: Cluster;
  readonly #partitions: readonly TopicPartition[];
  /** Transactions that were seen decided and without a marker, by partition, producer and first offset. */
  readonly #decided = new Set<string>();

  constructor(broker: string, topics: readonly string[]) {
    const config = { brokers: [broker], clientId: 'decisions', requestTimeoutMs: REQUEST_TIMEOUT_MS };
    this.#cluster = new Cluster(config, silent);
    this.#partitions = topics.map(topic => ({ topic, partition: 0 }));
  }

  /**
   * The ends of the partitions, in the order of the topics: a record that was decided before the call is decided by them.
   * Rejects with ConnectionLost or BrokerError while Kafka cannot tell.
   *
   * The order of the requests matters. A state that is read after the high watermark covers all records below it: a
   * producer has no second transaction before the markers of its first. Markers that are written between the state and the
   * list of open transactions only take entries off the list, and those that begin in between have no record below it.
   */
  async read(): Promise<readonly PartitionEnd[]> {
    const highWatermarks = await offsetsAt(this.#cluster, this.#partitions, LATEST, 'read_uncommitted');
    const states = await this.#states();
    const open = await this.#open();
    const stable = await offsetsAt(this.#cluster, this.#partitions, LATEST, 'read_committed');
    return this.#partitions.map(({ topic }, i) => {
      const [highWatermark, lastStableOffset] = [highWatermarks[i] ?? 0, stable[i] ?? 0];
      const unmarked = (open.get(topic) ?? [])
        .filter(({ openFrom }) => openFrom < highWatermark)
        .map(({ producerId, openFrom }) => this.#transaction(topic, producerId, openFrom, states));
      return { highWatermark, lastStableOffset, unmarked };
    });
  }

  close(): void {
    this.#cluster.close();
  }

  async #states(): Promise<ReadonlyMap<number, CoordinatorState>> {
    const states = new Map<number, CoordinatorState>();
    for (const node of this.#cluster.nodes) {
      const { errorCode, transactions } = await (await this.#cluster.broker(node)).call(listTransactions([]));
      failIf(errorCode, `transactions of broker ${node}`);
      for (const { producerId, transactionalId, state } of transactions)
        states.set(producerId, { transactionalId, state });
    }
    return states;
  }

  async #open(): Promise<ReadonlyMap<string, readonly OpenProducer[]>> {
    const found = new Map<string, OpenProducer[]>();
    await askLeaders(this.#cluster, this.#partitions, async (leader, list) => {
      const { topics } = await leader.call(describeProducers(list));
      for (const { topic, partitions } of topics)
        for (const { partition, errorCode, producers } of partitions) {
          failIf(errorCode, `partition ${partition} of topic ${topic}`);
          found.set(
            topic,
            producers.filter(({ openFrom }) => openFrom >= 0),
          );
        }
    });
    return found;
  }

  /**
   * After a crash of the broker a partition may lack the marker of a decided transaction, which the connector then ends
   * with an empty one of the same producer: it is Ongoing for a moment, with records that were decided earlier.
   */
  #transaction(
    topic: string,
    producerId: number,
    from: number,
    states: ReadonlyMap<number, CoordinatorState>,
  ): UnmarkedTransaction {
    const known = states.get(producerId);
    // A broker that starts leads the partitions of its topics before those of the transactions' log.
    if (known === undefined)
      throw new BrokerError(codes.COORDINATOR_NOT_AVAILABLE, `the transaction of producer ${producerId}`);
    const key = `${topic} ${producerId} ${from}`;
    if (isDecidedState(known.state)) this.#decided.add(key);
    return { producerId, from, ...known, decided: this.#decided.has(key) };
  }
}
