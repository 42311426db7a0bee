import type { SinkRecord, SinkTask } from '../../api/index.ts';
import { DataError, DataErrors } from '../../errors.ts';
import type { FetchedRecords } from '../../kafka/port.ts';
import { untilGraceEnds } from '../grace.ts';
import type { DecodedBatch } from './batch-assembler.ts';
import type { GroupOffsetCommitter } from './group-offset-committer.ts';
import type { SinkRunContext } from './sink-run.ts';
import { skipRecords } from './skip-records.ts';

/** Kafka Connect's `__connect.errors.class.name` of records that the sink itself reports. */
const SINK_TASK = 'org.apache.kafka.connect.sink.SinkTask';

/** Writes batches one after the other in the background, and hands their positions to the group offsets. */
export class BatchWriter {
  readonly #run: SinkRunContext;
  readonly #task: Pick<SinkTask<never>, 'write'>;
  readonly #offsets: GroupOffsetCommitter;
  #inFlight: Promise<void> = Promise.resolve();
  #hasFailed = false;

  constructor(run: SinkRunContext, task: Pick<SinkTask<never>, 'write'>, offsets: GroupOffsetCommitter) {
    this.#run = run;
    this.#task = task;
    this.#offsets = offsets;
  }

  /** True after a write failed; `drain` then rejects with its error. */
  get hasFailed(): boolean {
    return this.#hasFailed;
  }

  /** Resolves when no write is in flight. */
  drain(): Promise<void> {
    return this.#inFlight;
  }

  /** Starts a write. Call it after `drain`. */
  start(batch: DecodedBatch): void {
    this.#track(this.#write(batch));
  }

  /** Advances the group offsets past control records, after the write in flight. Otherwise the group's lag never reaches 0. */
  advancePast(emptyFetches: readonly FetchedRecords[]): void {
    if (emptyFetches.length === 0) return;
    this.#track(this.#inFlight.then(() => this.#offsets.advance(emptyFetches)));
  }

  #track(write: Promise<void>): void {
    this.#inFlight = write;
    write.catch(() => {
      this.#hasFailed = true;
    });
  }

  async #write(decoded: DecodedBatch): Promise<void> {
    const { confirm, signal, tolerant, observer } = this.#run;
    const startedAt = performance.now();
    let { batch, raws } = decoded;
    for (;;) {
      try {
        await confirm?.();
        await untilGraceEnds('write', signal, this.#task.write(batch));
        break;
      } catch (error) {
        const rejected = rejectedRecords(error);
        if (rejected === undefined || !tolerant) throw error;
        await this.#skip({ batch, raws }, rejected);
        // The rest of the batch is written without the rejected records.
        const isAccepted = (_item: unknown, index: number) => !rejected.has(index);
        batch = { records: batch.records.filter(isAccepted), positions: batch.positions };
        raws = raws.filter(isAccepted);
      }
    }
    observer.written(batch.records.length, performance.now() - startedAt);
    this.#offsets.advance(batch.positions);
  }

  async #skip({ batch, raws }: DecodedBatch, rejected: ReadonlyMap<number, DataError>): Promise<void> {
    const deadLetters = [...rejected].map(([index, error]) => {
      const { originalTopic: topic, originalPartition: partition } = batch.records[index] as SinkRecord;
      const raw = raws[index] as DecodedBatch['raws'][number];
      return {
        topicPartition: { topic, partition },
        raw,
        stage: 'TASK_PUT' as const,
        componentClass: SINK_TASK,
        error,
      };
    });
    await skipRecords(this.#run, deadLetters);
  }
}

/** Errors by index in the batch; undefined if an error names no record. */
function rejectedRecords(error: unknown): ReadonlyMap<number, DataError> | undefined {
  if (!(error instanceof DataError)) return undefined;
  const rejected = new Map<number, DataError>();
  for (const recordError of error instanceof DataErrors ? error.errors : [error]) {
    if (recordError.index === undefined) return undefined;
    rejected.set(recordError.index, recordError);
  }
  return rejected;
}
