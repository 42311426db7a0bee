import { setTimeout as delay } from 'node:timers/promises';
import type { SourceBatch } from '../../api/index.ts';
import type { ProducerBatch, TransactionalProducer } from '../../kafka/port.ts';
import { untilGraceEnds } from '../grace.ts';
import type { SourceRunContext } from './source-run.ts';

/** Owns the open transaction and commits it: one commit at a time, at the commit interval. */
export class TransactionCommitter {
  readonly #run: SourceRunContext;
  readonly #producer: TransactionalProducer;
  #transaction: ProducerBatch;
  /** Batches whose records are in the open transaction. */
  #batches: SourceBatch[] = [];
  #committing: Promise<void> | undefined;
  #commitInterval: Promise<void> | undefined;

  constructor(run: SourceRunContext, producer: TransactionalProducer) {
    this.#run = run;
    this.#producer = producer;
    this.#transaction = producer.batch();
  }

  /** The open transaction. */
  get transaction(): ProducerBatch {
    return this.#transaction;
  }

  /** True if the open transaction contains no batch. */
  get isEmpty(): boolean {
    return this.#batches.length === 0;
  }

  get isCommitting(): boolean {
    return this.#committing !== undefined;
  }

  /** Resolves when the last commit has ended and the commit interval since its start has passed; undefined if both have. */
  get commitInterval(): Promise<void> | undefined {
    return this.#commitInterval;
  }

  /** Settles when the commit in flight ends or, with batches to commit, after the commit interval; undefined if neither applies. */
  nextEvent(): Promise<void> | undefined {
    return this.#committing ?? (this.isEmpty ? undefined : this.#commitInterval);
  }

  /** Adds a batch whose records have been appended to the open transaction. */
  add(batch: SourceBatch): void {
    this.#batches.push(batch);
  }

  /**
   * Each transaction costs the broker some milliseconds, whatever its size. A small one waits for the commit interval and
   * includes the batches that are read meanwhile.
   */
  isCommitDue(): boolean {
    return this.#commitInterval === undefined || this.#transaction.bytes >= this.#run.limits.batchBytes / 2;
  }

  /** Starts to commit the open transaction and opens the next one. */
  commit(): void {
    const batches = this.#batches;
    const transaction = this.#transaction;
    this.#batches = [];
    this.#transaction = this.#producer.batch();
    const committing = this.#commitBatches(transaction, batches);
    this.#committing = committing;
    // Handled by `drain`; a rejection before that must not count as unhandled.
    committing.catch(() => {});
    const commitInterval = this.#intervalAfter(committing).then(() => {
      if (this.#commitInterval === commitInterval) this.#commitInterval = undefined;
    });
    this.#commitInterval = commitInterval;
  }

  /** The commit in flight, or the one that failed; undefined if there is none. */
  drain(): Promise<void> | undefined {
    return this.#committing;
  }

  async #commitBatches(transaction: ProducerBatch, batches: readonly SourceBatch[]): Promise<void> {
    const { offsets, connector, observer, signal } = this.#run;
    const { records } = transaction;
    for (const batch of batches) await offsets.append(transaction, connector, batch.positions);
    const startedAt = performance.now();
    // Awaits only a promise: commits follow each other closely.
    const confirming = this.#run.confirm?.();
    if (confirming !== undefined) await confirming;
    await this.#producer.commit(transaction);
    observer.written(records, performance.now() - startedAt);
    await untilGraceEnds('acknowledge', signal, acknowledge(batches));
    this.#committing = undefined;
  }

  async #intervalAfter(committing: Promise<void>): Promise<void> {
    const { limits, signal } = this.#run;
    const interval = limits.commitIntervalMs > 0 && delay(limits.commitIntervalMs, undefined, { signal });
    await Promise.allSettled([committing, interval]);
  }
}

async function acknowledge(batches: readonly SourceBatch[]): Promise<void> {
  // Awaited, as a plugin may implement it as an async function.
  for (const batch of batches) await batch.acknowledge?.();
}
