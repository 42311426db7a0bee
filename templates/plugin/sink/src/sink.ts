import { appendFile, mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import {
  type Config,
  defineConfig,
  javaString,
  MillraceError,
  messageOf,
  nonEmpty,
  type SinkBatch,
  type SinkConnector,
  type SinkTask,
  stringKey,
} from 'millrace/api';

const config = defineConfig({
  file: stringKey({
    doc: 'The file that a line for each record is put at the end of.',
    importance: 'high',
    check: nonEmpty,
  }),
});
type Settings = Config<typeof config>;

/**
 * Values as lines of a file. At least once: a crash between the write and the commit of the consumer group's offset
 * writes a batch again. A sink that can keep its position beside its rows answers it from open, and moves it in write.
 */
export const sink: SinkConnector<Settings> = {
  kind: 'sink',
  config,
  task: () => new LinesTask(),
};

class LinesTask implements SinkTask<Settings> {
  #file = '';

  async open({ file }: Settings): Promise<readonly []> {
    await mkdir(dirname(file), { recursive: true });
    this.#file = file;
    return [];
  }

  async write({ records }: SinkBatch): Promise<void> {
    const lines = records.map(({ valueSchema, value }) => `${javaString(valueSchema, value)}\n`);
    try {
      await appendFile(this.#file, lines.join(''));
    } catch (error) {
      // Something that passes by itself: the task tries again.
      throw new MillraceError('SINK_UNAVAILABLE', `The file ${this.#file} cannot be written: ${messageOf(error)}`);
    }
  }

  async close(): Promise<void> {}
}
