import { setTimeout as delay, setImmediate as immediate } from 'node:timers/promises';
import { Bytes } from '../../api/bytes.ts';
import type {
  ConfigSpec,
  Log,
  SourceBatch,
  SourceConnector,
  SourceRecord,
  SourceTask,
  SourceTaskContext,
} from '../../api/index.ts';
import { DataError, kindOf, MillraceError, messageOf } from '../../errors.ts';
import type { KafkaClient, NewTopic, ProducerBatch, ProducerOptions, TransactionalProducer } from '../../kafka/port.ts';
import { closeAfter, untilAborted, untilGraceEnds } from '../grace.ts';
import type { TaskObserver } from '../observer.ts';
import type { OffsetStore } from '../offset-store.ts';
import { appendEncoded, type EncodedRecord, type RecordEncoder } from './record-encoder.ts';
import { TopicMerges } from './topic-merges.ts';

export interface SourceRun<C> {
  readonly connector: string;
  readonly task: number;
  readonly source: SourceConnector<C>;
  readonly config: C;
  readonly kafka: KafkaClient;
  readonly producer: ProducerOptions;
  readonly offsets: OffsetStore;
  readonly encoder: RecordEncoder;
  readonly topics: TopicSettings;
  readonly limits: SourceLimits;
  readonly observer: TaskObserver;
  readonly log: Log;
  /** It ends when it has caught up; else it runs until the signal aborts. */
  readonly untilCaughtUp?: boolean;
  /** Aborted when the task must stop; what is being committed then is still committed. */
  readonly signal: AbortSignal;
  /**
   * Called before each write: undefined, or a promise that rejects when another attempt has taken this one's place.
   * Default: this attempt is always the current one.
   */
  readonly confirm?: () => Promise<void> | undefined;
}

export interface TopicSettings {
  /** How a topic that is missing is made; null: leave it to the broker. */
  newTopic(topic: string): NewTopic | null;
}

export interface SourceLimits {
  /** Source bytes that one `read` may return, about. */
  readonly batchBytes: number;
  /** Encoded bytes at which a transaction is closed even if more is waiting. */
  readonly transactionBytes: number;
  /** Milliseconds between the beginnings of two commits at the least, unless the second is large. */
  readonly commitIntervalMs: number;
}

/** How long a topic that has been met is taken to be there. */
const FORGET_MS = 600_000;

/** Bytes of records that wait for their topics to be created. */
const DEFERRED_BYTES = 4 << 20;

const afterThisTurn = (): Promise<undefined> => immediate(undefined);

/** Records encoded between two breaths of the event loop. */
const SLICE = 2048;

/**
 * Runs one source task until `signal` aborts, it has caught up where that is asked for, or something fails. Exactly once (KIP-618): fence, read the committed
 * position, open the source there; then each Kafka transaction holds whole source batches together with the position
 * behind them, and only after its commit is the source told that it may forget them.
 *
 * While one transaction commits, the next is gathered. Rejects with the first error; everything is closed then.
 */
export async function runSource<C>(run: SourceRun<C>): Promise<void> {
  const { signal } = run;
  const producer = await run.kafka.producer({ ...run.producer, positions: [run.offsets.topic], signal });
  await closeAfter(producer, async () => {
    const task = run.source.task();
    await closeAfter(task, () => runTask(run, producer, task));
  });
}

async function runTask<C>(run: SourceRun<C>, producer: TransactionalProducer, task: SourceTask<C>): Promise<void> {
  const { signal } = run;
  const positions = await untilAborted(signal, run.offsets.load(run.connector, { signal }));
  await untilAborted(signal, producer.prepare([run.offsets.topic]));
  const loop = new SourceLoop(run, producer, task);
  const context: SourceTaskContext = {
    connector: run.connector,
    task: run.task,
    log: run.log,
    signal,
    positions,
    maxBatchBytes: run.limits.batchBytes,
    untilCommit: () => loop.untilCommit,
    report: figures => run.observer.figures(figures),
  };
  await untilGraceEnds('open', signal, task.open(run.config, context));
  await loop.run();
}

class SourceLoop<C> {
  private readonly run_: SourceRun<C>;
  private readonly producer: TransactionalProducer;
  private readonly task: SourceTask<C>;
  private readonly scratch = new Bytes(64 * 1024);
  private readonly known = new Set<string>();
  private readonly merges: TopicMerges;
  /** Records to topics that are not known yet, which are created many at a time. */
  private deferred: { readonly record: SourceRecord; readonly encoded: EncodedRecord }[] = [];
  private deferredBytes = 0;
  private forgetAt = performance.now() + FORGET_MS;
  private open: ProducerBatch;
  private gathered: SourceBatch[] = [];
  private committing: Promise<void> | undefined;
  /** Ends when the last commit is over, and the commit interval since its beginning; undefined: they are. */
  private interval: Promise<void> | undefined;

  constructor(run: SourceRun<C>, producer: TransactionalProducer, task: SourceTask<C>) {
    this.run_ = run;
    this.producer = producer;
    this.task = task;
    this.open = producer.batch();
    this.merges = new TopicMerges(run.log);
  }

  get untilCommit(): Promise<void> | undefined {
    return this.interval;
  }

  async run(): Promise<void> {
    const { signal, limits } = this.run_;
    let reading: Promise<SourceBatch | null> | undefined;
    try {
      while (!signal.aborted) {
        reading ??= untilGraceEnds('read', signal, this.task.read());
        // Whatever comes first: more to put into the open transaction, the time to commit it, or the failure of a commit.
        const other = this.committing ?? (this.gathered.length > 0 ? this.interval : undefined);
        // A read that ends at the same time as the interval comes first: its batch belongs to this transaction.
        const batch = await (other === undefined ? reading : Promise.race([reading, other.then(afterThisTurn)]));
        if (batch !== undefined) reading = undefined;
        if (batch) await this.gather(batch);
        if (batch !== undefined && this.caughtUp(batch)) {
          await this.committing;
          if (this.gathered.length > 0) this.commit();
          break;
        }
        if (this.gathered.length === 0) {
          if (batch === null) await this.committing;
          continue;
        }
        if (this.committing !== undefined && this.open.bytes >= limits.transactionBytes) await this.committing;
        if (this.committing === undefined && this.mayCommit()) this.commit();
      }
      await this.committing;
    } finally {
      // Nobody waits for these any more; the first error is the one that counts.
      reading?.catch(() => {});
      await this.committing?.catch(() => {});
    }
  }

  /**
   * A transaction costs the broker some milliseconds, whatever is in it: a small one waits until the interval since the last
   * has passed, and takes with it what comes meanwhile.
   */
  private mayCommit(): boolean {
    return this.interval === undefined || this.open.bytes >= this.run_.limits.batchBytes / 2;
  }

  private async intervalOf(committing: Promise<void>): Promise<void> {
    const { limits, signal } = this.run_;
    const interval = limits.commitIntervalMs > 0 && delay(limits.commitIntervalMs, undefined, { signal });
    await Promise.allSettled([committing, interval]);
  }

  private caughtUp(batch: SourceBatch | null): boolean {
    if (!this.run_.untilCaughtUp) return false;
    return this.task.caughtUp?.() ?? batch === null;
  }

  private async gather(batch: SourceBatch): Promise<void> {
    const { records } = batch;
    this.run_.observer.read(records.length, batch.bytes);
    if (performance.now() >= this.forgetAt) {
      this.known.clear();
      this.merges.forget();
      this.forgetAt = performance.now() + FORGET_MS;
    }
    for (let from = 0; from < records.length; from += SLICE) {
      if (from > 0) await immediate();
      const to = Math.min(from + SLICE, records.length);
      for (let i = from; i < to; i++) {
        const pending = this.append(records[i] as SourceRecord);
        if (pending !== undefined) await pending;
      }
    }
    if (this.deferred.length > 0) await this.appendDeferred();
    this.gathered.push(batch);
  }

  /** A promise only where something is to be waited for: topics are new, the record is large or left out. */
  private append(record: SourceRecord): Promise<void> | undefined {
    const { encoder } = this.run_;
    try {
      const topic = encoder.encode(record, this.scratch);
      if (topic === null) return undefined;
      this.merges.note(record.topic, topic);
      if (!this.known.has(topic)) return this.defer(record);
      return encoder.appendTo(this.open, this.scratch)?.catch(error => this.skip(record, error));
    } catch (error) {
      return this.skip(record, error);
    }
  }

  /** Until the batch ends: all records of one topic wait, so their order stays. */
  private defer(record: SourceRecord): Promise<void> | undefined {
    this.deferred.push({ record, encoded: this.run_.encoder.detach(this.scratch) });
    this.deferredBytes += this.scratch.length;
    return this.deferredBytes < DEFERRED_BYTES ? undefined : this.appendDeferred();
  }

  private async appendDeferred(): Promise<void> {
    const { deferred } = this;
    this.deferred = [];
    this.deferredBytes = 0;
    await this.meet([...new Set(deferred.map(({ encoded }) => encoded.topic))]);
    for (const { record, encoded } of deferred) {
      try {
        await appendEncoded(this.open, encoded);
      } catch (error) {
        await this.skip(record, error);
      }
    }
  }

  /** Leaves a record out that cannot be written, where that is tolerated; else throws its error. */
  private async skip(record: SourceRecord, error: unknown): Promise<void> {
    const { encoder, observer, log } = this.run_;
    if (kindOf(error) !== 'data') throw error;
    const place = await this.placeOf(record);
    const reason = place === undefined ? messageOf(error) : `${place}: ${messageOf(error)}`;
    if (!encoder.tolerant) throw place === undefined ? error : new DataError(reason, { cause: error });
    observer.skipped(1);
    log.warn({ topic: record.topic, reason }, 'record left out');
  }

  private async placeOf(record: SourceRecord): Promise<string | undefined> {
    if (this.task.placeOf === undefined) return undefined;
    const asked = this.task.placeOf(record).catch(() => undefined);
    return untilGraceEnds('placeOf', this.run_.signal, asked);
  }

  private async meet(names: readonly string[]): Promise<void> {
    const { kafka, topics, observer } = this.run_;
    const wanted = names.map(name => topics.newTopic(name)).filter(topic => topic !== null);
    if (wanted.length > 0) await kafka.admin.createTopics(wanted);
    await this.producer.prepare(names);
    for (const name of names) {
      this.known.add(name);
      observer.topic?.(name);
    }
  }

  private commit(): void {
    const batches = this.gathered;
    const transaction = this.open;
    this.gathered = [];
    this.open = this.producer.batch();
    this.committing = this.commitBatches(transaction, batches);
    // It is awaited later; until then a rejection must not count as unhandled.
    this.committing.catch(() => {});
    const interval = this.intervalOf(this.committing).then(() => {
      if (this.interval === interval) this.interval = undefined;
    });
    this.interval = interval;
  }

  private async commitBatches(transaction: ProducerBatch, batches: readonly SourceBatch[]): Promise<void> {
    const { offsets, connector, observer, signal } = this.run_;
    const { records } = transaction;
    for (const batch of batches) await offsets.append(transaction, connector, batch.positions);
    const began = performance.now();
    // No await where nothing is in doubt: commits follow each other closely.
    const confirming = this.run_.confirm?.();
    if (confirming !== undefined) await confirming;
    await this.producer.commit(transaction);
    observer.written(records, performance.now() - began);
    await untilGraceEnds('acknowledge', signal, this.acknowledge(batches));
    this.committing = undefined;
  }

  private async acknowledge(batches: readonly SourceBatch[]): Promise<void> {
    // Awaited, as a plugin may write it as an async function.
    for (const batch of batches) await this.task.acknowledge(batch);
  }
}

/** The configuration of a component, or the reasons why not. TASK_CONFIG. */
export function parsed<C>(spec: ConfigSpec<C>, props: Readonly<Record<string, string>>): C {
  const { config, errors } = spec.check(props);
  if (config !== undefined) return config;
  throw new MillraceError('TASK_CONFIG', [...errors.values()].flat().join(' '));
}
