import type { SourceBatch, SourceTask, SourceTaskContext } from '../../src/api/index.ts';
import type { FileSourceConfig } from './config.ts';
import { FileTask } from './file-task.ts';
import { StandardInputTask } from './standard-input-task.ts';

/** Reads what the configuration names: a file, or, without one, the worker's standard input. */
export class FileStreamSourceTask implements SourceTask<FileSourceConfig> {
  #task: SourceTask<FileSourceConfig> | undefined;

  async open(config: FileSourceConfig, context: SourceTaskContext): Promise<void> {
    this.#task = (config.file ?? '') === '' ? new StandardInputTask(process.stdin) : new FileTask();
    await this.#task.open(config, context);
  }

  async read(): Promise<SourceBatch | null> {
    return (await this.#task?.read()) ?? null;
  }

  acknowledge(batch: SourceBatch): void {
    this.#task?.acknowledge(batch);
  }

  async close(): Promise<void> {
    await this.#task?.close();
  }
}
