import type { TopicPartition } from '../../api/index.ts';
import {
  BatchDecoder,
  type FetchedBatch,
  isAbortMarker,
  isControl,
  isTransactional,
} from '../protocol/record-decoder.ts';

export interface KeyedRecord {
  readonly key: Buffer;
  readonly value: Buffer | null;
}

export interface KeyFilter {
  accepts(key: Buffer): boolean;
  /** Selects accepted keys to wait for. Default: all. */
  waitsFor?(key: Buffer): boolean;
}

interface Candidate extends KeyedRecord {
  /** undefined: its transaction is open as of the last batch added. */
  isCommitted: boolean | undefined;
}

/**
 * The part of a partition after its last stable offset. An open transaction starts there, so committed reads stop; records of
 * transactions that have ended since follow. The control record of each ended transaction with a record here is here
 * too; compaction never reaches this part.
 */
export class UnstableTail implements TopicPartition {
  readonly topic: string;
  readonly partition: number;
  readonly #end: number;
  readonly #filter: KeyFilter;
  readonly #records: Candidate[] = [];
  /** Accepted records of open transactions, by producer id. */
  readonly #open = new Map<number, Candidate[]>();
  readonly #producersToAwait = new Set<number>();
  #next: number;

  /** start: the last stable offset. end: later records are ignored, later control records are not. */
  constructor({ topic, partition }: TopicPartition, start: number, end: number, filter: KeyFilter) {
    this.topic = topic;
    this.partition = partition;
    this.#next = start;
    this.#end = end;
    this.#filter = filter;
  }

  /** Offset of the next batch to add. */
  get next(): number {
    return this.#next;
  }

  get isRead(): boolean {
    return this.#next >= this.#end;
  }

  /** Producers of open transactions with records to wait for. */
  get awaitedProducers(): readonly number[] {
    return [...this.#producersToAwait];
  }

  /** Accepted and committed records, in offset order. */
  get committedRecords(): readonly KeyedRecord[] {
    return this.#records.filter(({ isCommitted }) => isCommitted === true);
  }

  /** Adds a batch. Requires all batches in offset order; one that was added before is ignored. */
  add(batch: FetchedBatch): void {
    if (batch.lastOffset < this.#next) return;
    const from = this.#next;
    this.#next = batch.lastOffset + 1;
    if (isControl(batch)) this.#endTransaction(batch.producerId, !isAbortMarker(batch));
    else if (batch.baseOffset < this.#end) this.#addRecords(batch, from);
  }

  #endTransaction(producerId: number, isCommitted: boolean): void {
    for (const candidate of this.#open.get(producerId) ?? []) candidate.isCommitted = isCommitted;
    this.#open.delete(producerId);
    this.#producersToAwait.delete(producerId);
  }

  #addRecords(batch: FetchedBatch, from: number): void {
    const records = new BatchDecoder(batch, from, Buffer.allocUnsafeSlow);
    const decoded: Parameters<BatchDecoder['decode']>[0] = [];
    records.decode(decoded, { records: Number.POSITIVE_INFINITY, bytes: Number.POSITIVE_INFINITY });
    for (const { key, value } of decoded) {
      if (key === null || !this.#filter.accepts(key)) continue;
      const isCommitted = isTransactional(batch) ? undefined : true;
      // Copies, as views would keep the whole response in memory.
      const candidate = { key: Buffer.from(key), value: value && Buffer.from(value), isCommitted };
      this.#records.push(candidate);
      if (isCommitted !== undefined) continue;
      if (this.#filter.waitsFor?.(key) !== false) this.#producersToAwait.add(batch.producerId);
      const others = this.#open.get(batch.producerId);
      if (others) others.push(candidate);
      else this.#open.set(batch.producerId, [candidate]);
    }
  }
}
