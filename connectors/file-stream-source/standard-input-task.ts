import { addAbortListener } from 'node:events';
import type { Readable } from 'node:stream';
import type { SourceBatch, SourceTask, SourceTaskContext } from '../../src/api/index.ts';
import type { FileSourceConfig } from './config.ts';
import { LineBuffer } from './line-buffer.ts';
import { recordsOf } from './records.ts';

/** How long a read waits for a line. Milliseconds. */
const WAIT = 1000;

/** What a task had taken from a stream without its being written to Kafka: the next one begins with that. */
const leftOver = new WeakMap<Readable, Buffer>();

/**
 * Lines from a stream that cannot be read twice: without a position, and so at most once when the process ends. Within
 * a process, what has not been acknowledged is kept for the task that follows.
 */
export class StandardInputTask implements SourceTask<FileSourceConfig> {
  readonly #input: Readable;
  readonly #lines = new LineBuffer(0);
  readonly #unacknowledged = new Map<SourceBatch, number>();
  /** Bytes that came and are not in Kafka yet; the first of them stands at `#kept`. */
  #chunks: Buffer[] = [];
  #kept = 0;
  /** How many of `#chunks` the lines have been given. */
  #fed = 0;
  #fedBytes = 0;
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
    const before = leftOver.get(this.#input);
    if (before !== undefined) this.#chunks.push(before);
    leftOver.delete(this.#input);
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
        const batch = { records: recordsOf(this.#topic, lines), positions: [], bytes: position - from };
        this.#unacknowledged.set(batch, position);
        return batch;
      }
      if (this.#feed()) continue;
      if (waited) return null;
      waited = true;
      await this.#more();
    }
    return null;
  }

  acknowledge(batch: SourceBatch): void {
    const position = this.#unacknowledged.get(batch) ?? this.#kept;
    this.#unacknowledged.delete(batch);
    for (
      let [first] = this.#chunks;
      first !== undefined && this.#kept + first.length <= position;
      [first] = this.#chunks
    ) {
      this.#chunks.shift();
      this.#fed--;
      this.#kept += first.length;
    }
    const [first] = this.#chunks;
    if (first === undefined || position <= this.#kept) return;
    const done = position - this.#kept;
    this.#chunks[0] = first.subarray(done);
    if (this.#fed === 0) this.#fedBytes -= done;
    this.#kept = position;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#stopping?.[Symbol.dispose]();
    this.#input.off('data', this.#take);
    this.#input.pause();
    this.#wake();
    if (this.#context !== undefined && this.#chunks.length > 0) leftOver.set(this.#input, Buffer.concat(this.#chunks));
  }

  /** Hands the lines what came next; false where that is nothing. */
  #feed(): boolean {
    const chunk = this.#chunks[this.#fed];
    if (chunk === undefined) return false;
    const room = this.#lines.room();
    const copied = chunk.copy(room, 0, this.#fedBytes);
    this.#lines.filled(copied);
    this.#fedBytes += copied;
    if (this.#fedBytes === chunk.length) {
      this.#fed++;
      this.#fedBytes = 0;
    }
    return true;
  }

  /** Resolves when there is more, when the task ends, or after a while. */
  async #more(): Promise<void> {
    this.#input.resume();
    await new Promise<void>(resolve => {
      const timer = setTimeout(resolve, WAIT);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
      if (this.#closed || this.#context?.signal.aborted) this.#wake();
    });
  }
}
