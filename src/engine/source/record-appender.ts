import { setImmediate as immediate } from 'node:timers/promises';
import { Bytes } from '../../api/bytes.ts';
import type { SourceBatch, SourceRecord, SourceTask } from '../../api/index.ts';
import { DataError, kindOf, messageOf } from '../../errors.ts';
import type { ProducerBatch, TransactionalProducer } from '../../kafka/port.ts';
import { logSkippedRecord } from '../error-log.ts';
import { untilGraceEnds } from '../grace.ts';
import { appendEncoded, type EncodedRecord } from './record-encoder.ts';
import type { SourceRunContext } from './source-run.ts';
import { TopicCreation } from './topic-creation.ts';
import { TopicMerges } from './topic-merges.ts';

/** Records to encode before yielding to the event loop. */
const SLICE_RECORDS = 2048;
/** Bytes of records that wait for the creation of their topics. */
const DEFERRED_BYTES = 4 << 20;

/** Encodes source records and appends them to a transaction. Creates missing topics, skips records if errors are tolerated. */
export class RecordAppender {
  readonly #run: SourceRunContext;
  readonly #task: Pick<SourceTask<never>, 'placeOf'>;
  readonly #topics: TopicCreation;
  readonly #merges: TopicMerges;
  readonly #scratch = new Bytes(64 * 1024);
  /** Records for topics that are not ensured yet; many topics are created with one request. */
  #deferred: { readonly record: SourceRecord; readonly encoded: EncodedRecord }[] = [];
  #deferredBytes = 0;

  constructor(run: SourceRunContext, producer: TransactionalProducer, task: Pick<SourceTask<never>, 'placeOf'>) {
    this.#run = run;
    this.#task = task;
    this.#topics = new TopicCreation(run, producer);
    this.#merges = new TopicMerges(run.log);
  }

  /** Appends the records of a batch. Rejects with DataError for a record that cannot be written, unless errors are tolerated. */
  async append(transaction: ProducerBatch, batch: SourceBatch): Promise<void> {
    const { records } = batch;
    this.#run.observer.read(records.length, batch.bytes);
    if (this.#topics.expireIfDue()) this.#merges.clear();
    for (let from = 0; from < records.length; from += SLICE_RECORDS) {
      if (from > 0) await immediate();
      const to = Math.min(from + SLICE_RECORDS, records.length);
      for (let i = from; i < to; i++) {
        const pending = this.#appendRecord(transaction, records[i] as SourceRecord);
        if (pending !== undefined) await pending;
      }
    }
    if (this.#deferred.length > 0) await this.#appendDeferred(transaction);
  }

  /** Returns a promise only if topics are to be created, or if the record is large or skipped. */
  #appendRecord(transaction: ProducerBatch, record: SourceRecord): Promise<void> | undefined {
    const { encoder } = this.#run;
    try {
      const topic = encoder.encode(record, this.#scratch);
      if (topic === null) return undefined;
      this.#merges.add(record.topic, topic);
      if (!this.#topics.has(topic)) return this.#defer(transaction, record);
      return encoder.appendTo(transaction, this.#scratch)?.catch(error => this.#skip(record, error));
    } catch (error) {
      return this.#skip(record, error);
    }
  }

  /** Postpones a record to the end of the batch. All records of its topic are postponed, so their order is kept. */
  #defer(transaction: ProducerBatch, record: SourceRecord): Promise<void> | undefined {
    this.#deferred.push({ record, encoded: this.#run.encoder.detach(this.#scratch) });
    this.#deferredBytes += this.#scratch.length;
    return this.#deferredBytes < DEFERRED_BYTES ? undefined : this.#appendDeferred(transaction);
  }

  async #appendDeferred(transaction: ProducerBatch): Promise<void> {
    const deferred = this.#deferred;
    this.#deferred = [];
    this.#deferredBytes = 0;
    await this.#topics.ensure([...new Set(deferred.map(({ encoded }) => encoded.topic))]);
    for (const { record, encoded } of deferred) {
      try {
        await appendEncoded(transaction, encoded);
      } catch (error) {
        await this.#skip(record, error);
      }
    }
  }

  /** Skips a record that cannot be written if errors are tolerated; otherwise throws its error. */
  async #skip(record: SourceRecord, error: unknown): Promise<void> {
    const { encoder, observer } = this.#run;
    if (kindOf(error) !== 'data') throw error;
    const place = await this.#placeOf(record);
    if (!encoder.tolerant)
      throw place === undefined ? error : new DataError(`${place}: ${messageOf(error)}`, { cause: error });
    observer.skipped(1);
    const { topic, partition, timestamp } = record;
    logSkippedRecord(this.#run, { reason: messageOf(error) }, { topic, partition, timestamp, place });
  }

  async #placeOf(record: SourceRecord): Promise<string | undefined> {
    if (this.#task.placeOf === undefined) return undefined;
    const place = this.#task.placeOf(record).catch(() => undefined);
    return untilGraceEnds('placeOf', this.#run.signal, place);
  }
}
