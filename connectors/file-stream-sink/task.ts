import { once } from 'node:events';
import type { SinkBatch, SinkPosition, SinkTask, SinkTaskContext } from '../../src/api/index.ts';
import type { FileAccess } from '../../src/config/worker-config/file-access.ts';
import { MillraceError } from '../../src/errors.ts';
import type { FileSinkConfig } from './config.ts';
import { LineEncoder } from './lines.ts';
import { OutputFile } from './output-file.ts';

/** Writes to the configured file, or, without one, to the worker's standard output. */
export class FileStreamSinkTask implements SinkTask<FileSinkConfig> {
  readonly #files: FileAccess;
  readonly #encoder = new LineEncoder();
  #file: OutputFile | undefined;
  #context: SinkTaskContext | undefined;
  #topicIds: ReadonlyMap<string, string> = new Map();

  constructor(files: FileAccess) {
    this.#files = files;
  }

  async open({ file }: FileSinkConfig, context: SinkTaskContext): Promise<readonly SinkPosition[]> {
    const { assigned, log } = context;
    this.#context = context;
    this.#topicIds = new Map(assigned.map(({ topic, topicId }) => [topic, topicId]));
    if ((file ?? '') === '') {
      this.#files.checkStandardStreams();
      return [];
    }
    this.#file = await OutputFile.open(this.#files, file ?? '', log);
    return this.#file.claim(context, assigned);
  }

  async write({ records, positions }: SinkBatch): Promise<void> {
    if (this.#context === undefined)
      throw new MillraceError('INTERNAL', 'The sink was written to before it was opened.');
    const bytes = this.#encoder.encode(records);
    if (this.#file !== undefined) await this.#file.append(this.#context, this.#topicIds, bytes, positions);
    // No positions: the consumer group's offsets are committed after the write, and a crash in between repeats lines.
    else if (!process.stdout.write(Buffer.from(bytes))) await once(process.stdout, 'drain');
  }

  async close(): Promise<void> {
    await this.#file?.close();
  }
}
