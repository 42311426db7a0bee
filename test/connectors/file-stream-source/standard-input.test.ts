import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { StandardInputTask } from '../../../connectors/file-stream-source/standard-input-task.ts';
import type { SourceBatch } from '../../../src/api/index.ts';
import { silent } from '../../../src/observability/silent.ts';

async function openTask(input: PassThrough, batchSize = 2000): Promise<StandardInputTask> {
  const task = new StandardInputTask(input);
  await task.open(
    { file: null, topic: 'lines', 'batch.size': batchSize },
    {
      connector: 'file-source',
      task: 0,
      log: silent,
      signal: new AbortController().signal,
      positions: { get: () => null, all: () => [] },
      maxBatchBytes: 1 << 20,
      report: () => undefined,
    },
  );
  return task;
}

async function nextBatch(task: StandardInputTask): Promise<SourceBatch> {
  for (;;) {
    const batch = await task.read();
    if (batch !== null) return batch;
  }
}
const valuesOf = ({ records }: SourceBatch) => records.map(({ value }) => value);

test('lines of a stream have no position; an incomplete line waits for its end', async () => {
  const input = new PassThrough();
  const task = await openTask(input);
  input.write('one\ntw');
  const batch = await nextBatch(task);
  expect(batch).toMatchObject({ positions: [], bytes: 4 });
  expect(valuesOf(batch)).toEqual(['one']);
  expect(await task.read()).toBeNull();
  input.write('o\r\n');
  expect(valuesOf(await nextBatch(task))).toEqual(['two']);
  await task.close();
});

test('batches that were not acknowledged are read again by the next task', async () => {
  const input = new PassThrough();
  const first = await openTask(input, 2);
  input.write('1\n2\n3\n4');
  (await nextBatch(first)).acknowledge?.();
  expect(valuesOf(await nextBatch(first))).toEqual(['3']);
  input.write('\n5\n6\n');
  await first.close();
  const second = await openTask(input, 2);
  const batch = await nextBatch(second);
  expect(valuesOf(batch)).toEqual(['3']);
  batch.acknowledge?.();
  await second.close();
  const third = await openTask(input, 10);
  input.end('7\n');
  const values: unknown[] = [];
  while (values.length < 4) values.push(...valuesOf(await nextBatch(third)));
  expect(values).toEqual(['4', '5', '6', '7']);
  expect(await third.read()).toBeNull();
  await third.close();
});

test('read returns null after close', async () => {
  const task = await openTask(new PassThrough());
  const reading = task.read();
  await task.close();
  expect(await reading).toBeNull();
});
