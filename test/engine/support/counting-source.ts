import { type PositionReader, type SourceBatch, type SourceConnector, schemaOf } from '../../../src/api/index.ts';
import { defineConfig } from '../../../src/config/spec.ts';
import { jsonConverter } from '../../../src/converters/json/json-converter.ts';
import { simpleHeaderConverter } from '../../../src/converters/simple-header.ts';
import type { TaskObserver } from '../../../src/engine/observer.ts';
import { RecordEncoder } from '../../../src/engine/source/record-encoder.ts';
import { runSource } from '../../../src/engine/source/run-source.ts';
import { kafkaClient } from '../../../src/kafka/client/client.ts';
import { appendPositions, ensureOffsetsTopic, loadPositions } from '../../../src/kafka/storage/offset-store.ts';
import { silent } from '../../../src/observability/silent.ts';
import { servers } from '../../support/servers.ts';
import { uniqueName } from '../../support/topic.ts';

/** Client of the test's Kafka server; the test file closes it. */
export const kafka = kafkaClient({ brokers: [servers().kafka], clientId: 'test' }, silent);

export const emptySpec = defineConfig({});
export type EmptyConfig = Record<string, never>;
const int = schemaOf('int32');
export const json = jsonConverter.create(
  { ...jsonConverter.config.check({ 'schemas.enable': 'false' }).config } as never,
  false,
);
export const silentObserver: TaskObserver = { read() {}, written() {}, skipped() {}, figures() {} };

/** Source of the numbers below `end`, `size` records per batch. Its position is the next number. onOpen: called with the start position. */
export function countingSource(
  topic: string,
  end: number,
  size: number,
  onOpen: (from: number) => void = () => {},
): SourceConnector<EmptyConfig> {
  return {
    kind: 'source',
    config: emptySpec as never,
    plan: async () => [{}],
    task() {
      let next = 0;
      let signal: AbortSignal;
      return {
        async open(_config, context: { positions: PositionReader; signal: AbortSignal }) {
          next = Number(context.positions.get({ of: topic })?.['next'] ?? 0);
          signal = context.signal;
          onOpen(next);
        },
        async read(): Promise<SourceBatch | null> {
          if (next >= end) {
            await new Promise<void>(resolve => {
              if (signal.aborted) return resolve();
              signal.addEventListener('abort', () => resolve(), { once: true });
            });
            return null;
          }
          await new Promise(setImmediate);
          const from = next;
          next = Math.min(end, next + size);
          const records = Array.from({ length: next - from }, (_, i) => ({
            topic,
            partition: 0,
            keySchema: int,
            key: (from + i) % 7,
            valueSchema: int,
            value: from + i,
            timestamp: null,
            headers: [],
          }));
          return { records, positions: [{ partition: { of: topic }, offset: { next } }], bytes: records.length * 8 };
        },
        async close() {},
      };
    },
  };
}

const offsetsTopic = { topic: uniqueName('offsets'), partitions: 3, replicationFactor: 1 };
const offsets = {
  topic: offsetsTopic.topic,
  async load(connector: string) {
    await ensureOffsetsTopic(kafka, offsetsTopic);
    return loadPositions(kafka, offsetsTopic.topic, connector);
  },
  append: (...[batch, connector, positions]: [never, string, never]) =>
    appendPositions(batch, offsetsTopic.topic, connector, positions),
};

/** Runs a source task until the signal aborts. */
export function startSource(
  connector: SourceConnector<EmptyConfig>,
  name: string,
  signal: AbortSignal,
  observer: Partial<TaskObserver> = {},
) {
  return runSource({
    connector: name,
    task: 0,
    source: connector,
    config: {},
    kafka,
    producer: { transactionalId: `test-${name}-0`, compression: 'lz4', transactionTimeoutMs: 30_000 },
    offsets: offsets as never,
    encoder: new RecordEncoder({
      transform: record => record,
      keys: json,
      values: json,
      headers: simpleHeaderConverter.create({}, false),
      tolerant: false,
    }),
    errorLog: { isEnabled: false, includesPosition: false },
    topics: { newTopic: topic => ({ topic, partitions: 1, replicationFactor: 1 }) },
    limits: { batchBytes: 1 << 20, transactionBytes: 1 << 16, commitIntervalMs: 10 },
    observer: { ...silentObserver, ...observer },
    log: silent,
    signal,
  });
}

/** Reads all committed values of partition 0. */
export async function readValues(topic: string): Promise<number[]> {
  const [range] = await kafka.admin.offsets([{ topic, partition: 0 }]);
  const { low, end } = range as { low: number; end: number };
  const reader = await kafka.reader({
    assigned: [{ topic, partition: 0, offset: low }],
    maxBytes: 1 << 20,
    maxPartitionBytes: 1 << 20,
    maxWaitMs: 100,
  });
  const values: number[] = [];
  for (let next = low; next < end; )
    for (const part of await reader.poll()) {
      next = part.next;
      for (const { value } of part.records) values.push(Number(value?.toString()));
    }
  await reader.close();
  return values;
}
