import { fileStreamSource } from '../../../connectors/file-stream-source/index.ts';
import type { Log, SourceBatch, SourceOffset, SourcePartition, SourceTask } from '../../../src/api/index.ts';
import { silent } from '../../../src/observability/silent.ts';
import { anyFile } from '../../support/files.ts';

const connector = fileStreamSource(anyFile);

type Config = Readonly<Record<string, string>>;

/** A source task with the calls of the engine; it stores the committed lines and the last committed position. */
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
        get: requested => (JSON.stringify(requested) === JSON.stringify(partition) ? this.offset : null),
        all: () => (this.offset === null ? [] : [{ partition, offset: this.offset }]),
      },
      maxBatchBytes: 1 << 20,
      report: () => undefined,
    });
  }

  /** Reads the next batch without committing it. */
  async read(): Promise<SourceBatch | null> {
    return (await this.#task?.read()) ?? null;
  }

  commit(batch: SourceBatch): void {
    for (const { value } of batch.records) this.lines.push(value as string);
    for (const { offset } of batch.positions) this.offset = offset;
    batch.acknowledge?.();
  }

  /** Reads and commits until `lines` lines were committed in total. */
  async readUntil(lines: number): Promise<readonly string[]> {
    const deadline = performance.now() + 20_000;
    while (this.lines.length < lines) {
      if (performance.now() > deadline) throw new Error(`read ${this.lines.length} of ${lines} lines`);
      const batch = await this.read();
      if (batch !== null) this.commit(batch);
    }
    return this.lines;
  }

  /** Closes the task like on a stop or a crash: batches that were not committed are lost. */
  async close(): Promise<void> {
    this.#stop.abort();
    await this.#task?.close();
  }
}
