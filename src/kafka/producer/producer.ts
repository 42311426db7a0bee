import { addAbortListener } from 'node:events';
import { setImmediate as immediate } from 'node:timers/promises';
import type { Log } from '../../api/component.ts';
import type { TopicPartition } from '../../api/index.ts';
import { MillraceError, messageOf } from '../../errors.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { retry } from '../cluster/retry.ts';
import { ConnectionLost, isFenced, isStaleMetadata, toMillraceError } from '../failures.ts';
import type {
  GroupOffsets,
  ProducerBatch,
  ProducerOptions,
  TransactionalProducer,
  TransactionOutcome,
} from '../port.ts';
import { bufferPool } from '../protocol/buffer-pool.ts';
import { explainRejection } from './commit-rejection.ts';
import { HangingTransactions } from './hanging-transactions.ts';
import { findFailure, type OutgoingBatch, type OutgoingPartition, sendOnce } from './produce-request.ts';
import { TopicCatalogue } from './topic-catalogue.ts';
import { type PartitionBatches, TransactionBatch } from './transaction-batch.ts';
import { type Epoch, openEpoch, TransactionRequests } from './transaction-requests.ts';

/** Pooled bytes for the memory of batches. */
const POOL_BYTES = 32 * 1024 * 1024;
/** Bytes to encode before yielding to the event loop. */
const SLICE_BYTES = 4 * 1024 * 1024;
/** Logs the first attempt of a write and every 40th. */
const shouldLog = (attempt: number): boolean => attempt % 40 === 1;

/**
 * Initializes the epoch of a transactional id. When it resolves, older producers of the id are fenced and their open transaction has
 * ended (KIP-98). Owns `cluster` and closes it.
 */
export async function openProducer(
  cluster: Cluster,
  options: ProducerOptions,
  log: Log,
): Promise<TransactionalProducer> {
  const { transactionalId, signal } = options;
  const listener = signal && addAbortListener(signal, () => cluster.close());
  try {
    const epoch = await openEpoch(cluster, options);
    log.debug({ transactionalId, epoch: epoch.identity.producerEpoch }, 'initialized the epoch of a transactional id');
    const producer = new Producer(cluster, options, epoch, log);
    await producer.completeHanging(options.positionTopics ?? []);
    return producer;
  } catch (error) {
    cluster.close();
    signal?.throwIfAborted();
    throw toMillraceError(error, `initialize the transactional id ${transactionalId}`, 'SOURCE_SETUP');
  } finally {
    listener?.[Symbol.dispose]();
  }
}

class Producer implements TransactionalProducer {
  readonly #cluster: Cluster;
  readonly #options: ProducerOptions;
  readonly #log: Log;
  readonly #identity: { readonly producerId: bigint; readonly producerEpoch: number };
  readonly #transaction: TransactionRequests;
  readonly #topics: TopicCatalogue;
  readonly #pool = bufferPool(POOL_BYTES);
  /** Sequence number of the next record, by partition. */
  readonly #sequences = new Map<string, number>();
  readonly #previousOutcome: TransactionOutcome | undefined;
  readonly #hanging: HangingTransactions;
  /** Partitions without a hanging transaction of an earlier epoch. */
  readonly #checkedPartitions = new Set<string>();
  /** Partitions of the last transaction. */
  #lastPartitions: readonly TopicPartition[] = [];
  #state: 'ready' | 'committing' | 'unusable' | 'reopen' = 'ready';

  constructor(cluster: Cluster, options: ProducerOptions, { identity, previousOutcome }: Epoch, log: Log) {
    this.#cluster = cluster;
    this.#options = options;
    this.#log = log;
    this.#identity = { producerId: BigInt(identity.producerId), producerEpoch: identity.producerEpoch };
    this.#previousOutcome = previousOutcome;
    this.#transaction = new TransactionRequests(cluster, identity);
    this.#hanging = new HangingTransactions(cluster, identity, this.#transaction, log);
    this.#topics = new TopicCatalogue(cluster);
  }

  batch(): ProducerBatch {
    return new TransactionBatch(topic => this.#topics.limits(topic), this.#pool, this.#options);
  }

  async prepare(topics: readonly string[]): Promise<void> {
    try {
      await this.#topics.prepare(topics);
    } catch (error) {
      throw toMillraceError(error, `write to ${topics.join(', ')}`, 'SOURCE_SETUP');
    }
  }

  /** Completes hanging transactions of earlier epochs in the topics that exist. */
  async completeHanging(topics: readonly string[]): Promise<void> {
    if (this.#previousOutcome === undefined || topics.length === 0) return;
    const deadline = this.#cluster.deadline();
    await retry(() => this.#cluster.refreshMetadata(topics), { deadline, signal: this.#cluster.signal });
    const partitions = topics.flatMap(topic =>
      (this.#cluster.topic(topic)?.leaders ?? []).map((_leader, partition) => ({ topic, partition })),
    );
    await this.#completeHanging(partitions, deadline);
  }

  async commit(batch: ProducerBatch, groupOffsets?: GroupOffsets): Promise<void> {
    const { transactionalId, transactionTimeoutMs } = this.#options;
    if (!(batch instanceof TransactionBatch))
      throw new MillraceError('INTERNAL', 'The batch belongs to another producer.');
    if (this.#state === 'reopen')
      throw new MillraceError(
        'KAFKA_UNAVAILABLE',
        `The response to a request of ${transactionalId} was lost: its producer must be reopened before the next transaction.`,
      );
    if (this.#state !== 'ready')
      throw new MillraceError('INTERNAL', `This producer is ${this.#state} and cannot begin another transaction.`);
    const offsets = groupOffsets !== undefined && groupOffsets.offsets.length > 0 ? groupOffsets : undefined;
    if (batch.records === 0 && offsets === undefined) return;
    this.#state = 'committing';
    try {
      const partitions = batch.partitions();
      await this.#completeHanging(partitions, performance.now() + transactionTimeoutMs);
      // The broker aborts transactions older than transaction.timeout.ms.
      await this.#write(partitions, batch.bytes, offsets, performance.now() + transactionTimeoutMs);
      const requests = await this.#transaction.end(true, performance.now() + transactionTimeoutMs);
      this.#lastPartitions = partitions.map(({ topic, partition }) => ({ topic, partition }));
      batch.release();
      if (this.#state === 'committing') this.#state = requests === 'once' ? 'ready' : 'reopen';
    } catch (error) {
      this.#state = 'unusable';
      throw toMillraceError(
        await explainRejection(error, batch, this.#topics),
        `commit a transaction of ${transactionalId}`,
        'SOURCE_SETUP',
      );
    }
  }

  async close(): Promise<void> {
    this.#state = 'unusable';
    this.#cluster.close();
    this.#pool.close();
  }

  async #completeHanging(partitions: readonly TopicPartition[], deadline: number): Promise<void> {
    if (this.#previousOutcome === undefined) return;
    const unchecked = partitions.filter(partition => !this.#checkedPartitions.has(partitionKey(partition)));
    if (unchecked.length === 0) return;
    await this.#hanging.complete(unchecked, this.#previousOutcome, deadline);
    for (const partition of unchecked) this.#checkedPartitions.add(partitionKey(partition));
  }

  /**
   * Begins a transaction. If the broker may have crashed since the previous transaction was committed, first ensures that it has
   * ended in every partition.
   */
  async #begin(partitions: readonly TopicPartition[], deadline: number, unanswered: unknown[]): Promise<void> {
    await this.#transaction.addPartitions(partitions, deadline);
    if (!this.#transaction.hasConnectionChanged) return;
    try {
      if (!(await this.#hanging.complete(this.#lastPartitions, 'committed', deadline))) return;
    } catch (error) {
      // An abort would also abort the committed transaction.
      unanswered.push(error);
      throw error;
    }
    await this.#transaction.addPartitions(partitions, deadline);
  }

  /** Begins a transaction and writes its records and offsets. Aborts it on failure. */
  async #write(
    partitions: readonly PartitionBatches[],
    bytes: number,
    offsets: GroupOffsets | undefined,
    deadline: number,
  ): Promise<void> {
    const unanswered: unknown[] = [];
    const trackUnanswered = (result: unknown): void => {
      if (result instanceof ConnectionLost && result.wasSent) unanswered.push(result);
    };
    try {
      const beginning = this.#begin(partitions, deadline, unanswered);
      const [, toOutgoingBatch] = await allSettled([beginning, this.#encode(partitions, bytes)]);
      const sendingOffsets =
        offsets === undefined ? Promise.resolve() : this.#transaction.sendOffsets(offsets, deadline);
      sendingOffsets.catch(trackUnanswered);
      await allSettled([this.#produce(toOutgoingBatch, deadline, trackUnanswered), sendingOffsets]);
    } catch (error) {
      // An unanswered request may still arrive. After an abort it would belong to no transaction or to the next one: only a
      // newer epoch keeps it out.
      if (unanswered.length === 0 && !isFenced(error)) {
        const reason = await this.#transaction.abort();
        const { transactionalId } = this.#options;
        if (reason !== undefined)
          this.#log.debug({ transactionalId, reason: messageOf(reason) }, 'a failed transaction was not aborted');
      }
      throw error;
    }
  }

  async #encode(partitions: readonly PartitionBatches[], bytes: number): Promise<readonly OutgoingPartition[]> {
    // Lets the request that begins the transaction be sent first.
    if (bytes > SLICE_BYTES / 16) await immediate();
    let sliceBytes = 0;
    const all: OutgoingPartition[] = [];
    for (const { topic, partition, batches } of partitions) {
      const key = partitionKey({ topic, partition });
      const last = this.#sequences.get(key);
      let sequence = last ?? 0;
      const finished: Promise<OutgoingBatch>[] = [];
      for (const writer of batches) {
        const batch = outgoing(writer.finish(this.#options.compression, this.#identity, sequence));
        // Handled by Promise.all below; a rejection before that must not count as unhandled.
        batch.catch(() => {});
        finished.push(batch);
        // Sequence numbers are int32 and wrap to 0.
        sequence = (sequence + writer.count) & 0x7fffffff;
        sliceBytes += writer.length;
        if (sliceBytes > SLICE_BYTES) {
          sliceBytes = 0;
          await immediate();
        }
      }
      this.#sequences.set(key, sequence);
      all.push({ topic, partition, isFirstWrite: last === undefined, batches: await Promise.all(finished) });
    }
    return all;
  }

  /** onResult: receives the result of each batch in each attempt. */
  async #produce(
    outgoing: readonly OutgoingPartition[],
    deadline: number,
    onResult: (result: unknown) => void,
  ): Promise<void> {
    if (outgoing.length === 0) return;
    const { transactionalId } = this.#options;
    const attempt = async (): Promise<void> => {
      await sendOnce(this.#cluster, transactionalId, outgoing);
      for (const { batches } of outgoing) for (const { state } of batches) onResult(state);
      const failure = findFailure(outgoing);
      if (failure !== undefined) throw failure;
    };
    const beforeRetry = async (error: unknown, attempts: number): Promise<void> => {
      const reason = messageOf(error);
      if (shouldLog(attempts))
        this.#log.warn({ transactionalId, attempts, reason }, 'a write to Kafka failed and is retried');
      if (!isStaleMetadata(error)) return;
      const topics = new Set(outgoing.map(({ topic }) => topic));
      // The next attempt fails if the metadata is still stale.
      await this.#cluster.refreshMetadata([...topics]).catch(() => {});
    };
    await retry(attempt, { deadline, signal: this.#cluster.signal, firstBackoffMs: 20, beforeRetry });
  }
}

const partitionKey = ({ topic, partition }: TopicPartition): string => `${topic} ${partition}`;

async function outgoing(finished: Promise<readonly Buffer[]>): Promise<OutgoingBatch> {
  const pieces = await finished;
  return { pieces, size: pieces.reduce((sum, piece) => sum + piece.length, 0), state: 'waiting' };
}

/** Like Promise.all, but rejects after all promises have settled. */
async function allSettled<T extends readonly unknown[]>(
  promises: {
    [K in keyof T]: Promise<T[K]>;
  },
): Promise<T> {
  const results = await Promise.allSettled(promises);
  const failed = results.find(result => result.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
  return results.map(result => (result as PromiseFulfilledResult<unknown>).value) as unknown as T;
}
