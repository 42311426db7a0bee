import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import {
  type Config,
  defineConfig,
  MillraceError,
  messageOf,
  nonEmpty,
  type SourceBatch,
  type SourceConnector,
  type SourceRecord,
  type SourceTask,
  type SourceTaskContext,
  schemaOf,
  stringKey,
} from 'millrace/api';

const config = defineConfig({
  path: stringKey({
    doc: 'The folder whose files are read, in the order of their names.',
    importance: 'high',
    check: nonEmpty,
  }),
  topic: stringKey({ doc: 'The topic that each file becomes a record of.', importance: 'high', check: nonEmpty }),
});
type Settings = Config<typeof config>;

/**
 * Reads each file of a folder as a record, with the name as its key and the text as its value. Files are read in the order
 * of their names, so a new file must be complete (written under a name that starts with a dot, then renamed) and sort
 * after the existing ones. The position is the name of the last file.
 */
export const spoolSource: SourceConnector<Settings> = {
  kind: 'source',
  config,
  plan: async () => [{}],
  task: () => new SpoolSourceTask(),
  async validate({ path }) {
    try {
      await readdir(path);
      return {};
    } catch (error) {
      return { path: [`The folder ${path} cannot be read: ${messageOf(error)}`] };
    }
  },
  async alterOffsets({ path }, positions) {
    for (const { partition, offset } of positions) {
      if (partition['spool'] !== path || (offset !== null && typeof offset['file'] !== 'string'))
        throw new MillraceError(
          'BAD_REQUEST',
          `A position of this connector is {"spool": "${path}"} with {"file": "name of the last file read"}.`,
        );
    }
  },
};

const text = schemaOf('string');
/** Longest wait of `read` for a file, in milliseconds. */
const WAIT = 500;

class SpoolSourceTask implements SourceTask<Settings> {
  readonly #closing = new AbortController();
  #signal = this.#closing.signal;
  #context: SourceTaskContext | undefined;
  #path = '';
  #topic = '';
  #last = '';
  #names: string[] = [];

  async open({ path, topic }: Settings, context: SourceTaskContext): Promise<void> {
    this.#context = context;
    this.#signal = AbortSignal.any([context.signal, this.#closing.signal]);
    this.#path = path;
    this.#topic = topic;
    this.#last = String(context.positions.get({ spool: path })?.['file'] ?? '');
  }

  async read(): Promise<SourceBatch | null> {
    if (this.#names.length === 0) await this.#look();
    if (this.#names.length === 0) {
      await pause(WAIT, undefined, { signal: this.#signal }).catch(() => undefined);
      return null;
    }
    const records: SourceRecord[] = [];
    let bytes = 0;
    for (let name = this.#names[0]; name !== undefined; name = this.#names[0]) {
      const value = await readFile(join(this.#path, name), 'utf8');
      records.push(this.#record(name, value));
      bytes += value.length;
      this.#names.shift();
      this.#last = name;
      if (bytes >= (this.#context?.maxBatchBytes ?? 0)) break;
    }
    this.#context?.report({ file: this.#last });
    return { records, positions: [{ partition: { spool: this.#path }, offset: { file: this.#last } }], bytes };
  }

  async close(): Promise<void> {
    this.#closing.abort();
  }

  async #look(): Promise<void> {
    const names = await readdir(this.#path).catch((error: unknown) => {
      // A folder on another machine may become available again: the task retries.
      throw new MillraceError('SOURCE_UNAVAILABLE', `The folder ${this.#path} cannot be read: ${messageOf(error)}`);
    });
    this.#names = names.filter(name => !name.startsWith('.') && name > this.#last).sort();
  }

  #record(name: string, value: string): SourceRecord {
    return {
      topic: this.#topic,
      partition: null,
      keySchema: text,
      key: name,
      valueSchema: text,
      value,
      timestamp: null,
      headers: [],
    };
  }
}
