import { afterAll, describe, expect, test } from 'vitest';
import {
  type PositionReader,
  type SinkBatch,
  type SinkConnector,
  type SinkRecord,
  type SourceBatch,
  type SourceConnector,
  type SourceTaskContext,
  schemaOf,
} from '../../src/api/index.ts';
import { defineConfig } from '../../src/config/spec.ts';
import { jsonConverter } from '../../src/converters/json/json-converter.ts';
import { simpleHeaderConverter } from '../../src/converters/simple-header.ts';
import type { TaskObserver } from '../../src/engine/observer.ts';
import { RecordDecoder } from '../../src/engine/sink/record-decoder.ts';
import { runSink } from '../../src/engine/sink/run-sink.ts';
import { RecordEncoder } from '../../src/engine/source/record-encoder.ts';
import { runSource } from '../../src/engine/source/run-source.ts';
import { DataError, FencedError } from '../../src/errors.ts';
import { kafkaClient } from '../../src/kafka/client/client.ts';
import { appendPositions, ensureOffsetsTopic, loadPositions } from '../../src/kafka/storage/offset-store.ts';
import { silent } from '../../src/observability/silent.ts';
import { attempt } from '../support/attempt.ts';
import { eventually } from '../support/eventually.ts';
import { servers } from '../support/servers.ts';
import { uniqueName } from '../support/topic.ts';
import { topicContents } from '../support/topic-records.ts';

const kafka = kafkaClient({ brokers: [servers().kafka], clientId: 'test' }, silent);
afterAll(() => kafka.close());

const spec = defineConfig({});
type Nothing = Record<string, never>;
const int = schemaOf('int32');
const plain = jsonConverter.create(
  { ...jsonConverter.config.check({ 'schemas.enable': 'false' }).config } as never,
  false,
);
const observer: TaskObserver = { read() {}, written() {}, skipped() {}, figures() {} };

/** Counts up to `end`, `size` records a batch; its position is the next number. */
function counter(
  topic: string,
  end: number,
  size: number,
  opened: (from: number) => void = () => {},
): SourceConnector<Nothing> {
  return {
    kind: 'source',
    config: spec as never,
    plan: async () => [{}],
    task() {
      let next = 0;
      let signal: AbortSignal;
      return {
        async open(_config, context: { positions: PositionReader; signal: AbortSignal }) {
          next = Number(context.positions.get({ of: topic })?.['next'] ?? 0);
          signal = context.signal;
          opened(next);
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
        acknowledge() {},
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

function source(
  connector: SourceConnector<Nothing>,
  name: string,
  signal: AbortSignal,
  heard: Partial<TaskObserver> = {},
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
      keys: plain,
      values: plain,
      headers: simpleHeaderConverter.create({}, false),
      tolerant: false,
    }),
    topics: { newTopic: topic => ({ topic, partitions: 1, replicationFactor: 1 }) },
    limits: { batchBytes: 1 << 20, transactionBytes: 1 << 16, commitIntervalMs: 10 },
    observer: { ...observer, ...heard },
    log: silent,
    signal,
  });
}

/** All committed values of partition 0. */
async function values(topic: string): Promise<number[]> {
  const [range] = await kafka.admin.offsets([{ topic, partition: 0 }]);
  const { low, end } = range as { low: number; end: number };
  const reader = await kafka.reader({
    assigned: [{ topic, partition: 0, offset: low }],
    maxBytes: 1 << 20,
    maxPartitionBytes: 1 << 20,
    maxWaitMs: 100,
  });
  const found: number[] = [];
  for (let next = low; next < end; )
    for (const part of await reader.poll()) {
      next = part.next;
      for (const { value } of part.records) found.push(Number(value?.toString()));
    }
  await reader.close();
  return found;
}

describe('a source', () => {
  test('stopped again and again, delivers everything once and in order', async () => {
    const name = uniqueName('counter');
    const end = 150_000;
    const starts: number[] = [];
    for (let round = 0; round < 8; round++) {
      const stop = new AbortController();
      let written = 0;
      await source(
        counter(name, end, 37, from => starts.push(from)),
        name,
        stop.signal,
        {
          written(records) {
            written += records;
            if (written > 1500) stop.abort();
          },
        },
      );
    }
    const stop = new AbortController();
    const last = source(counter(name, end, 500), name, stop.signal);
    await eventually('all are there', async () => (await values(name)).length >= end);
    stop.abort();
    await last;
    expect(await values(name)).toEqual(Array.from({ length: end }, (_, i) => i));
    // It went on where it had stopped; it did not begin anew each time.
    expect(starts.slice(1).every((from, i) => from > (starts[i] as number))).toBe(true);
  });

  test('that collects until the next commit has what it collected committed then', async () => {
    const name = uniqueName('collector');
    const stop = new AbortController();
    const base = counter(name, 3, 1);
    const collector: SourceConnector<Nothing> = {
      ...base,
      task() {
        const task = base.task();
        let untilCommit: SourceTaskContext['untilCommit'];
        let reads = 0;
        return {
          ...task,
          open(config, context) {
            ({ untilCommit } = context);
            expect(untilCommit?.()).toBeUndefined();
            return task.open(config, context);
          },
          async read() {
            // The first is committed at once; the second waits, and the third comes as late as it may.
            const batch = await task.read();
            if (++reads === 3) await untilCommit?.();
            return batch;
          },
        };
      },
    };
    const running = source(collector, name, stop.signal);
    await eventually('all are there', async () => (await values(name)).length === 3);
    expect(await topicContents(name)).toEqual({ records: 3, transactions: 2 });
    stop.abort();
    await running;
  });

  test('whose successor has begun is refused, and what it had open is gone', async () => {
    const name = uniqueName('zombie');
    const stop = new AbortController();
    let gate = () => {};
    const blocked = new Promise<void>(resolve => {
      gate = resolve;
    });
    const slow = counter(name, 1000, 10);
    const zombie: SourceConnector<Nothing> = {
      ...slow,
      task() {
        const task = slow.task();
        let batches = 0;
        // As if the process had been frozen in the middle of its work.
        const read = async () => {
          if (++batches === 20) await blocked;
          return task.read();
        };
        return { ...task, open: task.open.bind(task), read };
      },
    };
    const old = source(zombie, name, stop.signal);
    old.catch(() => {});
    await eventually('it has written', async () => (await values(name)).length > 0);
    const young = source(counter(name, 1000, 100), name, stop.signal);
    await eventually('the successor is done', async () => (await values(name)).length === 1000);
    gate();
    await expect(old).rejects.toBeInstanceOf(FencedError);
    stop.abort();
    await young;
    expect(await values(name)).toEqual(Array.from({ length: 1000 }, (_, i) => i));
  });

  test('a record that cannot be converted ends it with what is wrong', async () => {
    const name = uniqueName('bad');
    const bad = counter(name, 10, 10);
    const broken = {
      ...bad,
      task() {
        const task = bad.task();
        const read = async () => {
          const batch = await task.read();
          return batch && { ...batch, records: batch.records.map((r, i) => (i === 5 ? { ...r, value: 'five' } : r)) };
        };
        return { ...task, open: task.open.bind(task), read };
      },
    };
    await expect(source(broken, name, new AbortController().signal)).rejects.toBeInstanceOf(DataError);
  });
});

describe('a sink', () => {
  /** A sink with positions of its own, as a database would keep them. */
  class Kept {
    readonly positions = new Map<string, number>();
    readonly records: SinkRecord[] = [];
    writes = 0;
    fault: (batch: SinkBatch) => Error | undefined = () => undefined;

    connector(): SinkConnector<Nothing> {
      return {
        kind: 'sink',
        config: spec as never,
        task: () => ({
          open: async (_config, { assigned }) =>
            assigned.flatMap(at => {
              const next = this.positions.get(`${at.topic}/${at.partition}`);
              return next === undefined ? [] : [{ ...at, next }];
            }),
          write: async batch => {
            await new Promise(setImmediate);
            this.writes++;
            const error = this.fault(batch);
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

  async function filled(count: number, size = 100): Promise<string> {
    const name = uniqueName('filled');
    const stop = new AbortController();
    const running = source(counter(name, count, size), name, stop.signal);
    await eventually('filled', async () => (await values(name)).length === count);
    stop.abort();
    await running;
    return name;
  }

  function sink(kept: Kept, topic: string, name: string, signal: AbortSignal, more: object = {}) {
    return runSink({
      ...attempt,
      connector: name,
      task: 0,
      sink: kept.connector(),
      config: {},
      kafka,
      group: `connect-${name}`,
      assignment: async () => [{ topic, partition: 0, topicId: '' }],
      reset: { to: 'earliest' },
      decoder: new RecordDecoder({
        transform: record => record,
        keys: plain,
        values: plain,
        headers: simpleHeaderConverter.create({}, false),
      }),
      tolerant: false,
      deadLetters: null,
      limits: { fetchBytes: 1 << 16, batchRecords: 100, refreshMs: 60_000, commitMs: 200 },
      observer,
      log: silent,
      signal,
      ...more,
    });
  }

  const groupAt = async (name: string, topic: string) =>
    (await kafka.admin.groupOffsets(`connect-${name}`, [{ topic, partition: 0 }]))[0]?.offset;
  const endOf = async (topic: string) => (await kafka.admin.offsets([{ topic, partition: 0 }]))[0]?.end ?? 0;

  test('stopped and failed again and again, holds everything once and in order', async () => {
    const topic = await filled(5000);
    const name = uniqueName('sink');
    const kept = new Kept();
    for (let round = 0; round < 6; round++) {
      const stop = new AbortController();
      const until = kept.records.length + 600;
      kept.fault = () => {
        if (kept.records.length < until) return undefined;
        if (round % 2 === 0) stop.abort();
        return round % 2 === 0 ? undefined : new Error('the database has gone');
      };
      await sink(kept, topic, name, stop.signal).catch((error: Error) => {
        expect(error.message).toBe('the database has gone');
      });
    }
    kept.fault = () => undefined;
    const stop = new AbortController();
    const last = sink(kept, topic, name, stop.signal);
    // For those who watch lag the group is told as well.
    await eventually('the group has the end', async () => (await groupAt(name, topic)) === (await endOf(topic)));
    stop.abort();
    await last;
    expect(kept.records.map(record => record.value)).toEqual(Array.from({ length: 5000 }, (_, i) => i));
  });

  test('tells how far behind it is, over all that it reads', async () => {
    const topics = [await filled(300), await filled(500)];
    const heard: { lag: number; lag_ms: number }[] = [];
    const stop = new AbortController();
    const running = sink(new Kept(), 'unused', uniqueName('sink'), stop.signal, {
      assignment: async () => topics.map(topic => ({ topic, partition: 0, topicId: '' })),
      observer: { ...observer, figures: (figures: never) => heard.push(figures) },
    });
    await eventually('it has caught up', () => heard.at(-1)?.lag === 0);
    stop.abort();
    await running;
    expect(heard[0]).toEqual({ lag: (await endOf(topics[0] ?? '')) + (await endOf(topics[1] ?? '')), lag_ms: 0 });
    expect(heard.map(({ lag }) => lag)).toEqual(heard.map(({ lag }) => lag).toSorted((a, b) => b - a));
    expect(heard.at(-1)).toEqual({ lag: 0, lag_ms: 0 });
    // While there is more, since the last record that was read: these were all written a moment ago.
    expect(heard.slice(1, -1).every(({ lag, lag_ms: ms }) => lag > 0 === ms > 0 && ms < 60_000)).toBe(true);
  });

  test('that was killed before it could say where it is says so when it begins, with nothing to read', async () => {
    const topic = await filled(100);
    const name = uniqueName('sink');
    const kept = new Kept();
    kept.positions.set(`${topic}/0`, await endOf(topic));
    const stop = new AbortController();
    const running = sink(kept, topic, name, stop.signal);
    await eventually('the group has the end', async () => (await groupAt(name, topic)) === (await endOf(topic)));
    stop.abort();
    await running;
    expect(kept.writes).toBe(0);
  });

  test('has its group at the end of the topic also where a delivery ends between the last record and its marker', async () => {
    const topic = await filled(300, 300);
    const name = uniqueName('sink');
    const kept = new Kept();
    const stop = new AbortController();
    const running = sink(kept, topic, name, stop.signal);
    await eventually('the group has the end', async () => (await groupAt(name, topic)) === (await endOf(topic)));
    stop.abort();
    await running;
    expect(kept.records).toHaveLength(300);
    expect(kept.positions.get(`${topic}/0`)).toBe(300);
  });

  test('a record that cannot be written stops one record, where errors are tolerated', async () => {
    const topic = await filled(300);
    const kept = new Kept();
    kept.fault = batch => {
      const index = batch.records.findIndex(record => record.value === 150);
      return index < 0 ? undefined : new DataError('not this one', { index });
    };
    const buried: unknown[] = [];
    const stop = new AbortController();
    const running = sink(kept, topic, uniqueName('sink'), stop.signal, {
      tolerant: true,
      deadLetters: {
        async send(letters: { raw: { value: Buffer | null }; stage: string }[]) {
          for (const { raw, stage } of letters) buried.push([raw.value?.toString(), stage]);
        },
        async close() {},
      },
    });
    await eventually('the others are there', () => kept.records.length === 299);
    stop.abort();
    await running;
    expect(buried).toEqual([['150', 'TASK_PUT']]);
    expect(kept.records.some(record => record.value === 150)).toBe(false);
  });
});
