import type {
  Log,
  PositionReader,
  SourceBatch,
  SourceConnector,
  SourceOffset,
  SourcePartition,
  SourcePosition,
  SourceRecord,
  SourceTask,
} from '../../src/api/index.ts';
import { Bytes } from '../../src/api/index.ts';
import { converter } from '../converters/neutral.ts';

/** Content of Kafka: positions and records of the committed batches, in order. */
export class Committed implements PositionReader {
  readonly records: SourceRecord[] = [];
  readonly batches: SourceBatch[] = [];
  readonly #positions = new Map<string, SourcePosition>();

  get(partition: SourcePartition): SourceOffset {
    return this.#positions.get(JSON.stringify(partition))?.offset ?? null;
  }

  all(): readonly SourcePosition[] {
    return [...this.#positions.values()];
  }

  put(partition: SourcePartition, offset: SourceOffset): void {
    const key = JSON.stringify(partition);
    if (offset === null) this.#positions.delete(key);
    // Converted as after reading it from a topic.
    else this.#positions.set(key, JSON.parse(JSON.stringify({ partition, offset })) as SourcePosition);
  }

  commit(batch: SourceBatch): void {
    this.batches.push(batch);
    this.records.push(...batch.records);
    for (const { partition, offset } of batch.positions) this.put(partition, offset);
  }
}

export interface Warning {
  readonly fields: Readonly<Record<string, unknown>>;
  readonly message: string;
}

export interface Running<C = unknown> extends AsyncDisposable {
  readonly task: SourceTask<C>;
  readonly figures: Readonly<Record<string, number | string>>;
  readonly warnings: readonly Warning[];
  /** Reads one batch, commits and acknowledges it. */
  step(): Promise<SourceBatch | null>;
  /** Reads until `done` returns true; fails after the timeout. */
  until(done: () => boolean | Promise<boolean>, withinMs?: number): Promise<void>;
  /** Reads until this many records were committed in total. */
  records(count: number, withinMs?: number): Promise<readonly SourceRecord[]>;
  close(): Promise<void>;
}

export interface OpenOptions {
  readonly maxBatchBytes?: number;
  readonly connector?: string;
}

export const silent: Log = { debug() {}, info() {}, warn() {}, error() {} };

function configOf<C>({ config: spec }: SourceConnector<C>, props: Readonly<Record<string, string>>): C {
  const { config, errors } = spec.check(props);
  if (config === undefined) throw new Error(JSON.stringify([...errors]));
  return config;
}

/** Opens a task like the engine. */
export async function openSource<C>(
  connector: SourceConnector<C>,
  props: Readonly<Record<string, string>>,
  committed: Committed,
  options: OpenOptions = {},
): Promise<Running<C>> {
  const task = connector.task();
  const abort = new AbortController();
  const warnings: Warning[] = [];
  const running = {
    task,
    figures: {} as Readonly<Record<string, number | string>>,
    warnings,
    async step() {
      const batch = await task.read();
      if (batch !== null) {
        committed.commit(batch);
        batch.acknowledge?.();
      }
      return batch;
    },
    async until(done: () => boolean | Promise<boolean>, withinMs = 20_000) {
      const deadline = performance.now() + withinMs;
      while (!(await done())) {
        if (performance.now() > deadline)
          throw new Error(`not within ${withinMs} ms; ${committed.records.length} records were read`);
        await running.step();
      }
    },
    async records(count: number, withinMs?: number) {
      await running.until(() => committed.records.length >= count, withinMs);
      return committed.records;
    },
    async close() {
      abort.abort();
      await task.close();
    },
    [Symbol.asyncDispose]: () => running.close(),
  };
  try {
    await task.open(configOf(connector, props), {
      connector: options.connector ?? 'test',
      task: 0,
      log: { ...silent, warn: (fields, message) => void warnings.push({ fields, message }) },
      signal: abort.signal,
      positions: committed,
      maxBatchBytes: options.maxBatchBytes ?? 2 << 20,
      report: figures => {
        running.figures = figures;
      },
    });
  } catch (error) {
    await task.close();
    throw error;
  }
  return running;
}

const plain = converter({ 'schemas.enable': 'false' });
const withSchemas = converter({});

function toJson(record: SourceRecord, side: 'key' | 'value', schemas: boolean): string | null {
  const out = new Bytes();
  const schema = side === 'key' ? record.keySchema : record.valueSchema;
  const any = (schemas ? withSchemas : plain).fromConnect(record.topic, schema, record[side], out);
  return any ? out.take().toString() : null;
}

// biome-ignore lint/suspicious/noExplicitAny: a record's JSON, which tests look into
export type Parsed = any;

export const keyOf = (record: SourceRecord, schemas = false): Parsed =>
  JSON.parse(toJson(record, 'key', schemas) ?? 'null');
export const payloadOf = (record: SourceRecord, schemas = false): Parsed =>
  JSON.parse(toJson(record, 'value', schemas) ?? 'null');
