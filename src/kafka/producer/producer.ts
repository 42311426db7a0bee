import { addAbortListener } from 'node:events';
import { setImmediate as immediate } from 'node:timers/promises';
import type { Log } from '../../api/component.ts';
import type { TopicPartition } from '../../api/index.ts';
import { MillraceError, messageOf, RecordTooLargeError } from '../../errors.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { persist } from '../cluster/retry.ts';
import { BrokerError, ConnectionLost, codes, isFenced, isStale, millraceError } from '../failures.ts';
import type { Ending, GroupOffsets, ProducerBatch, ProducerOptions, TransactionalProducer } from '../port.ts';
import { bufferPool } from '../protocol/buffer-pool.ts';
import { HangingTransactions } from './hanging-transactions.ts';
import { firstFailure, type Outgoing, type OutgoingPartition, sendOnce } from './produce-request.ts';
import { TopicCatalogue } from './topic-catalogue.ts';
import { type PartitionBatches, TransactionBatch } from './transaction-batch.ts';
import { type Epoch, openEpoch, TransactionRequests } from './transaction-requests.ts';

/** What is kept of batches' memory for the next ones. */
const POOL_BYTES = 32 * 1024 * 1024;
/** How much is encoded before others have their turn on the event loop. */
const HOLD_BYTES = 4 * 1024 * 1024;
/** Of attempts to write that follow each other, those that are worth a line in the log: the first, and some. */
const isWorthALine = (attempt: number): boolean => attempt % 40 === 1;

/**
 * Opens the epoch of a transactional id: an older producer of the same id is fenced, and its open transaction is ended,
 * before this resolves (KIP-98). Takes over `cluster` and closes it.
 */
export async function openProducer(
  cluster: Cluster,
  options: ProducerOptions,
  log: Log,
): Promise<TransactionalProducer> {
  const { transactionalId, signal } = options;
  const stopping = signal && addAbortListener(signal, () => cluster.close());
  try {
    const epoch = await openEpoch(cluster, options);
    log.debug({ transactionalId, epoch: epoch.identity.producerEpoch }, 'opened the epoch of a transactional id');
    const producer = new Producer(cluster, options, epoch, log);
    await producer.settle(options.positions ?? []);
    return producer;
  } catch (error) {
    cluster.close();
    signal?.throwIfAborted();
    throw millraceError(error, `open the transactional id ${transactionalId}`, 'SOURCE_SETUP');
  } finally {
    stopping?.[Symbol.dispose]();
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
  /** The sequence number of the next record, by partition. */
  readonly #sequences = new Map<string, number>();
  readonly #before: Ending | undefined;
  readonly #hanging: HangingTransactions;
  /** Partitions in which nothing from before this epoch is open. */
  readonly #settled = new Set<string>();
  /** Those of the last transaction. */
  #last: readonly TopicPartition[] = [];
  #state: 'ready' | 'committing' | 'spent' | 'reopen' = 'ready';

  constructor(cluster: Cluster, options: ProducerOptions, { identity, before }: Epoch, log: Log) {
    this.#cluster = cluster;
    this.#options = options;
    this.#log = log;
    this.#identity = { producerId: BigInt(identity.producerId), producerEpoch: identity.producerEpoch };
    this.#before = before;
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
      throw millraceError(error, `write to ${topics.join(', ')}`, 'SOURCE_SETUP');
    }
  }

  /** Sees to it that nothing from before this epoch is open in those of the topics that there are. */
  async settle(topics: readonly string[]): Promise<void> {
    if (this.#before === undefined || topics.length === 0) return;
    const deadline = this.#cluster.deadline();
    await persist(() => this.#cluster.refresh(topics), { deadline, signal: this.#cluster.signal });
    const partitions = topics.flatMap(topic =>
      (this.#cluster.topic(topic)?.leaders ?? []).map((_leader, partition) => ({ topic, partition })),
    );
    await this.#settle(partitions, deadline);
  }

  async commit(batch: ProducerBatch, groupOffsets?: GroupOffsets): Promise<void> {
    const { transactionalId, transactionTimeoutMs } = this.#options;
    if (!(batch instanceof TransactionBatch)) throw new MillraceError('INTERNAL', 'Not a batch of this producer.');
    if (this.#state === 'reopen')
      throw new MillraceError(
        'KAFKA_UNAVAILABLE',
        `An answer to ${transactionalId} was lost: its producer must be opened anew before the next transaction.`,
      );
    if (this.#state !== 'ready')
      throw new MillraceError('INTERNAL', `This producer is ${this.#state}: it cannot begin another transaction.`);
    const offsets = groupOffsets !== undefined && groupOffsets.offsets.length > 0 ? groupOffsets : undefined;
    if (batch.records === 0 && offsets === undefined) return;
    this.#state = 'committing';
    try {
      const partitions = batch.partitions();
      await this.#settle(partitions, performance.now() + transactionTimeoutMs);
      // The broker aborts what is older.
      await this.#write(partitions, batch.bytes, offsets, performance.now() + transactionTimeoutMs);
      const asked = await this.#transaction.end(true, performance.now() + transactionTimeoutMs);
      this.#last = partitions.map(({ topic, partition }) => ({ topic, partition }));
      batch.release();
      if (this.#state === 'committing') this.#state = asked === 'once' ? 'ready' : 'reopen';
    } catch (error) {
      this.#state = 'spent';
      throw millraceError(
        await this.#explained(error, batch),
        `commit a transaction of ${transactionalId}`,
        'SOURCE_SETUP',
      );
    }
  }

  /**
   * Records that Kafka refuses although they were checked against the limits of their topic: these were changed meanwhile,
   * or could not be asked.
   */
  async #explained(error: unknown, batch: TransactionBatch): Promise<unknown> {
    if (!(error instanceof BrokerError)) return error;
    const again = (why: string) =>
      new MillraceError('KAFKA_UNAVAILABLE', `${why}; it is tried again.`, { cause: error });
    if (error.code === codes.INVALID_TIMESTAMP)
      return again(
        `Kafka refuses the time of a record (${error.message}): compare the clocks of this worker and the broker`,
      );
    if (error.code !== codes.MESSAGE_TOO_LARGE) return error;
    const partitions = batch.partitions();
    const topics = [...new Set(partitions.map(({ topic }) => topic))];
    const lowered = await this.#topics.lowered(topics).catch(() => undefined);
    if (lowered !== undefined) return again(`Topic ${lowered} takes smaller records than before (max.message.bytes)`);
    const sizes = partitions.flatMap(({ topic, batches }) => batches.map(({ length }) => ({ topic, length })));
    const [largest] = sizes.sort((one, other) => other.length - one.length);
    if (largest === undefined) return error;
    return new RecordTooLargeError(
      `Kafka answers ${error.message}; the largest record or batch of the transaction has ${largest.length} bytes, for topic ${largest.topic}. ` +
        "Raise max.message.bytes of that topic, and let the worker's user describe the configuration of topics " +
        '(DESCRIBE_CONFIGS), so that it can name the record.',
      { cause: error },
    );
  }

  async close(): Promise<void> {
    this.#state = 'spent';
    this.#cluster.close();
    this.#pool.close();
  }

  async #settle(partitions: readonly TopicPartition[], deadline: number): Promise<void> {
    if (this.#before === undefined) return;
    const unsettled = partitions.filter(at => !this.#settled.has(nameOf(at)));
    if (unsettled.length === 0) return;
    await this.#hanging.end(unsettled, this.#before, deadline);
    for (const at of unsettled) this.#settled.add(nameOf(at));
  }

  /**
   * Begins a transaction. Where Kafka may have come back from a crash since the one before was committed, only when that
   * has ended in every partition.
   */
  async #begin(partitions: readonly TopicPartition[], deadline: number, undecided: unknown[]): Promise<void> {
    await this.#transaction.addPartitions(partitions, deadline);
    if (!this.#transaction.interrupted) return;
    try {
      if (!(await this.#hanging.end(this.#last, 'committed', deadline))) return;
    } catch (error) {
      // An abort would be that of the committed transaction, too.
      undecided.push(error);
      throw error;
    }
    await this.#transaction.addPartitions(partitions, deadline);
  }

  /** Everything of a transaction but its end. Aborts it when it fails. */
  async #write(
    partitions: readonly PartitionBatches[],
    bytes: number,
    offsets: GroupOffsets | undefined,
    deadline: number,
  ): Promise<void> {
    const undecided: unknown[] = [];
    const note = (outcome: unknown): void => {
      if (outcome instanceof ConnectionLost && outcome.sent) undecided.push(outcome);
    };
    try {
      const begun = this.#begin(partitions, deadline, undecided);
      const [, outgoing] = await settled([begun, this.#encode(partitions, bytes)]);
      const sent = offsets === undefined ? Promise.resolve() : this.#transaction.sendOffsets(offsets, deadline);
      sent.catch(note);
      await settled([this.#produce(outgoing, deadline, note), sent]);
    } catch (error) {
      // What was never answered may still arrive, and behind an abort of ours it would belong to no transaction, or to
      // the next one: only the newer epoch of the next producer keeps it out.
      if (undecided.length === 0 && !isFenced(error)) {
        const reason = await this.#transaction.abort();
        const { transactionalId } = this.#options;
        if (reason !== undefined)
          this.#log.debug({ transactionalId, reason: messageOf(reason) }, 'a transaction stays open');
      }
      throw error;
    }
  }

  async #encode(partitions: readonly PartitionBatches[], bytes: number): Promise<readonly OutgoingPartition[]> {
    // Lets what is to be sent first go out first.
    if (bytes > HOLD_BYTES / 16) await immediate();
    let held = 0;
    const all: OutgoingPartition[] = [];
    for (const { topic, partition, batches } of partitions) {
      const key = nameOf({ topic, partition });
      const last = this.#sequences.get(key);
      let sequence = last ?? 0;
      const finished: Promise<Outgoing>[] = [];
      for (const writer of batches) {
        const batch = outgoing(writer.finish(this.#options.compression, this.#identity, sequence));
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
      all.push({ topic, partition, fresh: last === undefined, batches: await Promise.all(finished) });
    }
    return all;
  }

  /** note: hears the outcome of each batch in each attempt. */
  async #produce(
    outgoing: readonly OutgoingPartition[],
    deadline: number,
    note: (outcome: unknown) => void,
  ): Promise<void> {
    if (outgoing.length === 0) return;
    const { transactionalId } = this.#options;
    const attempt = async (): Promise<void> => {
      await sendOnce(this.#cluster, transactionalId, outgoing);
      for (const { batches } of outgoing) for (const { state } of batches) note(state);
      const failure = firstFailure(outgoing);
      if (failure !== undefined) throw failure;
    };
    const again = async (error: unknown, attempts: number): Promise<void> => {
      const reason = messageOf(error);
      if (isWorthALine(attempts)) this.#log.warn({ transactionalId, attempts, reason }, 'writing to Kafka again');
      if (!isStale(error)) return;
      const topics = new Set(outgoing.map(({ topic }) => topic));
      // The next attempt tells whether it still matters.
      await this.#cluster.refresh([...topics]).catch(() => {});
    };
    await persist(attempt, { deadline, signal: this.#cluster.signal, first: 20, again });
  }
}

const nameOf = ({ topic, partition }: TopicPartition): string => `${topic} ${partition}`;

async function outgoing(finished: Promise<readonly Buffer[]>): Promise<Outgoing> {
  const pieces = await finished;
  return { pieces, size: pieces.reduce((sum, piece) => sum + piece.length, 0), state: 'waiting' };
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
