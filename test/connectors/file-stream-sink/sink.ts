import { fileStreamSink } from '../../../connectors/file-stream-sink/index.ts';
import type { SinkPosition, SinkRecord, SinkTask, SinkWriter, TopicPartition, Value } from '../../../src/api/index.ts';
import { schemaOf } from '../../../src/api/index.ts';
import { silent } from '../../../src/observability/silent.ts';
import { anyFile } from '../../support/files.ts';

const connector = fileStreamSink(anyFile);

const string = schemaOf('string', { optional: true });

export function record(value: Value, offset: number, partition = 0): SinkRecord {
  return {
    topic: 'lines',
    partition,
    originalTopic: 'lines',
    originalPartition: partition,
    offset,
    keySchema: null,
    key: null,
    valueSchema: typeof value === 'string' || value === null ? string : null,
    value,
    timestamp: 0,
    headers: [],
  };
}

export interface SinkOptions {
  readonly cluster?: string;
  readonly connector?: string;
  readonly assigned?: readonly TopicPartition[];
  readonly topicId?: string;
  /** Default: greater than those of all tasks opened before. */
  readonly generation?: number;
  readonly attempt?: number;
}

let generation = 0;

/** Identity of a task; without `options.generation` it is newer than all tasks before. */
export const writer = (options: SinkOptions = {}): SinkWriter => ({
  cluster: options.cluster ?? 'kafka/group',
  connector: options.connector ?? 'file-sink',
  generation: options.generation ?? ++generation,
  attempt: options.attempt ?? 1,
});

/** A sink task that writes to a file, with the calls of the engine. */
export class TestSink implements AsyncDisposable {
  /** Positions that `open` returned. */
  readonly positions: readonly SinkPosition[];
  readonly #task: SinkTask<unknown>;
  /** Position after the last write, by partition. */
  readonly #next = new Map<number, number>();

  private constructor(task: SinkTask<unknown>, positions: readonly SinkPosition[]) {
    this.#task = task;
    this.positions = positions;
    for (const { partition, next } of positions) this.#next.set(partition, next);
  }

  static async open(file: string, options: SinkOptions = {}): Promise<TestSink> {
    const { assigned = [{ topic: 'lines', partition: 0 }], topicId = 'id' } = options;
    const { config } = connector.config.check({ file });
    if (config === undefined) throw new Error('the configuration is invalid');
    const task = connector.task() as SinkTask<unknown>;
    try {
      const positions = await task.open(config, {
        ...writer(options),
        task: 0,
        log: silent,
        signal: new AbortController().signal,
        assigned: assigned.map(partition => ({ ...partition, topicId })),
        report: () => undefined,
      });
      return new TestSink(task, positions);
    } catch (error) {
      await task.close();
      throw error;
    }
  }

  next(partition = 0): number {
    return this.#next.get(partition) ?? 0;
  }

  /** Writes values as the partition's next records. */
  async write(values: readonly Value[], partition = 0): Promise<void> {
    const from = this.#next.get(partition) ?? null;
    const records = values.map((value, i) => record(value, (from ?? 0) + i, partition));
    const next = (from ?? 0) + values.length;
    await this.#task.write({ records, positions: [{ topic: 'lines', partition, from, next, end: next }] });
    this.#next.set(partition, next);
  }

  close(): Promise<void> {
    return this.#task.close();
  }
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
