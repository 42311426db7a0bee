import { addAbortListener } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type {
  AssignedPartition,
  Log,
  SinkBatch,
  SinkConnector,
  SinkProgress,
  SinkRecord,
  SinkTask,
  SinkTaskContext,
  SinkWriter,
  TopicPartition,
} from '../../api/index.ts';
import type { OffsetReset } from '../../config/connector-config/offset-reset.ts';
import { DataError, DataErrors, kindOf, MillraceError, messageOf } from '../../errors.ts';
import type {
  FetchedRecords,
  KafkaClient,
  PartitionOffset,
  RawRecord,
  Reader,
  RefusedBatch,
} from '../../kafka/port.ts';
import { closeAfter, untilAborted, untilGraceEnds } from '../grace.ts';
import type { TaskObserver } from '../observer.ts';
import { partitionName } from '../partition-name.ts';
import type { DeadLetter, DeadLetterQueue } from './dead-letter-queue.ts';
import { SinkLag } from './lag.ts';
import { metadataOf } from './offset-origin.ts';
import type { RecordDecoder } from './record-decoder.ts';
import { Positions, startOf } from './start-positions.ts';

export interface SinkRun<C> extends SinkWriter {
  readonly task: number;
  readonly sink: SinkConnector<C>;
  readonly config: C;
  readonly kafka: KafkaClient;
  /** Consumer group under which positions are shown to the tools that watch lag, and kept for sinks that hold none. */
  readonly group: string;
  /** The partitions that are this task's; asked again now and then, as topics come and grow. */
  readonly assignment: () => Promise<readonly AssignedPartition[]>;
  /** Where to begin without any position. */
  readonly reset: OffsetReset;
  /** What to do where the sink holds a position of another topic of the same name. */
  readonly recreated: 'fail' | 'earliest';
  readonly decoder: RecordDecoder;
  /** `errors.tolerance` is all. */
  readonly tolerant: boolean;
  readonly deadLetters: DeadLetterQueue | null;
  readonly limits: SinkLimits;
  /** It ends when it has written what its partitions held when it began; else it runs until the signal aborts. */
  readonly untilCaughtUp?: boolean;
  readonly observer: TaskObserver;
  readonly log: Log;
  readonly signal: AbortSignal;
  /** See SourceRun. */
  readonly confirm?: () => Promise<void> | undefined;
}

export interface SinkLimits {
  /** Bytes fetched at once, about. */
  readonly fetchBytes: number;
  /** Bytes of one partition in that; undefined: all of them. */
  readonly partitionBytes?: number | undefined;
  /** See ReaderOptions. */
  readonly fetchMinBytes?: number | undefined;
  readonly fetchWaitMs?: number | undefined;
  /** Records in one write. */
  readonly batchRecords: number;
  /** How often the assignment is asked anew. */
  readonly refreshMs: number;
  /** How often the group's offsets are committed. */
  readonly commitMs: number;
}

/** Records, and bytes of them, to decode before yielding to the event loop. */
/** Kafka Connect's `__connect.errors.class.name` of records that the sink itself reports. */
const SINK_TASK = 'org.apache.kafka.connect.sink.SinkTask';
const SLICE = 1024;
const SLICE_BYTES = 256 * 1024;
/** How long Kafka may hold a request for records that are not there yet: sooner means more requests of idle tasks. */
const WAIT_MS = 2000;
/** How often a topic that is read from is told of. */
const TELL_MS = 600_000;
/** Milliseconds that the last commit of the group's offsets may take in a task that is stopped: Kafka may be the reason. */
const LAST_COMMIT_MS = 1500;
/** How soon a task without partitions looks again. */
const NOTHING_ASSIGNED_MS = 500;

/** Runs one sink task until `signal` aborts, it has caught up, or something fails; everything is closed then. */
export async function runSink<C>(run: SinkRun<C>): Promise<void> {
  try {
    while (!run.signal.aborted) {
      const assigned = await untilAborted(run.signal, run.assignment());
      if (assigned.length > 0) {
        if (await runUntilChanged(run, assigned)) break;
      } else if (run.untilCaughtUp) break;
      else await delay(NOTHING_ASSIGNED_MS, undefined, { signal: run.signal }).catch(() => {});
    }
  } finally {
    await run.deadLetters?.close();
  }
}

/** As `runAssigned`, where a position that is lost because its topic was deleted or recreated counts as a change. */
async function runUntilChanged<C>(run: SinkRun<C>, assigned: readonly AssignedPartition[]): Promise<boolean> {
  try {
    return await runAssigned(run, assigned);
  } catch (error) {
    const isLost = error instanceof MillraceError && error.code === 'SOURCE_POSITION_LOST';
    if (!isLost || same(await run.assignment(), assigned)) throw error;
    return false;
  }
}

/** Returns when the assignment has changed, the signal aborts or, with true, when it has caught up. */
async function runAssigned<C>(run: SinkRun<C>, assigned: readonly AssignedPartition[]): Promise<boolean> {
  const task = run.sink.task();
  return closeAfter(task, async () => {
    const { cluster, connector, generation, attempt } = run;
    const context: SinkTaskContext = {
      cluster,
      connector,
      generation,
      attempt,
      task: run.task,
      log: run.log,
      signal: run.signal,
      assigned,
      report: figures => run.observer.figures(figures),
    };
    const held = await untilGraceEnds('open', run.signal, task.open(run.config, context));
    const positions = new Positions(held);
    const start = await untilAborted(run.signal, startOf(run, assigned, held));
    const { fetchBytes, partitionBytes = fetchBytes, fetchMinBytes, fetchWaitMs, batchRecords } = run.limits;
    const reader = await run.kafka.reader({
      assigned: start,
      maxBytes: fetchBytes,
      maxPartitionBytes: partitionBytes,
      ...(fetchMinBytes === undefined ? {} : { minBytes: fetchMinBytes }),
      ...(fetchWaitMs === undefined ? {} : { fetchWaitMs }),
      maxRecords: batchRecords,
      maxWaitMs: WAIT_MS,
      signal: run.signal,
    });
    return closeAfter(reader, () => runLoop(run, { task, reader, positions, assigned, start }));
  });
}

async function runLoop<C>(run: SinkRun<C>, assignment: Assignment<C>): Promise<boolean> {
  const { assigned, start } = assignment;
  const lag = await untilAborted(run.signal, SinkLag.at(run.kafka, assigned, start));
  const aims = run.untilCaughtUp ? lag.ends() : undefined;
  if (aims?.size === 0) return true;
  return new SinkLoop(run, assignment, lag, aims).run();
}

/** The partitions that a task reads at a time, and what it reads and writes them with. */
interface Assignment<C> {
  readonly task: SinkTask<C>;
  readonly reader: Reader;
  readonly positions: Positions;
  readonly assigned: readonly AssignedPartition[];
  readonly start: readonly PartitionOffset[];
}

interface Decoded {
  readonly batch: SinkBatch;
  /** What each record was in Kafka, by the same index; empty where nothing is tolerated, and nobody would ask for it. */
  readonly raws: readonly DeadLetter['raw'][];
}

class SinkLoop<C> {
  private readonly of: SinkRun<C>;
  private readonly task: SinkTask<C>;
  private readonly reader: Reader;
  private readonly positions: Positions;
  private readonly assigned: readonly AssignedPartition[];
  /** Where each partition must come to; undefined: there is no end. */
  private readonly aims: Map<string, number> | undefined;
  private writing: Promise<void> = Promise.resolve();
  private failed = false;
  /** Positions as they will be when the write under way is done: what the next batch goes on from. */
  private readonly ahead = new Map<string, number>();
  private readonly moved = new Map<string, PartitionOffset>();
  private readonly lag: SinkLag;
  private committed = performance.now();
  /** When each topic is to be told of again. */
  private readonly tellAt = new Map<string, number>();
  private committing: Promise<void> = Promise.resolve();
  /** Aborted when nothing more may be committed; undefined while the task runs. */
  private ended: AbortSignal | undefined;

  constructor(
    run: SinkRun<C>,
    { task, reader, positions, assigned }: Assignment<C>,
    lag: SinkLag,
    aims: Map<string, number> | undefined,
  ) {
    this.lag = lag;
    this.aims = aims;
    this.of = run;
    this.task = task;
    this.reader = reader;
    this.positions = positions;
    this.assigned = assigned;
    // The sink's own may be ahead of the group's: whoever wrote them may have been killed before it could say so.
    for (const at of assigned) {
      const next = positions.get(at);
      if (next !== null) this.moved.set(partitionName(at), { ...at, offset: next });
    }
  }

  /** True when it has caught up. */
  async run(): Promise<boolean> {
    const { signal, limits } = this.of;
    let refreshed = performance.now();
    this.of.observer.figures(this.lag.figures());
    try {
      while (!signal.aborted) {
        const fetched = await this.reader.poll();
        if (this.failed) break;
        let handed = false;
        for await (const decoded of this.decode(fetched)) {
          handed = true;
          // Decoded while the write before it was on its way: the two overlap, and never more than the two.
          await this.writing;
          if (signal.aborted) return false;
          this.begin(this.write(decoded));
        }
        const bare = fetched.filter(({ records }) => records.length === 0);
        if (bare.length > 0) this.begin(this.writing.then(() => this.pass(bare)));
        // Records live until the poll after the next one: what is being written must not fall two polls behind.
        if (!handed) await this.writing;
        if (this.aimed(fetched)) {
          await this.writing;
          return true;
        }
        this.lag.read(fetched);
        this.of.observer.figures(this.lag.figures());
        this.commitSometimes();
        if (performance.now() - refreshed > limits.refreshMs) {
          refreshed = performance.now();
          if (!same(await untilAborted(signal, this.of.assignment()), this.assigned)) break;
        }
      }
      await this.writing;
      return false;
    } finally {
      await this.writing.catch(() => {});
      await this.commitLast();
    }
  }

  private begin(writing: Promise<void>): void {
    this.writing = writing;
    writing.catch(() => {
      this.failed = true;
    });
  }

  /** Goes past what holds no records, such as the marker of the last transaction: the group would seem to lag for ever. */
  private pass(bare: readonly FetchedRecords[]): void {
    for (const { topic, partition, next } of bare)
      this.moved.set(partitionName({ topic, partition }), { topic, partition, offset: next });
  }

  /** Strikes off the partitions that have come as far as they shall; whether that was the last. */
  private aimed(fetched: readonly FetchedRecords[]): boolean {
    if (this.aims === undefined) return false;
    for (const part of fetched)
      if (part.next >= (this.aims.get(partitionName(part)) ?? 0)) this.aims.delete(partitionName(part));
    return this.aims.size === 0;
  }

  private async *decode(fetched: readonly FetchedRecords[]): AsyncGenerator<Decoded> {
    const { limits, observer } = this.of;
    let records: SinkRecord[] = [];
    let raws: RawRecord[] = [];
    let letters: DeadLetter[] = [];
    let progress = new Map<string, SinkProgress>();
    let bytes = 0;
    let count = 0;
    const flush = async (): Promise<Decoded> => {
      await this.bury(letters);
      observer.read(count, bytes);
      const decoded = { batch: { records, positions: [...progress.values()] }, raws };
      records = [];
      raws = [];
      letters = [];
      progress = new Map();
      bytes = 0;
      count = 0;
      return decoded;
    };
    let slice = 0;
    for (const part of fetched) {
      const at = { topic: part.topic, partition: part.partition };
      const name = partitionName(at);
      const list = part.records;
      if (list.length > 0) this.tell(part.topic);
      for (const batch of part.refused ?? []) this.refuse(at, batch);
      for (let i = 0; i < list.length; i++) {
        const raw = list[i] as RawRecord;
        count++;
        bytes += raw.size;
        slice += raw.size;
        try {
          const record = this.of.decoder.decode(at, raw);
          if (record !== null) {
            records.push(record);
            if (this.of.tolerant) raws.push(raw);
          }
        } catch (error) {
          if (kindOf(error) !== 'data' || !this.of.tolerant) throw this.located(error, at, raw);
          const { decoder } = this.of;
          letters.push({ at, raw, stage: decoder.stage, component: decoder.component(error), error });
        }
        const last = i === list.length - 1;
        if (last || count >= limits.batchRecords) {
          const from = progress.get(name)?.from ?? this.ahead.get(name) ?? this.positions.get(at);
          const next = last ? part.next : raw.offset + 1;
          progress.set(name, { ...at, from, next, end: part.end });
          this.ahead.set(name, next);
          if (count >= limits.batchRecords) yield await flush();
        }
        if (i % SLICE === SLICE - 1 || slice >= SLICE_BYTES) {
          slice = 0;
          await new Promise(setImmediate);
        }
      }
    }
    if (progress.size > 0) yield await flush();
  }

  private tell(topic: string): void {
    const now = performance.now();
    if (now < (this.tellAt.get(topic) ?? 0)) return;
    this.tellAt.set(topic, now + TELL_MS);
    this.of.observer.topic?.(topic);
  }

  /** Goes on without a batch that nobody can read, where errors are tolerated. No dead letter holds it: it has no records. */
  private refuse({ topic, partition }: TopicPartition, { offset, records, reason }: RefusedBatch): void {
    const what = `The batch at offset ${offset} of ${topic}-${partition} cannot be taken: ${reason}.`;
    if (!this.of.tolerant)
      throw new DataError(`${what} To go on past such batches set errors.tolerance=all; they are not dead letters.`);
    this.of.observer.skipped(records);
    this.of.log.warn({ topic, partition, offset, records }, `${what} Its records are left out.`);
  }

  private located(error: unknown, at: TopicPartition, raw: RawRecord): unknown {
    if (kindOf(error) !== 'data') return error;
    return new DataError(
      `The record at offset ${raw.offset} of ${at.topic}-${at.partition} cannot be taken (${this.of.decoder.stage}): ${messageOf(error)} ` +
        'To go on past such records set errors.tolerance=all and, to keep them, errors.deadletterqueue.topic.name.',
      { cause: error },
    );
  }

  private async write(decoded: Decoded): Promise<void> {
    const began = performance.now();
    let { batch, raws } = decoded;
    for (;;) {
      try {
        await this.of.confirm?.();
        await untilGraceEnds('write', this.of.signal, this.task.write(batch));
        break;
      } catch (error) {
        const refused = refusedRecords(error);
        if (refused === undefined || !this.of.tolerant) throw error;
        // A bad record stops itself alone: the others go on without it.
        await this.bury(
          [...refused].map(([index, reason]) => {
            const { originalTopic: topic, originalPartition: partition } = batch.records[index] as SinkRecord;
            const raw = raws[index] as RawRecord;
            return { at: { topic, partition }, raw, stage: 'TASK_PUT', component: SINK_TASK, error: reason };
          }),
        );
        const isLeft = (_item: unknown, index: number) => !refused.has(index);
        batch = { records: batch.records.filter(isLeft), positions: batch.positions };
        raws = raws.filter(isLeft);
      }
    }
    this.of.observer.written(batch.records.length, performance.now() - began);
    for (const { topic, partition, next } of batch.positions) {
      this.positions.move({ topic, partition }, next);
      this.moved.set(partitionName({ topic, partition }), { topic, partition, offset: next });
    }
  }

  private readonly confirm = (): Promise<void> | undefined => {
    if (this.ended?.aborted) return Promise.reject(this.ended.reason);
    return this.of.confirm?.();
  };

  private async bury(letters: readonly DeadLetter[]): Promise<void> {
    if (letters.length === 0) return;
    this.of.observer.skipped(letters.length);
    await this.of.confirm?.();
    await this.of.deadLetters?.send(letters);
  }

  private commitSometimes(): void {
    if (performance.now() - this.committed < this.of.limits.commitMs) return;
    this.committed = performance.now();
    this.committing = this.committing.then(() => this.commitOffsets());
  }

  /** Does not hold up the end of a task that is stopped. A later commit is refused: it could undo one of the task's successor. */
  private async commitLast(): Promise<void> {
    const ended = new AbortController();
    this.ended = ended.signal;
    let timer: NodeJS.Timeout | undefined;
    const stopping = addAbortListener(this.of.signal, () => {
      timer = setTimeout(
        () => ended.abort(new Error(`Kafka did not answer within ${LAST_COMMIT_MS} ms`)),
        LAST_COMMIT_MS,
      );
    });
    const committed = this.committing.then(() => this.commitOffsets());
    try {
      await untilAborted(ended.signal, committed);
    } catch (error) {
      this.of.log.warn({ reason: messageOf(error) }, 'the last group offsets were not committed');
    } finally {
      clearTimeout(timer);
      stopping[Symbol.dispose]();
    }
  }

  /** For the tools that watch lag, and for sinks without positions of their own. A failure only delays it. */
  private async commitOffsets(): Promise<void> {
    if (this.moved.size === 0) return;
    const topicIds = new Map(this.assigned.map(({ topic, topicId }) => [topic, topicId]));
    const offsets = [...this.moved.values()].map(at => ({
      ...at,
      metadata: metadataOf(this.of, topicIds.get(at.topic) ?? ''),
    }));
    this.moved.clear();
    try {
      await this.of.kafka.admin.commitGroupOffsets({ group: this.of.group, offsets }, this.confirm);
    } catch (error) {
      if (this.ended?.aborted) return;
      for (const offset of offsets)
        if (!this.moved.has(partitionName(offset))) this.moved.set(partitionName(offset), offset);
      this.of.log.warn({ reason: messageOf(error) }, 'the group offsets could not be committed; trying again later');
    }
  }
}

function same(a: readonly AssignedPartition[], b: readonly AssignedPartition[]): boolean {
  const nameOf = (of: AssignedPartition) => `${partitionName(of)} ${of.topicId}`;
  const names = new Set(a.map(nameOf));
  return names.size === b.length && b.every(partition => names.has(nameOf(partition)));
}

/** By their places in the batch; undefined for an error that is not of known records. */
function refusedRecords(error: unknown): ReadonlyMap<number, DataError> | undefined {
  if (!(error instanceof DataError)) return undefined;
  const refused = new Map<number, DataError>();
  for (const one of error instanceof DataErrors ? error.errors : [error]) {
    if (one.index === undefined) return undefined;
    refused.set(one.index, one);
  }
  return refused;
}
