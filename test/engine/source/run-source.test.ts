import { afterAll, expect, test } from 'vitest';
import type { SourceConnector, SourceTaskContext } from '../../../src/api/index.ts';
import { DataError, FencedError } from '../../../src/errors.ts';
import { eventually } from '../../support/eventually.ts';
import { uniqueName } from '../../support/topic.ts';
import { topicContents } from '../../support/topic-records.ts';
import { countingSource, type EmptyConfig, kafka, readValues, startSource } from '../support/counting-source.ts';

afterAll(() => kafka.close());

test('a source that is stopped repeatedly delivers every record once and in order', async () => {
  const name = uniqueName('counter');
  const end = 150_000;
  const starts: number[] = [];
  for (let round = 0; round < 8; round++) {
    const stop = new AbortController();
    let recordCount = 0;
    await startSource(
      countingSource(name, end, 37, from => starts.push(from)),
      name,
      stop.signal,
      {
        written(records) {
          recordCount += records;
          if (recordCount > 1500) stop.abort();
        },
      },
    );
  }
  const stop = new AbortController();
  const last = startSource(countingSource(name, end, 500), name, stop.signal);
  await eventually('all records are in the topic', async () => (await readValues(name)).length >= end);
  stop.abort();
  await last;
  expect(await readValues(name)).toEqual(Array.from({ length: end }, (_, i) => i));
  // Each run resumes at the position of the previous one.
  expect(starts.slice(1).every((from, i) => from > (starts[i] as number))).toBe(true);
});

test('a read that waits for untilCommit() adds its batch to the transaction that is committed then', async () => {
  const name = uniqueName('collector');
  const stop = new AbortController();
  const base = countingSource(name, 3, 1);
  const collector: SourceConnector<EmptyConfig> = {
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
          // The first batch is committed at once; the second waits for the commit interval, and the third is read at its end.
          const batch = await task.read();
          if (++reads === 3) await untilCommit?.();
          return batch;
        },
      };
    },
  };
  const running = startSource(collector, name, stop.signal);
  await eventually('all records are in the topic', async () => (await readValues(name)).length === 3);
  expect(await topicContents(name)).toEqual({ records: 3, transactions: 2 });
  stop.abort();
  await running;
});

test('a source is fenced by its successor, and its open transaction is aborted', async () => {
  const name = uniqueName('zombie');
  const stop = new AbortController();
  let unfreeze = () => {};
  const frozen = new Promise<void>(resolve => {
    unfreeze = resolve;
  });
  const slow = countingSource(name, 1000, 10);
  const zombie: SourceConnector<EmptyConfig> = {
    ...slow,
    task() {
      const task = slow.task();
      let batches = 0;
      // Simulates a process that is frozen while it reads.
      const read = async () => {
        if (++batches === 20) await frozen;
        return task.read();
      };
      return { ...task, open: task.open.bind(task), read };
    },
  };
  const zombieRun = startSource(zombie, name, stop.signal);
  zombieRun.catch(() => {});
  await eventually('the first transactions are committed', async () => (await readValues(name)).length > 0);
  const successorRun = startSource(countingSource(name, 1000, 100), name, stop.signal);
  await eventually('the successor has written all records', async () => (await readValues(name)).length === 1000);
  unfreeze();
  await expect(zombieRun).rejects.toBeInstanceOf(FencedError);
  stop.abort();
  await successorRun;
  expect(await readValues(name)).toEqual(Array.from({ length: 1000 }, (_, i) => i));
});

test('a record that cannot be converted ends the task with a DataError', async () => {
  const name = uniqueName('bad');
  const bad = countingSource(name, 10, 10);
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
  await expect(startSource(broken, name, new AbortController().signal)).rejects.toBeInstanceOf(DataError);
});
