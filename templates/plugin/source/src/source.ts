import { setTimeout as pause } from 'node:timers/promises';
import {
  type Config,
  defineConfig,
  longKey,
  MillraceError,
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
  topic: stringKey({ doc: 'The topic that the numbers go to.', importance: 'high', check: nonEmpty }),
  last: longKey({ doc: 'The last number.', default: 1000 }),
});
type Settings = Config<typeof config>;

/** Numbers from 1 to the last, each as a record. */
export const source: SourceConnector<Settings> = {
  kind: 'source',
  config,
  // One task, with the connector's configuration.
  plan: async () => [{}],
  task: () => new NumbersTask(),
  async alterOffsets(_config, positions) {
    for (const { partition, offset } of positions)
      if (partition['numbers'] !== 'all' || (offset !== null && typeof offset['next'] !== 'number'))
        throw new MillraceError('BAD_REQUEST', 'A position is {"numbers": "all"} with {"next": a number}.');
  },
};

/** Longest wait of `read` for records, in milliseconds. */
const WAIT = 500;
/** Approximate size of a record in memory. */
const BYTES = 8;
const number = schemaOf('int64');

class NumbersTask implements SourceTask<Settings> {
  readonly #closing = new AbortController();
  #signal = this.#closing.signal;
  #config: Settings = { topic: '', last: 0 };
  #next = 1;
  #most = 1;

  async open(config: Settings, { positions, signal, maxBatchBytes }: SourceTaskContext): Promise<void> {
    this.#config = config;
    this.#signal = AbortSignal.any([signal, this.#closing.signal]);
    this.#most = Math.max(1, Math.floor(maxBatchBytes / BYTES));
    // The position after the last committed batch.
    this.#next = Number(positions.get({ numbers: 'all' })?.['next'] ?? 1);
  }

  async read(): Promise<SourceBatch | null> {
    const { topic, last } = this.#config;
    const records: SourceRecord[] = [];
    for (; this.#next <= last && records.length < this.#most; this.#next++)
      records.push({
        topic,
        partition: null,
        keySchema: null,
        key: null,
        valueSchema: number,
        value: BigInt(this.#next),
        timestamp: null,
        headers: [],
      });
    if (records.length > 0)
      return {
        records,
        positions: [{ partition: { numbers: 'all' }, offset: { next: this.#next } }],
        bytes: records.length * BYTES,
      };
    await pause(WAIT, undefined, { signal: this.#signal }).catch(() => undefined);
    return null;
  }

  async close(): Promise<void> {
    this.#closing.abort();
  }
}
