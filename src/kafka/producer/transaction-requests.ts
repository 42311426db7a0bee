import { setTimeout as after } from 'node:timers/promises';
import type { TopicPartition } from '../../api/index.ts';
import { MillraceError } from '../../errors.ts';
import type { Cluster } from '../cluster/cluster.ts';
import type { Connection } from '../cluster/connection.ts';
import { persist, type Retry } from '../cluster/retry.ts';
import {
  BrokerError,
  ConnectionLost,
  codes,
  coordinatorIsElsewhere,
  failIf,
  isFenced,
  isPassing,
} from '../failures.ts';
import type { Ending, GroupOffsets, TransactionalId } from '../port.ts';
import { describeTransactions } from '../protocol/describe-transactions.ts';
import {
  addOffsetsToTxn,
  addPartitionsToTxn,
  endTxn,
  initProducerId,
  laterApis,
  type TransactionIdentity,
  txnOffsetCommit,
} from '../protocol/kafkajs-internals.ts';
import { offsetsByTopic, partitionsByTopic } from '../protocol/topic-partitions.ts';

/** How long the abort of a failed transaction may take, as a courtesy: whoever comes next aborts it anyway. */
const ABORT_MS = 2000;
/** The end of the transaction before may still be on its way to the partitions: a matter of milliseconds. */
const soon = { first: 2, most: 10 } as const;

const sentInVain = (error: unknown): boolean => error instanceof ConnectionLost && error.sent;

/** By a transaction's state; that of one that is open tells how it ends behind a new epoch. */
const endings: Readonly<Record<string, Ending>> = {
  PrepareCommit: 'committed',
  CompleteCommit: 'committed',
  PrepareAbort: 'aborted',
  CompleteAbort: 'aborted',
  PrepareEpochFence: 'aborted',
  Ongoing: 'aborted',
};

export interface Epoch {
  readonly identity: TransactionIdentity;
  /** undefined: there has been no transaction, or the broker is too old to tell. */
  readonly before: Ending | undefined;
}

/** Opens the epoch of a transactional id (KIP-98); waits while Kafka ends what the older producer had open. */
export async function openEpoch(cluster: Cluster, { transactionalId, ...options }: TransactionalId): Promise<Epoch> {
  const request = initProducerId({ transactionalId, transactionTimeout: options.transactionTimeoutMs });
  let before: Ending | undefined;
  return withCoordinator(cluster, transactionalId, async coordinator => {
    const state = await stateOf(coordinator, transactionalId);
    // Opening the epoch makes it Empty: what an earlier attempt has seen still holds.
    before = state === undefined ? before : (endings[state] ?? before ?? 'unknown');
    const { errorCode, ...identity } = await coordinator.call(request);
    failIf(errorCode, `transactional id ${transactionalId}`);
    // To abort what was open takes Kafka a second attempt: the older producer has ended it in between, whichever way.
    if (state === 'Ongoing') before = 'unknown';
    const { producerId, producerEpoch } = identity;
    const { fence } = options;
    // No epoch was opened in between, so there was no transaction either.
    const isNext = fence?.producerId === producerId && fence.epoch + 1 === producerEpoch;
    return {
      identity: { transactionalId, producerId, producerEpoch },
      before: before === 'unknown' && state === 'Empty' && isNext ? fence.ending : before,
    };
  });
}

/** True: no producer has used the transactional id. False also where the broker is too old to tell. */
export const isUnused = (cluster: Cluster, transactionalId: string): Promise<boolean> =>
  withCoordinator(
    cluster,
    transactionalId,
    async coordinator =>
      coordinator.knows(laterApis.DescribeTransactions) && (await stateOf(coordinator, transactionalId)) === undefined,
  );

function withCoordinator<T>(
  cluster: Cluster,
  transactionalId: string,
  ask: (coordinator: Connection) => Promise<T>,
): Promise<T> {
  return persist(async () => ask(await cluster.coordinator('transaction', transactionalId)), {
    deadline: cluster.deadline(),
    signal: cluster.signal,
    again: error => {
      if (coordinatorIsElsewhere(error)) cluster.forgetCoordinator('transaction', transactionalId);
    },
  });
}

/** undefined: there is no such id, or the broker is too old to tell. */
async function stateOf(coordinator: Connection, transactionalId: string): Promise<string | undefined> {
  if (!coordinator.knows(laterApis.DescribeTransactions)) return undefined;
  const [found] = (await coordinator.call(describeTransactions(transactionalId))).states;
  if (found === undefined || found.errorCode === codes.TRANSACTIONAL_ID_NOT_FOUND) return undefined;
  failIf(found.errorCode, `transactional id ${transactionalId}`);
  return found.state;
}

/** What a producer asks of its transaction's coordinator, each request sent until it is answered for good. */
export class TransactionRequests {
  readonly #cluster: Cluster;
  readonly #identity: TransactionIdentity;
  /** Who answered the last request to begin a transaction, and to end one. */
  #begunWith: Connection | undefined;
  #endedWith: Connection | undefined;

  constructor(cluster: Cluster, identity: TransactionIdentity) {
    this.#cluster = cluster;
    this.#identity = identity;
  }

  /**
   * Whether the transaction under way was begun over another connection than that over which the one before it was ended:
   * Kafka may have come back from a crash.
   */
  get interrupted(): boolean {
    return this.#endedWith !== undefined && this.#begunWith !== this.#endedWith;
  }

  /** Begins the transaction, or takes further partitions into it. Idempotent. */
  async addPartitions(partitions: readonly TopicPartition[], deadline: number): Promise<void> {
    if (partitions.length === 0) return;
    const request = addPartitionsToTxn({ ...this.#identity, topics: partitionsByTopic(partitions) });
    await this.#persist(deadline, soon, async coordinator => {
      const { errors } = await coordinator.call(request);
      const failed = errors
        .flatMap(({ topic, partitionErrors }) => partitionErrors.map(error => ({ topic, ...error })))
        .filter(({ errorCode }) => errorCode !== codes.NONE);
      // One refused partition leaves the others OPERATION_NOT_ATTEMPTED.
      const worst = failed.find(({ errorCode }) => errorCode !== codes.OPERATION_NOT_ATTEMPTED) ?? failed[0];
      if (worst !== undefined)
        throw new BrokerError(worst.errorCode, `partition ${worst.partition} of topic ${worst.topic}`);
      this.#begunWith = coordinator;
    });
  }

  /** Puts a group's offsets into the transaction. Rejects with ConnectionLost where they may still arrive. */
  async sendOffsets({ group, offsets }: GroupOffsets, deadline: number): Promise<void> {
    await this.#persist(deadline, soon, async coordinator => {
      const { errorCode } = await coordinator.call(addOffsetsToTxn({ ...this.#identity, groupId: group }));
      failIf(errorCode, `consumer group ${group}`);
    });
    const request = txnOffsetCommit({ ...this.#identity, groupId: group, topics: offsetsByTopic(offsets) });
    await persist(
      async () => {
        const coordinator = await this.#cluster.coordinator('group', group);
        const { topics } = await coordinator.call(request);
        for (const { topic, partitions } of topics)
          for (const { partition, errorCode } of partitions)
            failIf(errorCode, `the offset of partition ${partition} of topic ${topic} in consumer group ${group}`);
      },
      {
        deadline,
        signal: this.#cluster.signal,
        // Offsets have no sequence number: those that arrive late could undo the next transaction's.
        retriable: error => isPassing(error) && !sentInVain(error),
        again: error => {
          if (coordinatorIsElsewhere(error)) this.#cluster.forgetCoordinator('group', group);
        },
      },
    );
  }

  /**
   * Commits, or aborts. Asks again until Kafka gives a definite answer: to the same producer and epoch it answers the
   * same, as long as no further transaction has begun. COMMIT_UNKNOWN when there was none to a commit. 'repeated': a
   * request without an answer may still arrive, and would then end the next transaction half-way; there must be none in
   * this epoch.
   */
  async end(commit: boolean, deadline: number): Promise<'once' | 'repeated'> {
    let unknown: unknown;
    let repeated = false;
    const retriable = (error: unknown): boolean => {
      if (mayHaveEnded(error)) unknown = error;
      repeated ||= sentInVain(error);
      return isPassing(error) || isUnexplained(error);
    };
    try {
      await this.#persist(deadline, { retriable }, coordinator => this.#end(coordinator, commit));
    } catch (error) {
      // Fenced says more: whoever is newer reads what was committed.
      if (unknown === undefined || isFenced(error) || !commit) throw error;
      const id = this.#identity.transactionalId;
      throw new MillraceError(
        'COMMIT_UNKNOWN',
        `Kafka did not say whether it has committed a transaction of ${id} (${(unknown as Error).message}): open the transactional id anew and read the committed position.`,
        { cause: error },
      );
    }
    return repeated ? 'repeated' : 'once';
  }

  /** Best effort, and only behind the answers to everything that writes. Resolves with what went wrong, if anything. */
  async abort(): Promise<unknown> {
    const giveUp = new AbortController();
    const signal = AbortSignal.any([giveUp.signal, this.#cluster.signal]);
    const aborting = this.#persist(performance.now() + ABORT_MS, { signal }, coordinator =>
      this.#end(coordinator, false),
    );
    const late = after(ABORT_MS, 'it takes too long', { signal }).catch(() => 'the client was closed');
    const outcome = await Promise.race([aborting.catch((error: unknown) => error), late]);
    giveUp.abort();
    return outcome;
  }

  async #end(coordinator: Connection, transactionResult: boolean): Promise<void> {
    const { errorCode } = await coordinator.call(endTxn({ ...this.#identity, transactionResult }));
    failIf(errorCode, 'the end of a transaction');
    this.#endedWith = coordinator;
  }

  async #persist(
    deadline: number,
    retry: Partial<Retry>,
    ask: (coordinator: Connection) => Promise<void>,
  ): Promise<void> {
    const { transactionalId } = this.#identity;
    await persist(async () => ask(await this.#cluster.coordinator('transaction', transactionalId)), {
      deadline,
      signal: this.#cluster.signal,
      again: error => {
        if (coordinatorIsElsewhere(error)) this.#cluster.forgetCoordinator('transaction', transactionalId);
      },
      ...retry,
    });
  }
}

const isUnexplained = (error: unknown): boolean =>
  error instanceof BrokerError && error.code === codes.UNKNOWN_SERVER_ERROR;

/** Whether a request to end a transaction that failed so may have ended it. */
function mayHaveEnded(error: unknown): boolean {
  if (error instanceof ConnectionLost) return error.sent;
  // Refused before the transaction was looked at.
  if (error instanceof BrokerError && error.code === codes.COORDINATOR_LOAD_IN_PROGRESS) return false;
  return isPassing(error) || isUnexplained(error);
}
