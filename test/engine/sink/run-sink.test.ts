import { afterAll, expect, test } from 'vitest';
import type { SinkBatch, SinkConnector, SinkRecord } from '../../../src/api/index.ts';
import { simpleHeaderConverter } from '../../../src/converters/simple-header.ts';
import { RecordDecoder } from '../../../src/engine/sink/record-decoder.ts';
import { runSink } from '../../../src/engine/sink/run-sink.ts';
import { DataError, FencedError } from '../../../src/errors.ts';
import { silent } from '../../../src/observability/silent.ts';
import { attempt } from '../../support/attempt.ts';
import { eventually } from '../../support/eventually.ts';
import { uniqueName } from '../../support/topic.ts';
import {
  countingSource,
  type EmptyConfig,
  emptySpec,
  json,
  kafka,
  readValues,
  silentObserver,
  startSource,
} from '../support/counting-source.ts';

afterAll(() => kafka.close());

/** Sink that stores its positions, as a database sink does. */
class MemorySink {
  readonly positions = new Map<string, number>();
  readonly records: SinkRecord[] = [];
  writes = 0;
  writeError: (batch: SinkBatch) => Error | undefined = () => undefined;

  connector(): SinkConnector<EmptyConfig> {
    return {
      kind: 'sink',
      config: emptySpec as never,
      task: () => ({
        open: async (_config, { assigned }) =>
          assigned.flatMap(partition => {
            const next = this.positions.get(`${partition.topic}/${partition.partition}`);
            return next === undefined ? [] : [{ ...partition, next }];
          }),
        write: async batch => {
          await new Promise(setImmediate);
          this.writes++;
          const error = this.writeError(batch);
          if (error) throw error;
          for (const { topic, partition, from, next } of batch.positions) {
            const name = `${topic}/${partition}`;
            if ((this.positions.get(name) ?? null) !== from) throw new FencedError('moved');
            this.positions.set(name, next);
          }
          this.records.push(...batch.records);
        },
        close: async () => {},
      }),
    };
  }
}

async function createFilledTopic(count: number, size = 100): Promise<string> {
  const name = uniqueName('filled');
  const stop = new AbortController();
  const running = startSource(countingSource(name, count, size), name, stop.signal);
  await eventually('the topic is filled', async () => (await readValues(name)).length === count);
  stop.abort();
  await running;
  return name;
}

/** Runs a sink task until the signal aborts. options: replaces settings of the run. */
function startSink(target: MemorySink, topic: string, name: string, signal: AbortSignal, options: object = {}) {
  return runSink({
    ...attempt,
    connector: name,
    task: 0,
    sink: target.connector(),
    config: {},
    kafka,
    group: `connect-${name}`,
    assignment: async () => [{ topic, partition: 0, topicId: '' }],
    reset: { to: 'earliest' },
    decoder: new RecordDecoder({
      transform: record => record,
      keys: json,
      values: json,
      headers: simpleHeaderConverter.create({}, false),
    }),
    tolerant: false,
    errorLog: { isEnabled: false, includesPosition: false },
    deadLetters: null,
    limits: { fetchBytes: 1 << 16, batchRecords: 100, refreshMs: 60_000, commitMs: 200 },
    observer: silentObserver,
    log: silent,
    signal,
    ...options,
  });
}

const groupOffset = async (name: string, topic: string) =>
  (await kafka.admin.groupOffsets(`connect-${name}`, [{ topic, partition: 0 }]))[0]?.offset;
const endOffset = async (topic: string) => (await kafka.admin.offsets([{ topic, partition: 0 }]))[0]?.end ?? 0;

test('a sink that is stopped and fails repeatedly writes every record once and in order', async () => {
  const topic = await createFilledTopic(5000);
  const name = uniqueName('sink');
  const target = new MemorySink();
  for (let round = 0; round < 6; round++) {
    const stop = new AbortController();
    const until = target.records.length + 600;
    target.writeError = () => {
      if (target.records.length < until) return undefined;
      if (round % 2 === 0) stop.abort();
      return round % 2 === 0 ? undefined : new Error('the database is down');
    };
    await startSink(target, topic, name, stop.signal).catch((error: Error) => {
      expect(error.message).toBe('the database is down');
    });
  }
  target.writeError = () => undefined;
  const stop = new AbortController();
  const last = startSink(target, topic, name, stop.signal);
  // The group offset is committed for monitoring tools.
  await eventually(
    'the group offset is the end of the topic',
    async () => (await groupOffset(name, topic)) === (await endOffset(topic)),
  );
  stop.abort();
  await last;
  expect(target.records.map(record => record.value)).toEqual(Array.from({ length: 5000 }, (_, i) => i));
});

test('reports its lag over all assigned partitions', async () => {
  const topics = [await createFilledTopic(300), await createFilledTopic(500)];
  const figures: { lag: number; lag_ms: number }[] = [];
  const stop = new AbortController();
  const running = startSink(new MemorySink(), 'unused', uniqueName('sink'), stop.signal, {
    assignment: async () => topics.map(topic => ({ topic, partition: 0, topicId: '' })),
    observer: { ...silentObserver, figures: (reported: never) => figures.push(reported) },
  });
  await eventually('the sink has caught up', () => figures.at(-1)?.lag === 0);
  stop.abort();
  await running;
  expect(figures[0]).toEqual({
    lag: (await endOffset(topics[0] ?? '')) + (await endOffset(topics[1] ?? '')),
    lag_ms: 0,
  });
  expect(figures.map(({ lag }) => lag)).toEqual(figures.map(({ lag }) => lag).toSorted((a, b) => b - a));
  expect(figures.at(-1)).toEqual({ lag: 0, lag_ms: 0 });
  // Until the end is reached, lag_ms is the age of the last record; all records are new.
  expect(figures.slice(1, -1).every(({ lag, lag_ms: ms }) => lag > 0 === ms > 0 && ms < 60_000)).toBe(true);
});

test('a sink that was killed before it committed the group offset commits it at its start, without a new record', async () => {
  const topic = await createFilledTopic(100);
  const name = uniqueName('sink');
  const target = new MemorySink();
  target.positions.set(`${topic}/0`, await endOffset(topic));
  const stop = new AbortController();
  const running = startSink(target, topic, name, stop.signal);
  await eventually(
    'the group offset is the end of the topic',
    async () => (await groupOffset(name, topic)) === (await endOffset(topic)),
  );
  stop.abort();
  await running;
  expect(target.writes).toBe(0);
});

test('the group offset reaches the end of the topic when a fetch ends between the last record and its control record', async () => {
  const topic = await createFilledTopic(300, 300);
  const name = uniqueName('sink');
  const target = new MemorySink();
  const stop = new AbortController();
  const running = startSink(target, topic, name, stop.signal);
  await eventually(
    'the group offset is the end of the topic',
    async () => (await groupOffset(name, topic)) === (await endOffset(topic)),
  );
  stop.abort();
  await running;
  expect(target.records).toHaveLength(300);
  expect(target.positions.get(`${topic}/0`)).toBe(300);
});

test('a record that the sink rejects is sent to the dead-letter queue and the others are written, if errors are tolerated', async () => {
  const topic = await createFilledTopic(300);
  const target = new MemorySink();
  target.writeError = batch => {
    const index = batch.records.findIndex(record => record.value === 150);
    return index < 0 ? undefined : new DataError('rejected', { index });
  };
  const deadLetters: unknown[] = [];
  const stop = new AbortController();
  const running = startSink(target, topic, uniqueName('sink'), stop.signal, {
    tolerant: true,
    deadLetters: {
      async send(sent: { raw: { value: Buffer | null }; stage: string }[]) {
        for (const { raw, stage } of sent) deadLetters.push([raw.value?.toString(), stage]);
      },
      async close() {},
    },
  });
  await eventually('the other records are written', () => target.records.length === 299);
  stop.abort();
  await running;
  expect(deadLetters).toEqual([['150', 'TASK_PUT']]);
  expect(target.records.some(record => record.value === 150)).toBe(false);
});
