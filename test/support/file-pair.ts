import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { eventually } from './eventually.ts';
import type { Draw } from './generate/index.ts';
import type { WorkerGroup } from './worker-group.ts';

const text = 'org.apache.kafka.connect.storage.StringConverter';
const converters = { 'key.converter': text, 'value.converter': text };

/** A file source and a file sink on the same topic: lines appended to `input` arrive in `output`. */
export class FilePair {
  readonly source: string;
  readonly sink: string;
  readonly input: string;
  readonly output: string;

  private constructor(draw: Draw, folder: string) {
    this.source = draw.connectorName();
    this.sink = draw.sinkName();
    const file = draw.topic();
    this.input = join(folder, `${file}.in`);
    this.output = join(folder, `${file}.out`);
  }

  static async start(group: WorkerGroup, draw: Draw): Promise<FilePair> {
    const pair = new FilePair(draw, group.folder);
    const topic = draw.topic();
    const { source, sink, input, output } = pair;
    await writeFile(input, '');
    await group.create(source, { 'connector.class': 'FileStreamSource', file: input, topic, ...converters });
    await group.create(sink, { 'connector.class': 'FileStreamSink', file: output, topics: topic, ...converters });
    return pair;
  }

  /** Appends a line and waits for it in the output. Returns milliseconds. */
  async copyLine(): Promise<number> {
    const [began, before] = [performance.now(), await this.#lines()];
    await appendFile(this.input, `${before}\n`);
    await eventually(
      `${this.source} and ${this.sink} copy line ${before}`,
      async () => (await this.#lines()) > before,
      { within: 60_000 },
    );
    return performance.now() - began;
  }

  async #lines(): Promise<number> {
    const content = await readFile(this.output, 'utf8').catch(() => '');
    return content.split('\n').length - 1;
  }
}
