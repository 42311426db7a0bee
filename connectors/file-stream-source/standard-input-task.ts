import { addAbortListener } from 'node:events';
import type { Readable } from 'node:stream';
import type { SourceBatch, SourceTask, SourceTaskContext } from '../../src/api/index.ts';
import type { FileSourceConfig } from './config.ts';
import { LineBuffer } from './line-buffer.ts';
import { recordsOf } from './records.ts';

/** Longest wait of `read` for a line. */
const MAX_WAIT_MS = 1000;

/** Bytes that a task read from a stream without committing them to Kafka; the next task starts with them. */
const uncommitted = new WeakMap<Readable, Buffer>();

/**
 * Reads lines from a stream that cannot be read twice. It has no position, so lines are delivered at most once when the
 * process ends. Within a process, unacknowledged bytes are kept for the next task.
 */
export class StandardInputTask implements SourceTask<FileSourceConfig> {
  readonly #input: Readable;
  readonly #lines = new LineBuffer(0);
  /** Bytes that are not committed to Kafka yet; the first one is at stream position `#acknowledged`. */
  #chunks: Buffer[] = [];
  #acknowledged = 0;
  /** Number of `#chunks` that have been copied to the line buffer, and bytes copied of the next one. */
  #copiedChunks = 0;
  #copiedBytes = 0;
  #context: SourceTaskContext | undefined;
  #topic = '';
  #batchSize = 1;
  #closed = false;
  #stopping: Disposable | undefined;
  #wake: () => void = () => undefined;
  readonly #take = (chunk: Buffer): void => {
    this.#chunks.push(chunk);
    this.#input.pause();
    this.#wake();
  };

  constructor(input: Readable) {
    this.#input = input;
  }

  async open(config: FileSourceConfig, context: SourceTaskContext): Promise<void> {
    this.#context = context;
    this.#topic = config.topic;
    this.#batchSize = Math.max(1, config['batch.size']);
    const earlier = uncommitted.get(this.#input);
    if (earlier !== undefined) this.#chunks.push(earlier);
    uncommitted.delete(this.#input);
    this.#input.on('data', this.#take);
    this.#stopping = addAbortListener(context.signal, () => this.#wake());
  }

  async read(): Promise<SourceBatch | null> {
    const { signal, maxBatchBytes = 0 } = this.#context ?? {};
    for (let waited = false; !this.#closed && signal?.aborted === false; ) {
      const from = this.#lines.position;
      const lines = this.#lines.take(this.#batchSize, maxBatchBytes);
      if (lines.length > 0) {
        const { position } = this.#lines;
        const acknowledge = () => this.#acknowledge(position);
        return { records: recordsOf(this.#topic, lines), positions: [], bytes: position - from, acknowledge };
      }
      if (this.#copyChunk()) continue;
      if (waited) return null;
      waited = true;
      await this.#waitForInput();
    }
    return null;
  }

  /** Discards the bytes before a stream position. */
  #acknowledge(position: number): void {
    for (
      let [first] = this.#chunks;
      first !== undefined && this.#acknowledged + first.length <= position;
      [first] = this.#chunks
    ) {
      this.#chunks.shift();
      this.#copiedChunks--;
      this.#acknowledged += first.length;
    }
    const [first] = this.#chunks;
    if (first === undefined || position <= this.#acknowledged) return;
    const acknowledged = position - this.#acknowledged;
    this.#chunks[0] = first.subarray(acknowledged);
    if (this.#copiedChunks === 0) this.#copiedBytes -= acknowledged;
    this.#acknowledged = position;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#stopping?.[Symbol.dispose]();
    this.#input.off('data', this.#take);
    this.#input.pause();
    this.#wake();
    if (this.#context !== undefined && this.#chunks.length > 0)
      uncommitted.set(this.#input, Buffer.concat(this.#chunks));
  }

  /** Copies the next chunk to the line buffer; false without one. */
  #copyChunk(): boolean {
    const chunk = this.#chunks[this.#copiedChunks];
    if (chunk === undefined) return false;
    const target = this.#lines.freeSpace();
    const copied = chunk.copy(target, 0, this.#copiedBytes);
    this.#lines.commit(copied);
    this.#copiedBytes += copied;
    if (this.#copiedBytes === chunk.length) {
      this.#copiedChunks++;
      this.#copiedBytes = 0;
    }
    return true;
  }

  /** Resolves on input, when the task ends, or after MAX_WAIT_MS. */
  async #waitForInput(): Promise<void> {
    this.#input.resume();
    await new Promise<void>(resolve => {
      const timer = setTimeout(resolve, MAX_WAIT_MS);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
      if (this.#closed || this.#context?.signal.aborted) this.#wake();
    });
  }
}
