import { MillraceError } from '../../errors.ts';
import { SetupFailure } from '../failures.ts';
import type { FetchedRecords, RawRecord, ReadPosition, RefusedBatch } from '../port.ts';
import { bufferPool } from '../protocol/buffer-pool.ts';
import { type Allocate, DecompressedTooLarge } from '../protocol/compression.ts';
import type { BufferPool } from '../protocol/record-batch.ts';
import { BatchDecoder, batchesOf, type FetchedBatch, type Left } from '../protocol/record-decoder.ts';
import { abortFilter } from './abort-filter.ts';
import type { FetchedPartition } from './fetch-request.ts';

/**
 * How much one `take` decodes: a few milliseconds' worth, so that it does not hold the event loop, and so few records
 * that they have been dealt with before a collection of the young generation would copy them.
 */
const TAKE_BYTES = 1024 * 1024;
const TAKE_RECORDS = 5000;
/** What is kept of the memory of decompressed batches, on top of answers. */
const POOL_BYTES = 8 * 1024 * 1024;

/** One assigned partition. */
export interface Assigned {
  readonly topic: string;
  readonly topicId: string;
  readonly partition: number;
  /** The offset of what is delivered next. */
  position: number;
  /** What the next fetch asks for: ahead of `position` by what has arrived and is being delivered. */
  fetchPosition: number;
}

/** One leader's answer and the memory that it lies in. */
export interface Answer {
  readonly memory: readonly Buffer[];
  readonly partitions: readonly FetchedPartition[];
}

/** An answer's part for one partition, its batches being delivered one after another. */
interface Delivery {
  readonly assigned: Assigned;
  readonly batches: readonly FetchedBatch[];
  readonly counts: (batch: FetchedBatch) => boolean;
  readonly end: number;
  next: number;
  /** A batch that has been begun, and memory of its own that its records lie in. */
  begun: { readonly batch: FetchedBatch; readonly decoder: BatchDecoder; readonly memory: Buffer[] } | undefined;
  /** What may be used again behind this: the last part of an answer has the answer's. */
  memory: readonly Buffer[];
}

/**
 * Answers that have arrived, on their way to the reader's caller: decoded bit by bit, in memory that is used again when
 * two later deliveries have been made.
 */
export class Deliveries {
  readonly #assigned = new Map<string, Assigned>();
  readonly #pool: BufferPool;
  readonly #takeRecords: number;
  #queue: Delivery[] = [];
  /** Memory of the records last delivered, and of those delivered before them. */
  #lent: Buffer[] = [];
  #lentBefore: Buffer[] = [];

  /** maxBytes: of one answer, about. takeRecords: of one `take`. */
  constructor(partitions: readonly ReadPosition[], maxBytes: number, takeRecords: number = TAKE_RECORDS) {
    this.#takeRecords = takeRecords;
    this.#pool = bufferPool(POOL_BYTES + 3 * maxBytes);
    for (const { topic, topicId = '', partition, offset } of partitions)
      this.#assigned.set(`${topic} ${partition}`, {
        topic,
        topicId,
        partition,
        position: offset,
        fetchPosition: offset,
      });
  }

  get assigned(): readonly Assigned[] {
    return [...this.#assigned.values()];
  }

  get empty(): boolean {
    return this.#queue.length === 0;
  }

  find(topic: string, partition: number): Assigned | undefined {
    return this.#assigned.get(`${topic} ${partition}`);
  }

  /** Memory for an answer: `allocate` keeps account in `memory`. */
  borrow(): { readonly memory: Buffer[]; readonly allocate: Allocate } {
    const memory: Buffer[] = [];
    return { memory, allocate: size => this.#take(size, memory) };
  }

  giveBack(memory: readonly Buffer[]): void {
    for (const buffer of memory) this.#pool.give(buffer);
  }

  /** Nothing further is delivered, and no memory is kept. */
  close(): void {
    this.#queue = [];
    this.#lent = [];
    this.#lentBefore = [];
    this.#pool.close();
  }

  /** Takes an answer in and moves the fetch positions behind it. Throws for one that is damaged. */
  add({ partitions, memory }: Answer): void {
    let last: Delivery | undefined;
    for (const part of partitions) {
      const assigned = this.find(part.topic, part.partition);
      if (assigned === undefined || part.records.length === 0) continue;
      const batches = readable(part, () => batchesOf(part.records));
      const end = batches[batches.length - 1]?.lastOffset;
      // An answer that ends before the place asked for is to another question, from before the leader moved.
      if (end === undefined || end < assigned.fetchPosition) continue;
      assigned.fetchPosition = end + 1;
      const counts = abortFilter(part.aborted);
      last = { assigned, batches, counts, end: part.lastStableOffset, next: 0, begun: undefined, memory: [] };
      this.#queue.push(last);
    }
    if (last === undefined) this.giveBack(memory);
    else last.memory = memory;
  }

  /** Decodes the next records; [] when there are none. Throws for one that is damaged. */
  take(): FetchedRecords[] {
    if (this.empty) return [];
    // Only now, so that waiting for more leaves alone what was delivered before.
    this.giveBack(this.#lentBefore);
    this.#lentBefore = this.#lent;
    this.#lent = [];
    const all: FetchedRecords[] = [];
    const left = { bytes: TAKE_BYTES, records: this.#takeRecords };
    for (let delivery = this.#queue[0]; delivery !== undefined && hasLeft(left); delivery = this.#queue[0]) {
      const { assigned, end } = delivery;
      const { topic, partition } = assigned;
      const refused: RefusedBatch[] = [];
      const records = readable(assigned, () => this.#decode(delivery, left, refused));
      all.push({ topic, partition, records, ...(refused.length > 0 ? { refused } : {}), next: assigned.position, end });
      if (delivery.begun === undefined && delivery.next === delivery.batches.length) {
        this.#queue.shift();
        this.#lent.push(...delivery.memory);
      }
    }
    return all;
  }

  #decode(delivery: Delivery, left: Left, refused: RefusedBatch[]): RawRecord[] {
    const { assigned } = delivery;
    const records: RawRecord[] = [];
    for (
      let begun = this.#begin(delivery, left, refused);
      begun !== undefined;
      begun = this.#begin(delivery, left, refused)
    ) {
      const { batch, decoder, memory } = begun;
      const whole = decoder.decode(records, left);
      const last = records[records.length - 1];
      if (whole) {
        delivery.begun = undefined;
        this.#lent.push(...memory);
        assigned.position = batch.lastOffset + 1;
      } else if (last !== undefined) assigned.position = last.offset + 1;
      if (!hasLeft(left)) break;
    }
    return records;
  }

  /** The batch under way, or the next that has records to be delivered; undefined: there is none left. */
  #begin(delivery: Delivery, left: Left, refused: RefusedBatch[]): Delivery['begun'] {
    const { assigned, batches, counts } = delivery;
    while (delivery.begun === undefined) {
      const batch = batches[delivery.next];
      if (batch === undefined) return undefined;
      delivery.next++;
      // Each is shown to the filter, also one that another answer has delivered already.
      const count = counts(batch);
      if (batch.lastOffset < assigned.position) continue;
      if (!count) {
        assigned.position = batch.lastOffset + 1;
        continue;
      }
      const memory: Buffer[] = [];
      try {
        const decoder = new BatchDecoder(batch, assigned.position, size => this.#take(size, memory));
        delivery.begun = { batch, decoder, memory };
      } catch (error) {
        if (!(error instanceof DecompressedTooLarge)) throw error;
        this.giveBack(memory);
        refused.push({ offset: batch.baseOffset, records: batch.count, reason: error.message });
        assigned.position = batch.lastOffset + 1;
        // It took as long as many records: others have their turn before the next.
        left.bytes = 0;
        return undefined;
      }
    }
    return delivery.begun;
  }

  #take(size: number, account: Buffer[]): Buffer {
    const buffer = this.#pool.take(size);
    account.push(buffer);
    return buffer.subarray(0, size);
  }
}

const hasLeft = ({ bytes, records }: Left): boolean => bytes > 0 && records > 0;

function readable<T>({ topic, partition }: { topic: string; partition: number }, read: () => T): T {
  try {
    return read();
  } catch (error) {
    const what = `Cannot read partition ${partition} of topic ${topic}: ${(error as Error).message}`;
    throw error instanceof SetupFailure
      ? new MillraceError('SINK_SETUP', `${what}.`, { cause: error })
      : new MillraceError('KAFKA_UNAVAILABLE', `${what}: the broker's disk or the network may have damaged it.`, {
          cause: error,
        });
  }
}
