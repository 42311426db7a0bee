import { connector } from '../../../connectors/elasticsearch-sink/index.ts';
import type { Log, SinkConnector, SinkRecord, SinkTask } from '../../../src/api/index.ts';
import { DataErrors } from '../../../src/errors.ts';
import { silent } from '../../../src/observability/silent.ts';

/** A sink task driven like by the engine. */
export class TestSink implements AsyncDisposable {
  readonly figures: Record<string, number | string> = {};
  readonly #task: SinkTask<unknown>;
  readonly #stop = new AbortController();

  private constructor(task: SinkTask<unknown>) {
    this.#task = task;
  }

  static async open(url: string, config: Readonly<Record<string, string>> = {}, log: Log = silent): Promise<TestSink> {
    const sink = connector as SinkConnector<unknown>;
    // Long enough for a busy machine.
    const checked = sink.config.check({ 'connection.url': url, 'read.timeout.ms': '30000', ...config });
    if (checked.config === undefined) throw new Error([...checked.errors.values()].flat().join('; '));
    const opened = new TestSink(sink.task());
    try {
      const storedPositions = await opened.#task.open(checked.config, {
        cluster: 'test',
        connector: 'sink',
        generation: 1,
        attempt: 1,
        task: 0,
        log,
        signal: opened.#stop.signal,
        assigned: [],
        report: figures => Object.assign(opened.figures, figures),
      });
      if (storedPositions.length > 0) throw new Error('the sink stores no positions');
      return opened;
    } catch (error) {
      await opened.close();
      throw error;
    }
  }

  write(records: readonly SinkRecord[]): Promise<void> {
    return this.#task.write({ records, positions: [] });
  }

  /** Writes like the engine with errors.tolerance=all: skips rejected records. Returns the messages by offset. */
  async writeTolerant(records: readonly SinkRecord[]): Promise<Record<number, string>> {
    const refused: Record<number, string> = {};
    for (let left = records; ; ) {
      try {
        await this.write(left);
        return refused;
      } catch (error) {
        if (!(error instanceof DataErrors)) throw error;
        for (const { index = -1, message } of error.errors) refused[(left[index] as SinkRecord).offset] = message;
        left = left.filter(({ offset }) => refused[offset] === undefined);
      }
    }
  }

  /** Ends the task like the engine. */
  stop(): void {
    this.#stop.abort();
  }

  async close(): Promise<void> {
    await this.#task.close();
  }
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** A record of a topic with one partition. */
export function record(topic: string, offset: number, parts: Partial<SinkRecord> = {}): SinkRecord {
  const { partition = 0 } = parts;
  return {
    topic,
    partition,
    originalTopic: topic,
    originalPartition: partition,
    offset,
    timestamp: 1_767_225_600_000,
    headers: [],
    keySchema: null,
    key: null,
    valueSchema: null,
    value: null,
    ...parts,
  };
}
