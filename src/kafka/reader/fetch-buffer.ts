import { MillraceError } from '../../errors.ts';
import { SetupError } from '../failures.ts';
import type { FetchedRecords, RawRecord, ReadPosition, UnreadableBatch } from '../port.ts';
import { bufferPool } from '../protocol/buffer-pool.ts';
import { type Allocate, DecompressedTooLarge } from '../protocol/compression.ts';
import type { BufferPool } from '../protocol/record-batch.ts';
import { BatchDecoder, type DecodeBudget, type FetchedBatch, parseBatches } from '../protocol/record-decoder.ts';
import { abortFilter } from './abort-filter.ts';
import type { FetchedPartition } from './fetch-request.ts';

/**
 * Budget of one `takeRecords`. It takes a few milliseconds, so that the event loop is not blocked, and the records are processed before
 * a collection of V8's young generation would copy them.
 */
const TAKE_BYTES = 1024 * 1024;
const TAKE_RECORDS = 5000;
/** Pooled bytes for decompressed batches, in addition to those for responses. */
const POOL_BYTES = 8 * 1024 * 1024;

/** Positions of an assigned partition. */
export interface PartitionState {
  readonly topic: string;
  readonly topicId: string;
  readonly partition: number;
  /** Offset of the next record to deliver. */
  position: number;
  /** Offset of the next fetch: ahead of `position` by the records in the buffer. */
  fetchPosition: number;
}

/** Response of a leader and the memory that contains it. */
export interface FetchResponse {
  readonly memory: readonly Buffer[];
  readonly partitions: readonly FetchedPartition[];
}

/** Batches of a response for one partition, delivered in order. */
interface BufferedPartition {
  readonly state: PartitionState;
  readonly batches: readonly FetchedBatch[];
  readonly isVisible: (batch: FetchedBatch) => boolean;
  readonly end: number;
  next: number;
  /** Batch being decoded, with the memory of its decompressed records. */
  current: { readonly batch: FetchedBatch; readonly decoder: BatchDecoder; readonly memory: Buffer[] } | undefined;
  /** Memory to reuse after this entry; the last entry of a response owns the response's memory. */
  memory: readonly Buffer[];
}

/**
 * Responses that have arrived and are not delivered yet. Decodes them in steps, in memory that is reused after two further
 * deliveries.
 */
export class FetchBuffer {
  readonly #partitions = new Map<string, PartitionState>();
  readonly #pool: BufferPool;
  readonly #maxRecords: number;
  #queue: BufferedPartition[] = [];
  /** Memory of the records of the last delivery. */
  #lastMemory: Buffer[] = [];
  /** Memory of the records of the delivery before that. */
  #previousMemory: Buffer[] = [];

  /** maxBytes: approximate size of a response. maxRecords: of one `takeRecords`. */
  constructor(partitions: readonly ReadPosition[], maxBytes: number, maxRecords: number = TAKE_RECORDS) {
    this.#maxRecords = maxRecords;
    this.#pool = bufferPool(POOL_BYTES + 3 * maxBytes);
    for (const { topic, topicId = '', partition, offset } of partitions)
      this.#partitions.set(`${topic} ${partition}`, {
        topic,
        topicId,
        partition,
        position: offset,
        fetchPosition: offset,
      });
  }

  get partitions(): readonly PartitionState[] {
    return [...this.#partitions.values()];
  }

  get isEmpty(): boolean {
    return this.#queue.length === 0;
  }

  find(topic: string, partition: number): PartitionState | undefined {
    return this.#partitions.get(`${topic} ${partition}`);
  }

  /** Memory for a response: `allocate` adds its buffers to `memory`. */
  borrowMemory(): { readonly memory: Buffer[]; readonly allocate: Allocate } {
    const memory: Buffer[] = [];
    return { memory, allocate: size => this.#allocate(size, memory) };
  }

  returnMemory(memory: readonly Buffer[]): void {
    for (const buffer of memory) this.#pool.release(buffer);
  }

  /** Discards all records and frees the memory. */
  close(): void {
    this.#queue = [];
    this.#lastMemory = [];
    this.#previousMemory = [];
    this.#pool.close();
  }

  /** Adds a response and advances the fetch positions. Throws for a corrupt one. */
  add({ partitions, memory }: FetchResponse): void {
    let last: BufferedPartition | undefined;
    for (const part of partitions) {
      const state = this.find(part.topic, part.partition);
      if (state === undefined || part.records.length === 0) continue;
      const batches = withPartitionInErrors(part, () => parseBatches(part.records));
      const end = batches[batches.length - 1]?.lastOffset;
      // A response that ends before the fetch position belongs to a request from before a change of leader.
      if (end === undefined || end < state.fetchPosition) continue;
      state.fetchPosition = end + 1;
      const isVisible = abortFilter(part.aborted);
      last = {
        state,
        batches,
        isVisible,
        end: part.lastStableOffset,
        next: 0,
        current: undefined,
        memory: [],
      };
      this.#queue.push(last);
    }
    if (last === undefined) this.returnMemory(memory);
    else last.memory = memory;
  }

  /** Decodes the next records; [] if there are none. Throws for a corrupt batch. */
  takeRecords(): FetchedRecords[] {
    if (this.isEmpty) return [];
    // Released here, so that polls without records do not invalidate earlier deliveries.
    this.returnMemory(this.#previousMemory);
    this.#previousMemory = this.#lastMemory;
    this.#lastMemory = [];
    const all: FetchedRecords[] = [];
    const budget = { bytes: TAKE_BYTES, records: this.#maxRecords };
    for (let buffered = this.#queue[0]; buffered !== undefined && hasBudget(budget); buffered = this.#queue[0]) {
      const { state, end } = buffered;
      const { topic, partition } = state;
      const unreadable: UnreadableBatch[] = [];
      const records = withPartitionInErrors(state, () => this.#decode(buffered, budget, unreadable));
      all.push({
        topic,
        partition,
        records,
        ...(unreadable.length > 0 ? { unreadable } : {}),
        next: state.position,
        end,
      });
      if (buffered.current === undefined && buffered.next === buffered.batches.length) {
        this.#queue.shift();
        this.#lastMemory.push(...buffered.memory);
      }
    }
    return all;
  }

  #decode(buffered: BufferedPartition, budget: DecodeBudget, unreadable: UnreadableBatch[]): RawRecord[] {
    const { state } = buffered;
    const records: RawRecord[] = [];
    for (
      let current = this.#nextBatch(buffered, budget, unreadable);
      current !== undefined;
      current = this.#nextBatch(buffered, budget, unreadable)
    ) {
      const { batch, decoder, memory } = current;
      const isComplete = decoder.decode(records, budget);
      const last = records[records.length - 1];
      if (isComplete) {
        buffered.current = undefined;
        this.#lastMemory.push(...memory);
        state.position = batch.lastOffset + 1;
      } else if (last !== undefined) state.position = last.offset + 1;
      if (!hasBudget(budget)) break;
    }
    return records;
  }

  /** Returns the batch being decoded, or the next one with records to deliver; undefined: none is left. */
  #nextBatch(
    buffered: BufferedPartition,
    budget: DecodeBudget,
    unreadable: UnreadableBatch[],
  ): BufferedPartition['current'] {
    const { state, batches, isVisible } = buffered;
    while (buffered.current === undefined) {
      const batch = batches[buffered.next];
      if (batch === undefined) return undefined;
      buffered.next++;
      // The filter must see every batch, including those that an earlier response has delivered.
      const isBatchVisible = isVisible(batch);
      if (batch.lastOffset < state.position) continue;
      if (!isBatchVisible) {
        state.position = batch.lastOffset + 1;
        continue;
      }
      const memory: Buffer[] = [];
      try {
        const decoder = new BatchDecoder(batch, state.position, size => this.#allocate(size, memory));
        buffered.current = { batch, decoder, memory };
      } catch (error) {
        if (!(error instanceof DecompressedTooLarge)) throw error;
        this.returnMemory(memory);
        unreadable.push({ offset: batch.baseOffset, records: batch.count, reason: error.message });
        state.position = batch.lastOffset + 1;
        // Decompression took as long as many records: yields before the next batch.
        budget.bytes = 0;
        return undefined;
      }
    }
    return buffered.current;
  }

  #allocate(size: number, memory: Buffer[]): Buffer {
    const buffer = this.#pool.acquire(size);
    memory.push(buffer);
    return buffer.subarray(0, size);
  }
}

const hasBudget = ({ bytes, records }: DecodeBudget): boolean => bytes > 0 && records > 0;

function withPartitionInErrors<T>({ topic, partition }: { topic: string; partition: number }, read: () => T): T {
  try {
    return read();
  } catch (error) {
    const message = `Cannot read partition ${partition} of topic ${topic}: ${(error as Error).message}`;
    throw error instanceof SetupError
      ? new MillraceError('SINK_SETUP', `${message}.`, { cause: error })
      : new MillraceError(
          'KAFKA_UNAVAILABLE',
          `${message}: the data may have been corrupted on the broker's disk or on the network.`,
          {
            cause: error,
          },
        );
  }
}
