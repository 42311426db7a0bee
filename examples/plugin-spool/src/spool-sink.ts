import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type Config,
  DataError,
  defineConfig,
  MillraceError,
  messageOf,
  nonEmpty,
  type SinkBatch,
  type SinkConnector,
  type SinkRecord,
  type SinkTask,
  stringKey,
} from 'millrace/api';

const config = defineConfig({
  path: stringKey({
    doc: 'The folder that files are put into; made where it is missing.',
    importance: 'high',
    check: nonEmpty,
  }),
});
type Settings = Config<typeof config>;

/**
 * Writes each record as a file of a folder, named by its topic, partition and offset. A repeated write replaces the same
 * file, so the consumer group's offsets are sufficient and no record is duplicated.
 */
export const spoolSink: SinkConnector<Settings> = {
  kind: 'sink',
  config,
  task: () => new SpoolSinkTask(),
};

class SpoolSinkTask implements SinkTask<Settings> {
  #path = '';

  async open({ path }: Settings): Promise<readonly []> {
    this.#path = path;
    await this.#unless(() => mkdir(path, { recursive: true }));
    return [];
  }

  async write({ records }: SinkBatch): Promise<void> {
    // Records are checked first, so that nothing of a batch with an invalid record is written.
    const files = records.map((record, index) => [nameOf(record), textOf(record, index)] as const);
    for (const [name, content] of files)
      await this.#unless(async () => {
        const hidden = join(this.#path, `.${name}`);
        await writeFile(hidden, content);
        await rename(hidden, join(this.#path, name));
      });
  }

  async close(): Promise<void> {}

  /** A full disk or a missing folder is a retriable error: the task retries until it is corrected. */
  async #unless(work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
    } catch (error) {
      throw new MillraceError('SINK_UNAVAILABLE', `The folder ${this.#path} cannot be written to: ${messageOf(error)}`);
    }
  }
}

/** Pads numbers, so that names sort like offsets. */
const nameOf = ({ originalTopic, originalPartition, offset }: SinkRecord): string =>
  `${originalTopic}-${originalPartition}-${String(offset).padStart(16, '0')}.txt`;

function textOf({ value }: SinkRecord, index: number): string {
  if (typeof value === 'string') return value;
  if (value === null) throw new DataError('A record without a value makes no file.', { index });
  return JSON.stringify(value, (_key, item: unknown) => (typeof item === 'bigint' ? String(item) : item));
}
