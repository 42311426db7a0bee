import type { SourceBatch, SourceRecord, SourceTask, SourceTaskContext } from '../../src/api/index.ts';
import type { FileAccess } from '../../src/config/worker-config/file-access.ts';
import type { FileSourceConfig } from './config.ts';
import { FileTask } from './file-task.ts';
import { StandardInputTask } from './standard-input-task.ts';

/** Reads the configured file, or, without one, the worker's standard input. */
export class FileStreamSourceTask implements SourceTask<FileSourceConfig> {
  readonly #files: FileAccess;
  #task: SourceTask<FileSourceConfig> | undefined;

  constructor(files: FileAccess) {
    this.#files = files;
  }

  async open(config: FileSourceConfig, context: SourceTaskContext): Promise<void> {
    if ((config.file ?? '') === '') {
      this.#files.checkStandardStreams();
      this.#task = new StandardInputTask(process.stdin);
    } else this.#task = new FileTask(this.#files);
    await this.#task.open(config, context);
  }

  async read(): Promise<SourceBatch | null> {
    return (await this.#task?.read()) ?? null;
  }

  async placeOf(record: SourceRecord): Promise<string | undefined> {
    return this.#task?.placeOf?.(record);
  }

  async close(): Promise<void> {
    await this.#task?.close();
  }
}
