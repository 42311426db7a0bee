import { DataError, MillraceError, RecordTooLargeError } from '../../errors.ts';
import type { Compression, ProducerBatch, RawHeader } from '../port.ts';
import { type BufferPool, RecordBatchWriter, sizeOfHeaders } from '../protocol/record-batch.ts';
import { partitionOf } from './murmur2.ts';

/** What a batch must know of a topic to take its records. */
export interface TopicLimits {
  readonly partitions: number;
  /** Most bytes of one record batch before compression; a record that is larger gets a batch of its own. */
  readonly batchBytes: number;
  /** `max.message.bytes`: most bytes of one record batch, compressed. Infinity where Kafka does not tell. */
  readonly maxBytes: number;
  /** `cleanup.policy` includes compact: records need a key. */
  readonly compacted: boolean;
  /** Milliseconds that a record's own timestamp may be before, and after, the broker's time. */
  readonly maxPastMs: number;
  readonly maxFutureMs: number;
}

/** Of the producer. */
export interface BatchSettings {
  readonly compression: Compression;
  /** `max.request.size` */
  readonly maxRequestBytes?: number;
  /** `batch.size` */
  readonly batchBytes?: number;
}

/** The record batches of one partition, in order. */
export interface PartitionBatches {
  readonly topic: string;
  readonly partition: number;
  readonly batches: readonly RecordBatchWriter[];
}

interface TopicState extends TopicLimits {
  readonly name: string;
  /** Most bytes of a record batch with several records. */
  readonly sharedBytes: number;
  /** By partition, the growing one last. */
  readonly writers: (RecordBatchWriter[] | undefined)[];
  /** Where records without a key go. */
  readonly keyless: number;
}

/** Characters of a key in a message. */
const KEY_TEXT = 120;

/** See the port. Any number of records of any number of topics, gathered without waiting for anything. */
export class TransactionBatch implements ProducerBatch {
  readonly #limits: (topic: string) => TopicLimits | undefined;
  readonly #pool: BufferPool;
  readonly #settings: BatchSettings;
  readonly #topics = new Map<string, TopicState>();
  #last: TopicState | undefined;
  #records = 0;
  #bytes = 0;

  constructor(limits: (topic: string) => TopicLimits | undefined, pool: BufferPool, settings: BatchSettings) {
    this.#limits = limits;
    this.#pool = pool;
    this.#settings = settings;
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
  ): Promise<void> | undefined {
    const state = this.#last?.name === topic ? this.#last : this.#topic(topic);
    if (timestamp !== null) checkTimestamp(state, timestamp);
    if (keyStart < 0 && state.compacted)
      throw new DataError(`A record for topic ${topic} has no key, and the topic is compacted (cleanup.policy).`);
    const number =
      partition ?? (keyStart < 0 ? state.keyless : partitionOf(source, keyStart, keyEnd, state.partitions));
    const size =
      (keyStart < 0 ? 0 : keyEnd - keyStart) +
      (valueStart < 0 ? 0 : valueEnd - valueStart) +
      (headers.length === 0 ? 0 : sizeOfHeaders(headers));
    const writer = this.#writer(state, number, size);
    const before = writer.length;
    writer.append(timestamp ?? Date.now(), source, keyStart, keyEnd, valueStart, valueEnd, headers);
    this.#bytes += writer.length - before;
    this.#records++;
    if (writer.length <= state.batchBytes || writer.count > 1) return undefined;
    const key = keyStart < 0 ? null : source.subarray(keyStart, keyEnd);
    return this.#checkSize(state, number, writer, key, writer.length - before);
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

  /** Of a record that has a batch of its own, the last one of its partition; takes it back where it does not fit. */
  #checkSize(
    state: TopicState,
    partition: number,
    writer: RecordBatchWriter,
    key: Uint8Array | null,
    bytes: number,
  ): Promise<void> | undefined {
    const { compression, maxRequestBytes = Number.POSITIVE_INFINITY } = this.#settings;
    const refuse = (length: number, limit: number, setting: string): RecordTooLargeError => {
      const batches = state.writers[partition];
      batches?.pop();
      if (batches?.length === 0) state.writers[partition] = undefined;
      writer.release();
      this.#bytes -= bytes;
      this.#records--;
      const named = key === null ? 'without a key' : `with the key ${textOf(key)}`;
      return new RecordTooLargeError(
        `The record ${named} for topic ${state.name} is too large: it has ${length} bytes${length === writer.length ? '' : ` (${writer.length} before compression)`}, and ${setting} is ${limit}. ` +
          `Raise ${setting}, or set errors.tolerance=all to leave such records out.`,
      );
    };
    if (writer.length > maxRequestBytes)
      throw refuse(writer.length, maxRequestBytes, 'max.request.size of the producer');
    const setting = `max.message.bytes of topic ${state.name}`;
    if (compression === 'none') {
      if (writer.length > state.maxBytes) throw refuse(writer.length, state.maxBytes, setting);
      return undefined;
    }
    // Also what would fit uncompressed: what cannot be compressed grows by some bytes.
    return writer.compressedLength(compression).then(length => {
      if (length > state.maxBytes) throw refuse(length, state.maxBytes, setting);
    });
  }

  #topic(name: string): TopicState {
    let state = this.#topics.get(name);
    if (state === undefined) {
      const limits = this.#limits(name);
      if (limits === undefined)
        throw new MillraceError('INTERNAL', `Topic ${name} was not prepared before records were appended to it.`);
      const keyless = Math.floor(Math.random() * limits.partitions);
      const batchBytes = Math.min(limits.batchBytes, this.#settings.maxRequestBytes ?? limits.batchBytes);
      const sharedBytes = Math.min(batchBytes, this.#settings.batchBytes ?? batchBytes);
      state = { ...limits, batchBytes, sharedBytes, name, writers: new Array(limits.partitions), keyless };
      this.#topics.set(name, state);
    }
    this.#last = state;
    return state;
  }

  #writer(state: TopicState, partition: number, size: number): RecordBatchWriter {
    const batches = state.writers[partition];
    const last = batches?.[batches.length - 1];
    if (last !== undefined && last.length + size <= state.sharedBytes) return last;
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

function checkTimestamp({ name, maxPastMs, maxFutureMs }: TopicState, timestamp: number): void {
  const refuse = (why: string) => new DataError(`A record for topic ${name} has the timestamp ${timestamp}, ${why}.`);
  if (!Number.isSafeInteger(timestamp)) throw refuse('which is not a number of ms');
  const age = Date.now() - timestamp;
  if (age > maxPastMs) throw refuse(`which is further in the past than its message.timestamp.before.max.ms allows`);
  if (-age > maxFutureMs) throw refuse(`which is further in the future than its message.timestamp.after.max.ms allows`);
}

function textOf(key: Uint8Array): string {
  // Of keys with their schema the end has the values.
  const text = Buffer.from(key.subarray(Math.max(0, key.length - 3 * KEY_TEXT))).toString();
  return text.length <= KEY_TEXT && key.length <= 3 * KEY_TEXT ? text : `…${text.slice(-KEY_TEXT)}`;
}
