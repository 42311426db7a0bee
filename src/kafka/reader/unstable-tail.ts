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
  wanted(key: Buffer): boolean;
  /** Of the wanted ones; default: all. */
  awaited?(key: Buffer): boolean;
}

interface Candidate extends KeyedRecord {
  /** undefined: its transaction is open as far as has been read. */
  committed: boolean | undefined;
}

/**
 * The part of a partition after its last stable offset: an open transaction begins there, so that readers of committed
 * records go no further, and others that have been committed or aborted since lie among its records. Every transaction
 * that has a record here and is decided has its marker here, too; compaction never comes as far.
 */
export class UnstableTail implements TopicPartition {
  readonly topic: string;
  readonly partition: number;
  readonly #end: number;
  readonly #filter: KeyFilter;
  readonly #records: Candidate[] = [];
  /** Wanted records of open transactions, by producer. */
  readonly #open = new Map<number, Candidate[]>();
  readonly #awaited = new Set<number>();
  #next: number;

  /** start: the last stable offset. end: records from there on are not looked at, markers are. */
  constructor(at: TopicPartition, start: number, end: number, filter: KeyFilter) {
    this.topic = at.topic;
    this.partition = at.partition;
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

  /** Producers of open transactions that hold awaited records. */
  get awaitedProducers(): readonly number[] {
    return [...this.#awaited];
  }

  /** Wanted records that are committed, in the order of their offsets. */
  get committed(): readonly KeyedRecord[] {
    return this.#records.filter(({ committed }) => committed === true);
  }

  /** Batches in the order of their offsets, all of them; one that was added before is ignored. */
  add(batch: FetchedBatch): void {
    if (batch.lastOffset < this.#next) return;
    const from = this.#next;
    this.#next = batch.lastOffset + 1;
    if (isControl(batch)) this.#decide(batch.producerId, !isAbortMarker(batch));
    else if (batch.baseOffset < this.#end) this.#take(batch, from);
  }

  #decide(producerId: number, committed: boolean): void {
    for (const candidate of this.#open.get(producerId) ?? []) candidate.committed = committed;
    this.#open.delete(producerId);
    this.#awaited.delete(producerId);
  }

  #take(batch: FetchedBatch, from: number): void {
    const records = new BatchDecoder(batch, from, Buffer.allocUnsafeSlow);
    const decoded: Parameters<BatchDecoder['decode']>[0] = [];
    records.decode(decoded, { records: Number.POSITIVE_INFINITY, bytes: Number.POSITIVE_INFINITY });
    for (const { key, value } of decoded) {
      if (key === null || !this.#filter.wanted(key)) continue;
      const committed = isTransactional(batch) ? undefined : true;
      // Copies: they would keep the whole answer in memory.
      const candidate = { key: Buffer.from(key), value: value && Buffer.from(value), committed };
      this.#records.push(candidate);
      if (committed !== undefined) continue;
      if (this.#filter.awaited?.(key) !== false) this.#awaited.add(batch.producerId);
      const others = this.#open.get(batch.producerId);
      if (others) others.push(candidate);
      else this.#open.set(batch.producerId, [candidate]);
    }
  }
}
