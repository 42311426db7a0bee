import { fileStreamSource } from '../../../connectors/file-stream-source/index.ts';
import type { Log, SourceBatch, SourceOffset, SourcePartition, SourceTask } from '../../../src/api/index.ts';
import { silent } from '../../../src/observability/silent.ts';
import { anyFile } from '../../support/files.ts';

const connector = fileStreamSource(anyFile);

type Config = Readonly<Record<string, string>>;

/** A source as the engine drives it, with what Kafka would have: the lines and the position of the last commit. */
export class TestSource {
  readonly lines: string[] = [];
  offset: SourceOffset = null;
  readonly #config: Config;
  #task: SourceTask<unknown> | undefined;
  #stop = new AbortController();

  constructor(config: Config) {
    this.#config = { topic: 'lines', ...config };
  }

  async open(log: Log = silent): Promise<void> {
    const { config, errors } = connector.config.check(this.#config);
    if (config === undefined) throw new Error([...errors.values()].flat().join('; '));
    this.#stop = new AbortController();
    this.#task = connector.task() as SourceTask<unknown>;
    const partition: SourcePartition = { filename: this.#config['file'] ?? '' };
    await this.#task.open(config, {
      connector: 'file-source',
      task: 0,
      log,
      signal: this.#stop.signal,
      positions: {
        get: asked => (JSON.stringify(asked) === JSON.stringify(partition) ? this.offset : null),
        all: () => (this.offset === null ? [] : [{ partition, offset: this.offset }]),
      },
      maxBatchBytes: 1 << 20,
      report: () => undefined,
    });
  }

  /** The next batch, which is not committed yet. */
  async read(): Promise<SourceBatch | null> {
    return (await this.#task?.read()) ?? null;
  }

  commit(batch: SourceBatch): void {
    for (const { value } of batch.records) this.lines.push(value as string);
    for (const { offset } of batch.positions) this.offset = offset;
    batch.acknowledge?.();
  }

  /** Reads and commits until there have been so many lines in all. */
  async until(lines: number): Promise<readonly string[]> {
    const deadline = performance.now() + 20_000;
    while (this.lines.length < lines) {
      if (performance.now() > deadline) throw new Error(`there are ${this.lines.length} lines of ${lines}`);
      const batch = await this.read();
      if (batch !== null) this.commit(batch);
    }
    return this.lines;
  }

  /** As a task ends that is stopped or killed: what was read and not committed is forgotten. */
  async close(): Promise<void> {
    this.#stop.abort();
    await this.#task?.close();
  }
}
