import { setTimeout as after, setImmediate as immediate } from 'node:timers/promises';
import type { Log } from '../api/component.ts';
import { MillraceError } from '../errors.ts';
import { bufferPool } from './buffer-pool.ts';
import type { Cluster } from './cluster.ts';
import {
  BrokerError,
  ConnectionLost,
  codes,
  coordinatorIsElsewhere,
  failIf,
  isFenced,
  isPassing,
  isStale,
  millraceError,
} from './failures.ts';
import {
  addOffsetsToTxn,
  addPartitionsToTxn,
  endTxn,
  initProducerId,
  type TransactionIdentity,
  txnOffsetCommit,
} from './kafkajs-internals.ts';
import type { GroupOffsets, ProducerBatch, ProducerOptions, TransactionalProducer } from './port.ts';
import { firstFailure, type Outgoing, type OutgoingPartition, sendOnce } from './produce.ts';
import { type PartitionBatches, TransactionBatch } from './producer-batch.ts';
import { persist, type Retry } from './retry.ts';
import { TopicCatalogue } from './topic-catalogue.ts';
import { offsetsByTopic, partitionsByTopic } from './topic-partitions.ts';

/** What is kept of batches' memory for the next ones. */
const POOL_BYTES = 32 * 1024 * 1024;
/** How much is encoded before others have their turn on the event loop. */
const HOLD_BYTES = 4 * 1024 * 1024;
/** How long the abort of a failed transaction may take, as a courtesy: whoever comes next aborts it anyway. */
const ABORT_MS = 2000;

/**
 * Opens the epoch of a transactional id: an older producer of the same id is fenced, and its open transaction is ended,
 * before this resolves (KIP-98). Takes over `cluster` and closes it.
 */
export async function openProducer(
  cluster: Cluster,
  options: ProducerOptions,
  log: Log,
): Promise<TransactionalProducer> {
  const { transactionalId, transactionTimeoutMs } = options;
  try {
    const opened = await persist(
      async () => {
        const coordinator = await cluster.coordinator('transaction', transactionalId);
        const request = initProducerId({ transactionalId, transactionTimeout: transactionTimeoutMs });
        const response = await coordinator.call(request);
        failIf(response.errorCode, `transactional id ${transactionalId}`);
        return response;
      },
      {
        deadline: cluster.deadline(),
        signal: cluster.signal,
        again: error => forgetCoordinator(cluster, error, transactionalId),
      },
    );
    log.debug({ transactionalId, epoch: opened.producerEpoch }, 'opened the epoch of a transactional id');
    return new Producer(cluster, options, opened.producerId, opened.producerEpoch, log);
  } catch (error) {
    cluster.close();
    throw millraceError(error, `open the transactional id ${transactionalId}`, 'SOURCE_SETUP');
  }
}

function forgetCoordinator(cluster: Cluster, error: unknown, transactionalId: string): void {
  if (coordinatorIsElsewhere(error)) cluster.forgetCoordinator('transaction', transactionalId);
}

class Producer implements TransactionalProducer {
  readonly #cluster: Cluster;
  readonly #options: ProducerOptions;
  readonly #log: Log;
  readonly #identity: TransactionIdentity;
  readonly #producerId: bigint;
  readonly #topics: TopicCatalogue;
  readonly #pool = bufferPool(POOL_BYTES);
  /** The sequence number of the next record, by partition. */
  readonly #sequences = new Map<string, number>();
  #state: 'ready' | 'committing' | 'spent' | 'reopen' = 'ready';
  /** Whether a request that writes in the transaction under way was sent and had no answer. */
  #unanswered = false;

  constructor(cluster: Cluster, options: ProducerOptions, producerId: string, producerEpoch: number, log: Log) {
    this.#cluster = cluster;
    this.#options = options;
    this.#log = log;
    this.#identity = { transactionalId: options.transactionalId, producerId, producerEpoch };
    this.#producerId = BigInt(producerId);
    this.#topics = new TopicCatalogue(cluster);
  }

  batch(): ProducerBatch {
    return new TransactionBatch(topic => this.#topics.limits(topic), this.#pool);
  }

  async prepare(topics: readonly string[]): Promise<void> {
    try {
      await this.#topics.prepare(topics);
    } catch (error) {
      throw millraceError(error, `write to ${topics.join(', ')}`, 'SOURCE_SETUP');
    }
  }

  async commit(batch: ProducerBatch, groupOffsets?: GroupOffsets): Promise<void> {
    if (!(batch instanceof TransactionBatch)) throw new MillraceError('INTERNAL', 'Not a batch of this producer.');
    if (this.#state === 'reopen')
      throw new MillraceError(
        'KAFKA_UNAVAILABLE',
        `An answer to ${this.#options.transactionalId} was lost: its producer must be opened anew before the next transaction.`,
      );
    if (this.#state !== 'ready')
      throw new MillraceError('INTERNAL', `This producer is ${this.#state}: it cannot begin another transaction.`);
    const offsets = groupOffsets !== undefined && groupOffsets.offsets.length > 0 ? groupOffsets : undefined;
    if (batch.records === 0 && offsets === undefined) return;
    this.#state = 'committing';
    const retry: Retry = {
      // The broker aborts what is older.
      deadline: performance.now() + this.#options.transactionTimeoutMs,
      signal: this.#cluster.signal,
      again: error => forgetCoordinator(this.#cluster, error, this.#options.transactionalId),
    };
    try {
      await this.#write(batch, offsets, retry);
      await this.#commit(retry);
    } catch (error) {
      this.#state = 'spent';
      throw millraceError(error, `commit a transaction of ${this.#options.transactionalId}`, 'SOURCE_SETUP');
    }
    batch.release();
    if (this.#state === 'committing') this.#state = 'ready';
  }

  async close(): Promise<void> {
    this.#state = 'spent';
    this.#cluster.close();
  }

  /** Everything of a transaction but its end. Aborts it when it fails. */
  async #write(batch: TransactionBatch, offsets: GroupOffsets | undefined, retry: Retry): Promise<void> {
    const partitions = batch.partitions();
    this.#unanswered = false;
    try {
      const added = this.#addPartitions(partitions, retry);
      const [, outgoing] = await settled([added, this.#encode(partitions, batch.bytes)]);
      await settled([
        this.#produce(outgoing, retry),
        offsets === undefined ? Promise.resolve() : this.#sendOffsets(offsets, retry),
      ]);
    } catch (error) {
      // What was never answered may still arrive, and behind an abort of ours it would belong to no transaction, or to
      // the next one: only the newer epoch of the next producer keeps it out.
      if (!this.#unanswered && !isFenced(error)) await this.#abort();
      throw error;
    }
  }

  async #encode(partitions: readonly PartitionBatches[], bytes: number): Promise<readonly OutgoingPartition[]> {
    const identity = { producerId: this.#producerId, producerEpoch: this.#identity.producerEpoch };
    // Lets what is to be sent first go out first.
    if (bytes > HOLD_BYTES / 16) await immediate();
    let held = 0;
    const all: OutgoingPartition[] = [];
    for (const { topic, partition, batches } of partitions) {
      const key = `${topic} ${partition}`;
      let sequence = this.#sequences.get(key) ?? 0;
      const finished: Promise<Outgoing>[] = [];
      for (const writer of batches) {
        const batch = outgoing(writer.finish(this.#options.compression, identity, sequence));
        // Heard below, where all are awaited.
        batch.catch(() => {});
        finished.push(batch);
        // An int32 that goes on at 0.
        sequence = (sequence + writer.count) & 0x7fffffff;
        held += writer.length;
        if (held > HOLD_BYTES) {
          held = 0;
          await immediate();
        }
      }
      this.#sequences.set(key, sequence);
      all.push({ topic, partition, batches: await Promise.all(finished) });
    }
    return all;
  }

  async #addPartitions(partitions: readonly PartitionBatches[], retry: Retry): Promise<void> {
    if (partitions.length === 0) return;
    const request = addPartitionsToTxn({ ...this.#identity, topics: partitionsByTopic(partitions) });
    await persist(
      async () => {
        const coordinator = await this.#coordinator();
        const { errors } = await coordinator.call(request);
        const failed = errors
          .flatMap(({ topic, partitionErrors }) => partitionErrors.map(error => ({ topic, ...error })))
          .filter(({ errorCode }) => errorCode !== codes.NONE);
        // One refused partition leaves the others OPERATION_NOT_ATTEMPTED.
        const worst = failed.find(({ errorCode }) => errorCode !== codes.OPERATION_NOT_ATTEMPTED) ?? failed[0];
        if (worst !== undefined)
          throw new BrokerError(worst.errorCode, `partition ${worst.partition} of topic ${worst.topic}`);
      },
      // The end of the transaction before may still be on its way to the partitions: a matter of milliseconds.
      { ...retry, first: 2, most: 10 },
    );
  }

  async #produce(outgoing: readonly OutgoingPartition[], retry: Retry): Promise<void> {
    if (outgoing.length === 0) return;
    await persist(
      async () => {
        await sendOnce(this.#cluster, this.#options.transactionalId, outgoing);
        for (const { batches } of outgoing) for (const { state } of batches) this.#note(state);
        const failure = firstFailure(outgoing);
        if (failure !== undefined) throw failure;
      },
      {
        ...retry,
        first: 20,
        again: async (error, attempt) => {
          this.#log.warn(
            { transactionalId: this.#options.transactionalId, attempt, reason: (error as Error).message },
            'writing to Kafka again',
          );
          if (!isStale(error)) return;
          const topics = new Set(outgoing.map(({ topic }) => topic));
          // The next attempt tells whether it still matters.
          await this.#cluster.refresh([...topics]).catch(() => {});
        },
      },
    );
  }

  async #sendOffsets({ group, offsets }: GroupOffsets, retry: Retry): Promise<void> {
    await persist(
      async () => {
        const coordinator = await this.#coordinator();
        const { errorCode } = await coordinator.call(addOffsetsToTxn({ ...this.#identity, groupId: group }));
        failIf(errorCode, `consumer group ${group}`);
      },
      { ...retry, first: 2, most: 10 },
    );
    const request = txnOffsetCommit({ ...this.#identity, groupId: group, topics: offsetsByTopic(offsets) });
    await persist(
      async () => {
        const coordinator = await this.#cluster.coordinator('group', group);
        const { topics } = await coordinator.call(request).catch(error => {
          this.#note(error);
          throw error;
        });
        for (const { topic, partitions } of topics)
          for (const { partition, errorCode } of partitions)
            failIf(errorCode, `the offset of partition ${partition} of topic ${topic} in consumer group ${group}`);
      },
      {
        ...retry,
        // Offsets have no sequence number: one that arrives late could undo those of the next transaction.
        retriable: error => isPassing(error) && !this.#unanswered,
        again: error => {
          if (coordinatorIsElsewhere(error)) this.#cluster.forgetCoordinator('group', group);
        },
      },
    );
  }

  #note(outcome: unknown): void {
    if (outcome instanceof ConnectionLost && outcome.sent) this.#unanswered = true;
  }

  /**
   * Commits, asking again until Kafka gives a definite answer: to the same producer and epoch it answers the same, as
   * long as no further transaction has begun.
   */
  async #commit(retry: Retry): Promise<void> {
    let unknown: unknown;
    let repeated = false;
    try {
      await persist(
        async () => {
          const coordinator = await this.#coordinator();
          const { errorCode } = await coordinator.call(endTxn({ ...this.#identity, transactionResult: true }));
          failIf(errorCode, 'the end of a transaction');
        },
        {
          ...retry,
          deadline: performance.now() + this.#options.transactionTimeoutMs,
          retriable: error => {
            if (mayHaveEnded(error)) unknown = error;
            repeated ||= error instanceof ConnectionLost && error.sent;
            return isPassing(error) || (error instanceof BrokerError && error.code === codes.UNKNOWN_SERVER_ERROR);
          },
        },
      );
    } catch (error) {
      // Fenced says more: whoever is newer reads what was committed.
      if (unknown === undefined || isFenced(error)) throw error;
      const id = this.#options.transactionalId;
      throw new MillraceError(
        'COMMIT_UNKNOWN',
        `Kafka did not say whether it has committed a transaction of ${id} (${(unknown as Error).message}): open the transactional id anew and read the committed position.`,
        { cause: error },
      );
    }
    // The request without an answer may still arrive, and would then end the next transaction half-way.
    if (repeated) this.#state = 'reopen';
  }

  /** Best effort, and only after every record batch has been answered. */
  async #abort(): Promise<void> {
    const { transactionalId } = this.#options;
    const giveUp = new AbortController();
    const signal = AbortSignal.any([giveUp.signal, this.#cluster.signal]);
    const aborting = persist(
      async () => {
        const coordinator = await this.#coordinator();
        const { errorCode } = await coordinator.call(endTxn({ ...this.#identity, transactionResult: false }));
        failIf(errorCode, 'the abort of a transaction');
      },
      {
        deadline: performance.now() + ABORT_MS,
        signal,
        again: e => forgetCoordinator(this.#cluster, e, transactionalId),
      },
    ).catch((error: Error) => this.#log.debug({ transactionalId, reason: error.message }, 'a transaction stays open'));
    await Promise.race([aborting, after(ABORT_MS, undefined, { signal }).catch(() => {})]);
    giveUp.abort();
  }

  #coordinator() {
    return this.#cluster.coordinator('transaction', this.#options.transactionalId);
  }
}

async function outgoing(finished: Promise<readonly Buffer[]>): Promise<Outgoing> {
  const pieces = await finished;
  return { pieces, size: pieces.reduce((sum, piece) => sum + piece.length, 0), state: 'waiting' };
}

/** Whether a request to end a transaction that failed so may have ended it. */
function mayHaveEnded(error: unknown): boolean {
  if (error instanceof ConnectionLost) return error.sent;
  // What the coordinator refuses before it looks at the transaction.
  return isPassing(error)
    ? !(error instanceof BrokerError && error.code === codes.COORDINATOR_LOAD_IN_PROGRESS)
    : error instanceof BrokerError && error.code === codes.UNKNOWN_SERVER_ERROR;
}

/** As Promise.all, but rejects only when none of them is under way any more. */
async function settled<T extends readonly unknown[]>(
  promises: {
    [K in keyof T]: Promise<T[K]>;
  },
): Promise<T> {
  const results = await Promise.allSettled(promises);
  const failed = results.find(result => result.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
  return results.map(result => (result as PromiseFulfilledResult<unknown>).value) as unknown as T;
}
