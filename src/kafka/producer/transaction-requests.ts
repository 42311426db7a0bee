import { setTimeout as delay } from 'node:timers/promises';
import type { TopicPartition } from '../../api/index.ts';
import { MillraceError } from '../../errors.ts';
import type { Cluster } from '../cluster/cluster.ts';
import type { Connection } from '../cluster/connection.ts';
import { type RetryOptions, retry } from '../cluster/retry.ts';
import {
  BrokerError,
  ConnectionLost,
  codes,
  hasCoordinatorMoved,
  isFenced,
  isRetriableError,
  throwIfError,
} from '../failures.ts';
import type { GroupOffsets, TransactionalId, TransactionOutcome } from '../port.ts';
import { describeTransactions } from '../protocol/describe-transactions.ts';
import {
  addOffsetsToTxn,
  addPartitionsToTxn,
  endTxn,
  initProducerId,
  optionalApis,
  type TransactionIdentity,
  txnOffsetCommit,
} from '../protocol/kafkajs-internals.ts';
import { offsetsByTopic, partitionsByTopic } from '../protocol/topic-partitions.ts';

/** Limit for the abort of a failed transaction. The next producer's initialization aborts it in any case. */
const ABORT_MS = 2000;
/** The control records of the previous transaction are written within milliseconds (CONCURRENT_TRANSACTIONS until then). */
const shortBackoff = { firstBackoffMs: 2, maxBackoffMs: 10 } as const;

const wasSentWithoutResponse = (error: unknown): boolean => error instanceof ConnectionLost && error.wasSent;

/** Outcome by transaction state. An ongoing transaction is aborted when a new epoch is initialized. */
const outcomes: Readonly<Record<string, TransactionOutcome>> = {
  PrepareCommit: 'committed',
  CompleteCommit: 'committed',
  PrepareAbort: 'aborted',
  CompleteAbort: 'aborted',
  PrepareEpochFence: 'aborted',
  Ongoing: 'aborted',
};

export interface Epoch {
  readonly identity: TransactionIdentity;
  /** undefined: there was no transaction, or the broker does not support DescribeTransactions. */
  readonly previousOutcome: TransactionOutcome | undefined;
}

/** Initializes the epoch of a transactional id (KIP-98); waits while Kafka ends the older producer's transaction. */
export async function openEpoch(cluster: Cluster, { transactionalId, ...options }: TransactionalId): Promise<Epoch> {
  const request = initProducerId({ transactionalId, transactionTimeout: options.transactionTimeoutMs });
  let previousOutcome: TransactionOutcome | undefined;
  return withCoordinator(cluster, transactionalId, async coordinator => {
    const state = await stateOf(coordinator, transactionalId);
    // Initialization changes the state to Empty: the outcome that an earlier attempt read remains valid.
    previousOutcome = state === undefined ? previousOutcome : (outcomes[state] ?? previousOutcome ?? 'unknown');
    const { errorCode, ...identity } = await coordinator.call(request);
    throwIfError(errorCode, `transactional id ${transactionalId}`);
    // Kafka aborts an open transaction and returns a retriable error. Success means that the older producer ended it meanwhile.
    if (state === 'Ongoing') previousOutcome = 'unknown';
    const { producerId, producerEpoch } = identity;
    const { fence } = options;
    // Consecutive epochs: there was no transaction between the fence and this initialization.
    const isNext = fence?.producerId === producerId && fence.epoch + 1 === producerEpoch;
    return {
      identity: { transactionalId, producerId, producerEpoch },
      previousOutcome: previousOutcome === 'unknown' && state === 'Empty' && isNext ? fence.outcome : previousOutcome,
    };
  });
}

/** True: no producer has used the transactional id. False if the broker does not support DescribeTransactions. */
export const isUnused = (cluster: Cluster, transactionalId: string): Promise<boolean> =>
  withCoordinator(
    cluster,
    transactionalId,
    async coordinator =>
      coordinator.supports(optionalApis.DescribeTransactions) &&
      (await stateOf(coordinator, transactionalId)) === undefined,
  );

function withCoordinator<T>(
  cluster: Cluster,
  transactionalId: string,
  call: (coordinator: Connection) => Promise<T>,
): Promise<T> {
  return retry(async () => call(await cluster.coordinator('transaction', transactionalId)), {
    deadline: cluster.deadline(),
    signal: cluster.signal,
    beforeRetry: error => {
      if (hasCoordinatorMoved(error)) cluster.invalidateCoordinator('transaction', transactionalId);
    },
  });
}

/** undefined: the id does not exist, or the broker does not support DescribeTransactions. */
async function stateOf(coordinator: Connection, transactionalId: string): Promise<string | undefined> {
  if (!coordinator.supports(optionalApis.DescribeTransactions)) return undefined;
  const [description] = (await coordinator.call(describeTransactions(transactionalId))).states;
  if (description === undefined || description.errorCode === codes.TRANSACTIONAL_ID_NOT_FOUND) return undefined;
  throwIfError(description.errorCode, `transactional id ${transactionalId}`);
  return description.state;
}

/** Requests of a producer to its transaction coordinator, with retries. */
export class TransactionRequests {
  readonly #cluster: Cluster;
  readonly #identity: TransactionIdentity;
  /** Connection of the last successful request to begin a transaction. */
  #beginConnection: Connection | undefined;
  /** Connection of the last successful request to end a transaction. */
  #endConnection: Connection | undefined;

  constructor(cluster: Cluster, identity: TransactionIdentity) {
    this.#cluster = cluster;
    this.#identity = identity;
  }

  /**
   * True if the current transaction began on another connection than the one on which the previous transaction ended: the broker may
   * have crashed in between.
   */
  get hasConnectionChanged(): boolean {
    return this.#endConnection !== undefined && this.#beginConnection !== this.#endConnection;
  }

  /** Begins the transaction or adds partitions to it. Idempotent. */
  async addPartitions(partitions: readonly TopicPartition[], deadline: number): Promise<void> {
    if (partitions.length === 0) return;
    const request = addPartitionsToTxn({ ...this.#identity, topics: partitionsByTopic(partitions) });
    await this.#callCoordinator(deadline, shortBackoff, async coordinator => {
      const { errors } = await coordinator.call(request);
      const failed = errors
        .flatMap(({ topic, partitionErrors }) => partitionErrors.map(error => ({ topic, ...error })))
        .filter(({ errorCode }) => errorCode !== codes.NONE);
      // If one partition is rejected, the others have OPERATION_NOT_ATTEMPTED.
      const worst = failed.find(({ errorCode }) => errorCode !== codes.OPERATION_NOT_ATTEMPTED) ?? failed[0];
      if (worst !== undefined)
        throw new BrokerError(worst.errorCode, `partition ${worst.partition} of topic ${worst.topic}`);
      this.#beginConnection = coordinator;
    });
  }

  /** Adds a group's offsets to the transaction. Rejects with ConnectionLost if the request may still arrive. */
  async sendOffsets({ group, offsets }: GroupOffsets, deadline: number): Promise<void> {
    await this.#callCoordinator(deadline, shortBackoff, async coordinator => {
      const { errorCode } = await coordinator.call(addOffsetsToTxn({ ...this.#identity, groupId: group }));
      throwIfError(errorCode, `consumer group ${group}`);
    });
    const request = txnOffsetCommit({ ...this.#identity, groupId: group, topics: offsetsByTopic(offsets) });
    await retry(
      async () => {
        const coordinator = await this.#cluster.coordinator('group', group);
        const { topics } = await coordinator.call(request);
        for (const { topic, partitions } of topics)
          for (const { partition, errorCode } of partitions)
            throwIfError(
              errorCode,
              `the offset of partition ${partition} of topic ${topic} in consumer group ${group}`,
            );
      },
      {
        deadline,
        signal: this.#cluster.signal,
        // Offsets have no sequence number: a delayed request could overwrite those of the next transaction.
        isRetriable: error => isRetriableError(error) && !wasSentWithoutResponse(error),
        beforeRetry: error => {
          if (hasCoordinatorMoved(error)) this.#cluster.invalidateCoordinator('group', group);
        },
      },
    );
  }

  /**
   * Commits or aborts. Retries until Kafka returns a definite result, which is the same for each request of the epoch until the
   * next transaction begins. COMMIT_UNKNOWN if there was none for a commit. 'repeated': an unanswered request may still arrive
   * and would end the next transaction early, so this epoch must not begin another one.
   */
  async end(commit: boolean, deadline: number): Promise<'once' | 'repeated'> {
    let unknownOutcome: unknown;
    let isRepeated = false;
    const isRetriable = (error: unknown): boolean => {
      if (mayHaveEnded(error)) unknownOutcome = error;
      isRepeated ||= wasSentWithoutResponse(error);
      return isRetriableError(error) || isUnknownServerError(error);
    };
    try {
      await this.#callCoordinator(deadline, { isRetriable }, coordinator => this.#end(coordinator, commit));
    } catch (error) {
      // A fencing error is more precise: the newer producer reads the committed position.
      if (unknownOutcome === undefined || isFenced(error) || !commit) throw error;
      const id = this.#identity.transactionalId;
      throw new MillraceError(
        'COMMIT_UNKNOWN',
        `It is unknown whether a transaction of ${id} was committed (${(unknownOutcome as Error).message}): initialize the transactional id again and read the committed position.`,
        { cause: error },
      );
    }
    return isRepeated ? 'repeated' : 'once';
  }

  /** Best effort. Requires that all requests of the transaction have been answered. Resolves with the error, if any. */
  async abort(): Promise<unknown> {
    const cancel = new AbortController();
    const signal = AbortSignal.any([cancel.signal, this.#cluster.signal]);
    const aborting = this.#callCoordinator(performance.now() + ABORT_MS, { signal }, coordinator =>
      this.#end(coordinator, false),
    );
    const timeout = delay(ABORT_MS, 'the abort timed out', { signal }).catch(() => 'the client was closed');
    const outcome = await Promise.race([aborting.catch((error: unknown) => error), timeout]);
    cancel.abort();
    return outcome;
  }

  async #end(coordinator: Connection, transactionResult: boolean): Promise<void> {
    const { errorCode } = await coordinator.call(endTxn({ ...this.#identity, transactionResult }));
    throwIfError(errorCode, 'the end of a transaction');
    this.#endConnection = coordinator;
  }

  async #callCoordinator(
    deadline: number,
    options: Partial<RetryOptions>,
    call: (coordinator: Connection) => Promise<void>,
  ): Promise<void> {
    const { transactionalId } = this.#identity;
    await retry(async () => call(await this.#cluster.coordinator('transaction', transactionalId)), {
      deadline,
      signal: this.#cluster.signal,
      beforeRetry: error => {
        if (hasCoordinatorMoved(error)) this.#cluster.invalidateCoordinator('transaction', transactionalId);
      },
      ...options,
    });
  }
}

const isUnknownServerError = (error: unknown): boolean =>
  error instanceof BrokerError && error.code === codes.UNKNOWN_SERVER_ERROR;

/** True if a request to end a transaction may have ended it despite this error. */
function mayHaveEnded(error: unknown): boolean {
  if (error instanceof ConnectionLost) return error.wasSent;
  // The coordinator rejected the request before it processed the transaction.
  if (error instanceof BrokerError && error.code === codes.COORDINATOR_LOAD_IN_PROGRESS) return false;
  return isRetriableError(error) || isUnknownServerError(error);
}
