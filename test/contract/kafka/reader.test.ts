import { describe, expect, test } from 'vitest';
import type { KafkaClient, Reader, ReaderOptions } from '../../../src/kafka/port.ts';
import { uniqueName } from '../../support/topic.ts';
import {
  append,
  type Bench,
  bench,
  type CommittedRecord,
  copies,
  implementations,
  readAll,
  values,
} from './clients.ts';

const limits = { maxBytes: 1 << 20, maxPartitionBytes: 1 << 20, maxWaitMs: 200 };

function open(client: KafkaClient, topic: string, offset: number, more: Partial<ReaderOptions> = {}): Promise<Reader> {
  return client.reader({ assigned: [{ topic, partition: 0, offset }], ...limits, ...more });
}

/** Writes the values from … to - 1 in transactions of `each`. */
async function write(b: Bench, topic: string, from: number, to: number, each: number, pad = 0): Promise<void> {
  const options = { compression: 'lz4', transactionTimeoutMs: 20_000 } as const;
  const producer = await b.client.producer({ transactionalId: uniqueName('contract'), ...options });
  await producer.prepare([topic]);
  for (let at = from; at < to; at += each) {
    const batch = producer.batch();
    for (let i = at; i < Math.min(to, at + each); i++) append(batch, topic, { value: `${i}`.padStart(pad, '0') });
    await producer.commit(batch);
  }
  await producer.close();
}

describe.each(implementations)('the reader, $name', implementation => {
  test('skips aborted records and markers, and returns the position after them', async () => {
    await using b = bench(implementation);
    const topic = await b.topic();
    const producer = b.kafkajs.producer({
      transactionalId: uniqueName('abort'),
      maxInFlightRequests: 1,
      retry: { initialRetryTime: 5 },
    });
    await producer.connect();
    const transaction = await producer.transaction();
    await transaction.send({ topic, messages: [{ value: 'aborted' }, { value: 'too' }] });
    await transaction.abort();
    await producer.disconnect();
    expect(await b.read(topic)).toEqual([]);
    const reader = await open(b.client, topic, 0);
    const [fetched] = await reader.poll();
    expect(fetched).toMatchObject({ topic, partition: 0, records: [], next: 3, end: 3 });
    expect(await reader.poll()).toEqual([]);
    await reader.close();
  });

  test('never returns records of aborted transactions when two producers interleave', async () => {
    await using b = bench(implementation);
    const topic = await b.topic();
    const writers = await Promise.all(
      ['a', 'b'].map(async name => {
        const options = { maxInFlightRequests: 1, retry: { initialRetryTime: 5 } };
        const producer = b.kafkajs.producer({ transactionalId: uniqueName(name), ...options });
        await producer.connect();
        return { name, producer };
      }),
    );
    const committed: string[] = [];
    for (let round = 0; round < 8; round++) {
      const open = await Promise.all(
        writers.map(async ({ name, producer }) => ({ name, transaction: await producer.transaction() })),
      );
      for (let step = 0; step < 3; step++)
        for (const { name, transaction } of open)
          await transaction.send({ topic, messages: [{ value: `${name} ${round} ${step}` }] });
      for (const [i, { name, transaction }] of open.entries()) {
        const commits = (round >> i) % 2 === 0;
        if (commits) committed.push(...[0, 1, 2].map(step => `${name} ${round} ${step}`));
        await (commits ? transaction.commit() : transaction.abort());
      }
    }
    for (const { producer } of writers) await producer.disconnect();
    const all = await b.read(topic);
    expect([...values(all)].sort()).toEqual([...committed].sort());
    for (const name of ['a', 'b'])
      expect(values(all).filter(value => value?.startsWith(name))).toEqual(committed.filter(v => v.startsWith(name)));
    // The same from any offset in the middle.
    const last = all.at(-1)?.offset ?? 0;
    for (let from = 0; from <= last; from += 7)
      expect(await readAll(b.client, topic, from)).toEqual(all.filter(({ offset }) => offset >= from));
  });

  test('starts at its offset within a record batch', async () => {
    await using b = bench(implementation);
    const topic = await b.topic();
    await write(b, topic, 0, 1000, 1000);
    await b.read(topic);
    expect(values(await readAll(b.client, topic, 640))).toEqual(Array.from({ length: 360 }, (_, i) => `${640 + i}`));
  });

  test('returns everything once, in order, over many requests', async () => {
    await using b = bench(implementation);
    const topic = await b.topic(3);
    await write(b, topic, 0, 6000, 40, 50);
    await b.read(topic);
    const assigned = [0, 1, 2].map(partition => ({ topic, partition, offset: 0 }));
    const reader = await b.client.reader({ assigned, maxBytes: 8000, maxPartitionBytes: 3000, maxWaitMs: 200 });
    const read: CommittedRecord[] = [];
    while (read.length < 6000) {
      const fetched = await reader.poll();
      for (const part of fetched) {
        expect(part.next).toBeLessThanOrEqual(part.end);
        read.push(...copies(part));
      }
    }
    await reader.close();
    expect(new Set(values(read)).size).toBe(6000);
    for (const partition of [0, 1, 2]) {
      const numbers = read.filter(record => record.partition === partition).map(({ value }) => Number(value));
      expect(numbers).toEqual([...numbers].sort((x, y) => x - y));
    }
  });

  test('returns a record larger than its fetch limit', async () => {
    await using b = bench(implementation);
    const topic = await b.topic();
    await write(b, topic, 0, 3, 1, 200_000);
    await b.read(topic);
    const reader = await open(b.client, topic, 0, { maxBytes: 1000, maxPartitionBytes: 1000 });
    const read: CommittedRecord[] = [];
    while (read.length < 3) for (const part of await reader.poll()) read.push(...copies(part));
    await reader.close();
    expect(read.map(({ value }) => value?.length)).toEqual([200_000, 200_000, 200_000]);
  });

  test('keeps returned records valid until the next poll, and blocks the event loop only briefly', async () => {
    await using b = bench(implementation);
    const topic = await b.topic();
    await write(b, topic, 0, 60_000, 20_000, 100);
    await b.read(topic);
    const reader = await open(b.client, topic, 0, { maxBytes: 32 << 20, maxPartitionBytes: 32 << 20 });
    let count = 0;
    for (;;) {
      const fetched = await reader.poll();
      // The next answer arrives meanwhile.
      await new Promise(resolve => setTimeout(resolve, 5));
      for (const { records } of fetched) {
        expect(records.length).toBeLessThan(60_000);
        for (const { value } of records) if (Number(value) !== count++) throw new Error(`${value} after ${count}`);
      }
      if (count === 60_000) break;
    }
    await reader.close();
  });

  test('waits for records, and returns them at once', async () => {
    await using b = bench(implementation);
    const topic = await b.topic();
    const reader = await open(b.client, topic, 0, { maxWaitMs: 400 });
    const began = performance.now();
    expect(await reader.poll()).toEqual([]);
    expect(performance.now() - began).toBeGreaterThan(300);
    await write(b, topic, 0, 1, 1);
    const fetched = await reader.poll();
    expect(fetched.flatMap(copies).map(({ value }) => value?.toString())).toEqual(['0']);
    await reader.close();
  });

  test('rejects an offset that was deleted, when it opens and while it reads', async () => {
    await using b = bench(implementation);
    const topic = await b.topic();
    await write(b, topic, 0, 100, 10);
    await b.read(topic);
    const behind = await open(b.client, topic, 5, { maxWaitMs: 50 });
    const admin = b.kafkajs.admin();
    await admin.connect();
    await admin.fetchTopicOffsets(topic);
    await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '50' }] });
    await admin.disconnect();
    const lost = new RegExp(`Partition 0 of topic ${topic} no longer contains offset 49, but 50 to 110`);
    const failure = open(b.client, topic, 49);
    await expect(failure).rejects.toMatchObject({ code: 'SOURCE_POSITION_LOST', kind: 'fatal' });
    await expect(failure).rejects.toThrow(lost);
    await expect(behind.poll()).rejects.toMatchObject({ code: 'SOURCE_POSITION_LOST' });
    await behind.close();
    const there = await open(b.client, topic, 50);
    expect((await there.poll())[0]?.records[0]?.offset).toBe(50);
    await there.close();
  });

  test('rejects an offset after the end, as of a topic that was deleted and created again', async () => {
    await using b = bench(implementation);
    const topic = await b.topic();
    await write(b, topic, 0, 10, 10);
    await b.read(topic);
    const reader = await open(b.client, topic, 5000, { maxWaitMs: 50 });
    await expect(reader.poll()).rejects.toThrow(/no longer contains offset 5000, but 0 to 11/);
    await reader.close();
  });

  test('reports a topic that does not exist', async () => {
    const client = implementation.connect((await import('../../support/servers.ts')).servers().kafka, 500);
    await expect(open(client, uniqueName('missing'), 0)).rejects.toMatchObject({ code: 'KAFKA_UNAVAILABLE' });
    await client.close();
  });

  test('closes while it waits', async () => {
    await using b = bench(implementation);
    const reader = await open(b.client, await b.topic(), 0, { maxWaitMs: 10_000 });
    const began = performance.now();
    const polling = reader.poll();
    await new Promise(resolve => setTimeout(resolve, 50));
    await reader.close();
    expect(await polling).toEqual([]);
    await expect(reader.poll()).rejects.toMatchObject({ code: 'KAFKA_UNAVAILABLE' });
    expect(performance.now() - began).toBeLessThan(5000);
  });
});
