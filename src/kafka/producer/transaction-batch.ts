import { DataError, MillraceError, RecordTooLargeError } from '../../errors.ts';
import type { Compression, ProducerBatch, RawHeader } from '../port.ts';
import { type BufferPool, RecordBatchWriter, sizeOfHeaders } from '../protocol/record-batch.ts';
import { partitionForKey } from './murmur2.ts';

/** Limits of a topic for its records. */
export interface TopicLimits {
  readonly partitions: number;
  /** Bytes of a record batch before compression; a larger record gets a batch of its own. */
  readonly batchBytes: number;
  /** `max.message.bytes`: bytes of a record batch after compression. Infinity if unknown. */
  readonly maxBytes: number;
  /** `cleanup.policy` includes compact: records need a key. */
  readonly compacted: boolean;
  /** Milliseconds that a record's timestamp may be before and after the broker's time. */
  readonly maxPastMs: number;
  readonly maxFutureMs: number;
}

/** Settings of the producer. */
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
  /** Bytes of a record batch with several records. */
  readonly sharedBytes: number;
  /** Batches by partition; the last one receives records. */
  readonly writers: (RecordBatchWriter[] | undefined)[];
  /** Partition of records without a key. */
  readonly keylessPartition: number;
}

/** Characters of a key in an error message. */
const KEY_TEXT = 120;

/** See the port. Encodes any number of records for any number of topics without I/O. */
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
      partition ??
      (keyStart < 0 ? state.keylessPartition : partitionForKey(source, keyStart, keyEnd, state.partitions));
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

  /** All appended records, by partition. */
  partitions(): readonly PartitionBatches[] {
    const all: PartitionBatches[] = [];
    for (const { name, writers } of this.#topics.values())
      for (const [partition, batches] of writers.entries())
        if (batches !== undefined) all.push({ topic: name, partition, batches });
    return all;
  }

  /** Returns the memory to the pool and empties the batch. Requires that no request with its records is in flight. */
  release(): void {
    for (const { batches } of this.partitions()) for (const writer of batches) writer.release();
    this.#topics.clear();
    this.#last = undefined;
    this.#records = 0;
    this.#bytes = 0;
  }

  /** Checks a record that has a batch of its own, the last one of its partition; removes it if it is too large. */
  #checkSize(
    state: TopicState,
    partition: number,
    writer: RecordBatchWriter,
    key: Uint8Array | null,
    bytes: number,
  ): Promise<void> | undefined {
    const { compression, maxRequestBytes = Number.POSITIVE_INFINITY } = this.#settings;
    const reject = (length: number, limit: number, setting: string): RecordTooLargeError => {
      const batches = state.writers[partition];
      batches?.pop();
      if (batches?.length === 0) state.writers[partition] = undefined;
      writer.release();
      this.#bytes -= bytes;
      this.#records--;
      const keyText = key === null ? 'without a key' : `with the key ${formatKey(key)}`;
      return new RecordTooLargeError(
        `The record ${keyText} for topic ${state.name} is too large: it has ${length} bytes${length === writer.length ? '' : ` (${writer.length} before compression)`}, and ${setting} is ${limit}. ` +
          `Raise ${setting}, or set errors.tolerance=all to skip such records.`,
      );
    };
    if (writer.length > maxRequestBytes)
      throw reject(writer.length, maxRequestBytes, 'max.request.size of the producer');
    const setting = `max.message.bytes of topic ${state.name}`;
    if (compression === 'none') {
      if (writer.length > state.maxBytes) throw reject(writer.length, state.maxBytes, setting);
      return undefined;
    }
    // Required even if the uncompressed size fits, as compression may add some bytes.
    return writer.compressedLength(compression).then(length => {
      if (length > state.maxBytes) throw reject(length, state.maxBytes, setting);
    });
  }

  #topic(name: string): TopicState {
    let state = this.#topics.get(name);
    if (state === undefined) {
      const limits = this.#limits(name);
      if (limits === undefined)
        throw new MillraceError('INTERNAL', `Topic ${name} was not prepared before records were appended to it.`);
      const keylessPartition = Math.floor(Math.random() * limits.partitions);
      const batchBytes = Math.min(limits.batchBytes, this.#settings.maxRequestBytes ?? limits.batchBytes);
      const sharedBytes = Math.min(batchBytes, this.#settings.batchBytes ?? batchBytes);
      state = {
        ...limits,
        batchBytes,
        sharedBytes,
        name,
        writers: new Array(limits.partitions),
        keylessPartition,
      };
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
        `A record is for partition ${partition} of topic ${state.name}, which has ${state.partitions} partitions, numbered from 0.`,
      );
    const first = new RecordBatchWriter(this.#pool);
    state.writers[partition] = [first];
    return first;
  }
}

function checkTimestamp({ name, maxPastMs, maxFutureMs }: TopicState, timestamp: number): void {
  const reject = (reason: string) =>
    new DataError(`A record for topic ${name} has the timestamp ${timestamp}, ${reason}.`);
  if (!Number.isSafeInteger(timestamp)) throw reject('which is not an integer');
  const age = Date.now() - timestamp;
  if (age > maxPastMs) throw reject(`which is further in the past than its message.timestamp.before.max.ms allows`);
  if (-age > maxFutureMs) throw reject(`which is further in the future than its message.timestamp.after.max.ms allows`);
}

function formatKey(key: Uint8Array): string {
  // In keys with an embedded schema the values are at the end.
  const text = Buffer.from(key.subarray(Math.max(0, key.length - 3 * KEY_TEXT))).toString();
  return text.length <= KEY_TEXT && key.length <= 3 * KEY_TEXT ? text : `…${text.slice(-KEY_TEXT)}`;
}
