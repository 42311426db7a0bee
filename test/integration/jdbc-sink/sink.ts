import { confluentJdbcSink, debeziumJdbcSink } from '../../../connectors/jdbc-sink/index.ts';
import type {
  Header,
  Log,
  Schema,
  SinkConnector,
  SinkPosition,
  SinkProgress,
  SinkRecord,
  SinkTask,
  SinkWriter,
  Struct,
  StructSchema,
  TopicPartition,
  Value,
} from '../../../src/api/index.ts';
import { ValueStruct } from '../../../src/api/index.ts';
import { messageOf } from '../../../src/errors.ts';
import { silent } from '../../../src/observability/silent.ts';
import type { TestDatabase } from '../../support/database.ts';

export type Family = 'confluent' | 'debezium';

export interface SinkOptions {
  readonly family?: Family;
  readonly cluster?: string;
  readonly connector?: string;
  /** Default: later than any task opened before. */
  readonly generation?: number;
  readonly attempt?: number;
  readonly assigned?: readonly TopicPartition[];
  readonly topicId?: string;
  /** URL parameters, after the `?`. */
  readonly parameters?: string;
  readonly signal?: AbortSignal;
  readonly log?: Log;
}

let generation = 0;

/** Identity of a task that is newer than the ones before, unless `options` says otherwise. */
export const writer = (options: SinkOptions = {}): SinkWriter => ({
  cluster: options.cluster ?? 'kafka/group',
  connector: options.connector ?? 'orders-sink',
  generation: options.generation ?? ++generation,
  attempt: options.attempt ?? 1,
});

/** A sink task on a test database, driven like by the engine. */
export class TestSink implements AsyncDisposable {
  readonly releaseFunctions: readonly SinkPosition[];
  readonly #task: SinkTask<unknown>;
  readonly #positions = new Map<string, number>();

  private constructor(task: SinkTask<unknown>, storedPositions: readonly SinkPosition[]) {
    this.#task = task;
    this.releaseFunctions = storedPositions;
    for (const { topic, partition, next } of storedPositions) this.#positions.set(`${topic}/${partition}`, next);
  }

  static async open(
    db: TestDatabase,
    config: Readonly<Record<string, string>>,
    options: SinkOptions = {},
  ): Promise<TestSink> {
    const { topicId = 'id', assigned = [{ topic: 'orders', partition: 0 }] } = options;
    const { sink, checked } = configured(db, config, options);
    const task = sink.task();
    try {
      const storedPositions = await task.open(checked, {
        ...writer(options),
        task: 0,
        log: options.log ?? silent,
        signal: options.signal ?? new AbortController().signal,
        assigned: assigned.map(partition => ({ ...partition, topicId })),
        report: () => undefined,
      });
      return new TestSink(task, storedPositions);
    } catch (error) {
      await task.close();
      throw error;
    }
  }

  static async fence(
    db: TestDatabase,
    config: Readonly<Record<string, string>>,
    options: SinkOptions = {},
  ): Promise<void> {
    const { sink, checked } = configured(db, config, options);
    await sink.fence?.(checked, writer(options), { log: silent, signal: AbortSignal.timeout(20_000) });
  }

  /** Writes records with positions that continue from the last write, or with the given ones. */
  async write(
    records: readonly SinkRecord[],
    positions: readonly SinkProgress[] = this.#behind(records),
  ): Promise<void> {
    await this.#task.write({ records, positions });
    for (const { topic, partition, next } of positions) this.#positions.set(`${topic}/${partition}`, next);
  }

  #behind(records: readonly SinkRecord[]): SinkProgress[] {
    const last = new Map<string, SinkProgress>();
    for (const { originalTopic: topic, originalPartition: partition, offset } of records) {
      const from = this.#positions.get(`${topic}/${partition}`) ?? null;
      last.set(`${topic}/${partition}`, { topic, partition, from, next: offset + 1, end: offset + 1 });
    }
    return [...last.values()];
  }

  async close(): Promise<void> {
    await this.#task.close();
  }
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

function configured(db: TestDatabase, config: Readonly<Record<string, string>>, options: SinkOptions) {
  const { family = 'confluent' } = options;
  const sink = (family === 'confluent' ? confluentJdbcSink : debeziumJdbcSink) as SinkConnector<unknown>;
  const { host, port, user, password, database } = db.connection;
  const checked = sink.config.check({
    'connection.url': `jdbc:postgresql://${host}:${port}/${database}?${options.parameters ?? 'sslmode=disable'}`,
    [family === 'confluent' ? 'connection.user' : 'connection.username']: user,
    'connection.password': password,
    ...config,
  });
  if (checked.config === undefined) throw new Error([...checked.errors.values()].flat().join('; '));
  return { sink, checked: checked.config };
}

let offset = 0;

export interface RecordParts {
  readonly topic?: string;
  readonly partition?: number;
  readonly offset?: number;
  readonly keySchema?: Schema | null;
  readonly key?: Value;
  readonly valueSchema?: Schema | null;
  readonly value?: Value;
  readonly headers?: readonly Header[];
}

/** A record; its offset is the next one unless given. */
export function record(parts: RecordParts): SinkRecord {
  const { topic = 'orders', partition = 0 } = parts;
  return {
    topic,
    partition,
    originalTopic: topic,
    originalPartition: partition,
    offset: parts.offset ?? offset++,
    timestamp: 1_767_225_600_000,
    headers: parts.headers ?? [],
    keySchema: parts.keySchema ?? null,
    key: parts.key ?? null,
    valueSchema: parts.valueSchema ?? null,
    value: parts.value ?? null,
  };
}

/** A struct with values by name. */
export function struct(schema: StructSchema, values: Readonly<Record<string, Value>>): Struct {
  return new ValueStruct(
    schema,
    schema.fields.map(({ name }) => values[name] ?? null),
  );
}

/** Records of one key and one row schema. */
export function recordsOf(keySchema: StructSchema, valueSchema: StructSchema, topic = 'orders') {
  const key = (values: Readonly<Record<string, Value>>) => ({ topic, keySchema, key: struct(keySchema, values) });
  return {
    row: (values: Readonly<Record<string, Value>>) =>
      record({ ...key(values), valueSchema, value: struct(valueSchema, values) }),
    tombstone: (values: Readonly<Record<string, Value>>) => record(key(values)),
  };
}

/** The error with which a promise rejects; throws if it resolves. */
export async function rejection(promise: Promise<unknown>): Promise<Error> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof Error) return error;
    throw new Error(`not an Error: ${messageOf(error)}`);
  }
  throw new Error('it did not reject');
}
