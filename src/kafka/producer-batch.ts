import { DataError, MillraceError } from '../errors.ts';
import { partitionOf } from './murmur2.ts';
import type { ProducerBatch, RawHeader } from './port.ts';
import { type BufferPool, RecordBatchWriter } from './record-batch.ts';

/** What a batch must know of a topic to take its records. */
export interface TopicLimits {
  readonly partitions: number;
  /** Most bytes of one record batch before compression; a record that is larger gets a batch of its own. */
  readonly batchBytes: number;
}

/** The record batches of one partition, in order. */
export interface PartitionBatches {
  readonly topic: string;
  readonly partition: number;
  readonly batches: readonly RecordBatchWriter[];
}

interface TopicState extends TopicLimits {
  readonly name: string;
  /** By partition, the growing one last. */
  readonly writers: (RecordBatchWriter[] | undefined)[];
  /** Where records without a key go. */
  readonly keyless: number;
}

/** See the port. Any number of records of any number of topics, gathered without waiting for anything. */
export class TransactionBatch implements ProducerBatch {
  readonly #limits: (topic: string) => TopicLimits | undefined;
  readonly #pool: BufferPool;
  readonly #topics = new Map<string, TopicState>();
  #last: TopicState | undefined;
  #records = 0;
  #bytes = 0;

  constructor(limits: (topic: string) => TopicLimits | undefined, pool: BufferPool) {
    this.#limits = limits;
    this.#pool = pool;
  }

  get records(): number {
    return this.#records;
  }

  get bytes(): number {
    return this.#bytes;
  }

  append(
    topic: string,
    partition: number | null,
    timestamp: number | null,
    source: Uint8Array,
    keyStart: number,
    keyEnd: number,
    valueStart: number,
    valueEnd: number,
    headers: readonly RawHeader[],
  ): void {
    const state = this.#last?.name === topic ? this.#last : this.#topic(topic);
    if (timestamp !== null && !Number.isSafeInteger(timestamp))
      throw new DataError(`A record for topic ${topic} has the timestamp ${timestamp}, which is not a number of ms.`);
    const number =
      partition ?? (keyStart < 0 ? state.keyless : partitionOf(source, keyStart, keyEnd, state.partitions));
    const size = (keyStart < 0 ? 0 : keyEnd - keyStart) + (valueStart < 0 ? 0 : valueEnd - valueStart);
    const writer = this.#writer(state, number, size);
    const before = writer.length;
    writer.append(timestamp ?? Date.now(), source, keyStart, keyEnd, valueStart, valueEnd, headers);
    this.#bytes += writer.length - before;
    this.#records++;
  }

  /** Everything appended, by partition. */
  partitions(): readonly PartitionBatches[] {
    const all: PartitionBatches[] = [];
    for (const { name, writers } of this.#topics.values())
      for (const [partition, batches] of writers.entries())
        if (batches !== undefined) all.push({ topic: name, partition, batches });
    return all;
  }

  /** Gives the memory back; the batch is empty again. Only when nothing that was sent of it is still under way. */
  release(): void {
    for (const { batches } of this.partitions()) for (const writer of batches) writer.release();
    this.#topics.clear();
    this.#last = undefined;
    this.#records = 0;
    this.#bytes = 0;
  }

  #topic(name: string): TopicState {
    let state = this.#topics.get(name);
    if (state === undefined) {
      const limits = this.#limits(name);
      if (limits === undefined)
        throw new MillraceError('INTERNAL', `Topic ${name} was not prepared before records were appended to it.`);
      const keyless = Math.floor(Math.random() * limits.partitions);
      state = { ...limits, name, writers: new Array(limits.partitions), keyless };
      this.#topics.set(name, state);
    }
    this.#last = state;
    return state;
  }

  #writer(state: TopicState, partition: number, size: number): RecordBatchWriter {
    const batches = state.writers[partition];
    const last = batches?.[batches.length - 1];
    if (last !== undefined && last.length + size <= state.batchBytes) return last;
    if (batches !== undefined && last !== undefined) {
      const next = new RecordBatchWriter(this.#pool);
      batches.push(next);
      return next;
    }
    if (!(partition >= 0 && partition < state.partitions && Number.isInteger(partition)))
      throw new DataError(
        `A record is for partition ${partition} of topic ${state.name}, which has ${state.partitions}: from 0 on.`,
      );
    const first = new RecordBatchWriter(this.#pool);
    state.writers[partition] = [first];
    return first;
  }
}
