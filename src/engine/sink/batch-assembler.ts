import type { SinkBatch, SinkPosition, SinkProgress, SinkRecord, TopicPartition } from '../../api/index.ts';
import { DataError, kindOf, messageOf } from '../../errors.ts';
import type { FetchedRecords, RawRecord, UnreadableBatch } from '../../kafka/port.ts';
import { partitionName } from '../partition-name.ts';
import type { DeadLetter } from './dead-letter-queue.ts';
import type { SinkRunContext } from './sink-run.ts';
import { skipRecords } from './skip-records.ts';
import { TopicReports } from './topic-reports.ts';

/** Records to decode before yielding to the event loop. */
const SLICE_RECORDS = 1024;
/** Bytes of records to decode before yielding to the event loop. */
const SLICE_BYTES = 256 * 1024;

export interface DecodedBatch {
  readonly batch: SinkBatch;
  /** The records as fetched, by the same index; empty unless errors are tolerated. */
  readonly raws: readonly RawRecord[];
}

/** Decodes fetched records into batches, and knows the next offset of each partition. */
export class BatchAssembler {
  readonly #run: SinkRunContext;
  readonly #topicReports: TopicReports;
  /** Offsets after the last assembled record, ahead of the writes; initially the positions that the sink stores. */
  readonly #nextOffsets: Map<string, number>;
  #records: SinkRecord[] = [];
  #raws: RawRecord[] = [];
  #deadLetters: DeadLetter[] = [];
  #progress = new Map<string, SinkProgress>();
  #bytes = 0;
  #count = 0;

  constructor(run: SinkRunContext, stored: readonly SinkPosition[]) {
    this.#run = run;
    this.#topicReports = new TopicReports(run.observer);
    this.#nextOffsets = new Map(stored.map(position => [partitionName(position), position.next]));
  }

  /** Yields full batches, and the rest at the end. Throws DataError unless errors are tolerated. */
  async *assemble(fetched: readonly FetchedRecords[]): AsyncGenerator<DecodedBatch> {
    const { batchRecords } = this.#run.limits;
    let sliceBytes = 0;
    for (const part of fetched) {
      const { topic, partition, records } = part;
      const topicPartition = { topic, partition };
      if (records.length > 0) this.#topicReports.report(topic);
      for (const batch of part.unreadable ?? []) this.#skipBatch(topicPartition, batch);
      for (let i = 0; i < records.length; i++) {
        const raw = records[i] as RawRecord;
        this.#append(topicPartition, raw);
        sliceBytes += raw.size;
        const isLast = i === records.length - 1;
        const isFull = this.#count >= batchRecords;
        if (isLast || isFull) this.#advance(topicPartition, isLast ? part.next : raw.offset + 1, part.end);
        if (isFull) yield await this.#flush();
        if (i % SLICE_RECORDS === SLICE_RECORDS - 1 || sliceBytes >= SLICE_BYTES) {
          sliceBytes = 0;
          await new Promise(setImmediate);
        }
      }
    }
    if (this.#progress.size > 0) yield await this.#flush();
  }

  #append(topicPartition: TopicPartition, raw: RawRecord): void {
    const { decoder, tolerant } = this.#run;
    this.#count++;
    this.#bytes += raw.size;
    try {
      const record = decoder.decode(topicPartition, raw);
      if (record === null) return;
      this.#records.push(record);
      if (tolerant) this.#raws.push(raw);
    } catch (error) {
      if (kindOf(error) !== 'data') throw error;
      if (!tolerant) throw decodeError(error, topicPartition, raw, decoder.stage);
      const { stage } = decoder;
      this.#deadLetters.push({ topicPartition, raw, stage, componentClass: decoder.componentClass(error), error });
    }
  }

  #advance(topicPartition: TopicPartition, next: number, end: number): void {
    const name = partitionName(topicPartition);
    const from = this.#progress.get(name)?.from ?? this.#nextOffsets.get(name) ?? null;
    this.#progress.set(name, { ...topicPartition, from, next, end });
    this.#nextOffsets.set(name, next);
  }

  async #flush(): Promise<DecodedBatch> {
    await skipRecords(this.#run, this.#deadLetters);
    this.#run.observer.read(this.#count, this.#bytes);
    const decoded = { batch: { records: this.#records, positions: [...this.#progress.values()] }, raws: this.#raws };
    this.#records = [];
    this.#raws = [];
    this.#deadLetters = [];
    this.#progress = new Map();
    this.#bytes = 0;
    this.#count = 0;
    return decoded;
  }

  /** Skips an unreadable batch if errors are tolerated. It has no records to send to the dead-letter queue. */
  #skipBatch({ topic, partition }: TopicPartition, { offset, records, reason }: UnreadableBatch): void {
    const { tolerant, observer, log } = this.#run;
    const message = `The batch at offset ${offset} of ${topic}-${partition} cannot be read: ${reason}.`;
    if (!tolerant)
      throw new DataError(
        `${message} To skip such batches set errors.tolerance=all; they are not sent to the dead-letter queue.`,
      );
    observer.skipped(records);
    log.warn({ topic, partition, offset, records }, `${message} Its records are skipped.`);
  }
}

const decodeError = (error: unknown, { topic, partition }: TopicPartition, raw: RawRecord, stage: string): DataError =>
  new DataError(
    `The record at offset ${raw.offset} of ${topic}-${partition} cannot be processed (${stage}): ${messageOf(error)} ` +
      'To skip such records set errors.tolerance=all; to keep them, also set errors.deadletterqueue.topic.name.',
    { cause: error },
  );
