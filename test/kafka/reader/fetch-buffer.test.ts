import { describe, expect, test } from 'vitest';
import type { Compression, FetchedRecords } from '../../../src/kafka/port.ts';
import { bufferPool } from '../../../src/kafka/protocol/buffer-pool.ts';
import { layout, RecordBatchWriter } from '../../../src/kafka/protocol/record-batch.ts';
import { type Answer, Deliveries } from '../../../src/kafka/reader/fetch-buffer.ts';
import type { FetchedPartition } from '../../../src/kafka/reader/fetch-request.ts';

const topic = 't';

/** A record batch as the broker has it: the values from … to - 1 at those offsets. */
async function batch(from: number, to: number, codec: Compression = 'none', pad = 0): Promise<Buffer> {
  const writer = new RecordBatchWriter(bufferPool(0));
  for (let i = from; i < to; i++) {
    const value = Buffer.from(`${i}`.padEnd(pad));
    writer.append(i, value, -1, 0, 0, value.length, []);
  }
  const bytes = Buffer.concat(await writer.finish(codec, { producerId: 1n, producerEpoch: 0 }, 0));
  bytes.writeBigInt64BE(BigInt(from), layout.baseOffset);
  return bytes;
}

const part = (partition: number, ...batches: Buffer[]): FetchedPartition => {
  const records = Buffer.concat(batches);
  return { topic, partition, error: 0, lastStableOffset: 1000, aborted: [], records };
};
const answer = (...partitions: FetchedPartition[]): Answer => ({ partitions, memory: [] });
const from = (...offsets: number[]): Deliveries =>
  new Deliveries(
    offsets.map((offset, partition) => ({ topic, partition, offset })),
    1 << 20,
  );
const offsets = (fetched: readonly FetchedRecords[]): number[] =>
  fetched.flatMap(({ records }) => records.map(({ offset }) => offset));
const range = (a: number, b: number): number[] => Array.from({ length: b - a }, (_, i) => a + i);

describe('deliveries', () => {
  test('begin at the position and tell the place behind', async () => {
    const deliveries = from(5);
    deliveries.add(answer(part(0, await batch(0, 10), await batch(10, 20))));
    expect(deliveries.find(topic, 0)).toMatchObject({ position: 5, fetchPosition: 20 });
    const fetched = deliveries.take();
    expect(offsets(fetched)).toEqual(range(5, 20));
    expect(fetched).toMatchObject([{ topic, partition: 0, next: 20, end: 1000 }]);
    expect(deliveries.empty).toBe(true);
    expect(deliveries.take()).toEqual([]);
  });

  test('of answers that overlap, as when a leader moves, deliver nothing twice and leave nothing out', async () => {
    const deliveries = from(0);
    deliveries.add(answer(part(0, await batch(0, 10), await batch(10, 20))));
    deliveries.add(answer(part(0, await batch(0, 10), await batch(10, 20), await batch(20, 30))));
    deliveries.add(answer(part(0, await batch(0, 10))));
    deliveries.add(answer(part(0, await batch(5, 35))));
    const fetched: FetchedRecords[] = [];
    while (!deliveries.empty) fetched.push(...deliveries.take());
    expect(offsets(fetched)).toEqual(range(0, 35));
    expect(fetched.map(({ next }) => next)).toEqual([...fetched.map(({ next }) => next)].sort((a, b) => a - b));
    expect(deliveries.find(topic, 0)).toMatchObject({ position: 35, fetchPosition: 35 });
  });

  test('of a large answer come in several takes, each partition in order', async () => {
    const deliveries = from(0, 0);
    const large = async (partition: number) =>
      part(partition, ...(await Promise.all(range(0, 12).map(n => batch(n * 1000, n * 1000 + 1000, 'lz4', 900)))));
    deliveries.add(answer(await large(0), await large(1)));
    const takes: number[] = [];
    const seen: number[][] = [[], []];
    while (!deliveries.empty) {
      const fetched = deliveries.take();
      takes.push(offsets(fetched).length);
      for (const { partition, records } of fetched) seen[partition]?.push(...records.map(({ value }) => Number(value)));
    }
    expect(takes.length).toBeGreaterThan(3);
    expect(seen).toEqual([range(0, 12_000), range(0, 12_000)]);
  });

  test('are no more records at once than wanted, and no more bytes than are good, but one record however large', async () => {
    const fewAtOnce = new Deliveries([{ topic, partition: 0, offset: 0 }], 1 << 20, 40);
    fewAtOnce.add(answer(part(0, await batch(0, 100))));
    expect(range(0, 3).map(() => offsets(fewAtOnce.take()).length)).toEqual([40, 40, 20]);
    const deliveries = from(0);
    deliveries.add(answer(part(0, await batch(0, 100, 'none', 100_000), await batch(100, 102, 'lz4', 3 << 20))));
    const takes: FetchedRecords[][] = [];
    while (!deliveries.empty) takes.push(deliveries.take());
    expect(takes.map(taken => offsets(taken).length)).toEqual([...Array.from({ length: 9 }, () => 11), 2, 1]);
    expect(offsets(takes.flat())).toEqual(range(0, 102));
    expect(takes.map(taken => taken[0]?.next)).toEqual([...range(1, 10).map(n => n * 11), 101, 102]);
  });

  test('stay as they were until two later ones have been made', async () => {
    const deliveries = from(0);
    const taken: FetchedRecords[][] = [];
    for (let n = 0; n < 6; n++) {
      const { allocate, memory } = deliveries.borrow();
      const bytes = await batch(n * 100, n * 100 + 100, n % 2 ? 'snappy' : 'none', 1000);
      const records = allocate(bytes.length);
      bytes.copy(records);
      deliveries.add({ memory, partitions: [{ ...part(0), records }] });
      taken.push(deliveries.take());
      expect(deliveries.take()).toEqual([]);
      for (const earlier of taken.slice(-2))
        for (const { records: list } of earlier)
          for (const { offset, value } of list) expect(Number(value)).toBe(offset);
    }
  });

  test('of a damaged answer are an error that names the partition', async () => {
    const damaged = await batch(0, 10);
    damaged[damaged.length - 1] = (damaged[damaged.length - 1] ?? 0) ^ 1;
    const deliveries = from(0);
    deliveries.add(answer(part(0, damaged)));
    expect(() => deliveries.take()).toThrow(/partition 0 of topic t: a record batch fails its checksum/);
    const old = Buffer.alloc(100);
    old.writeInt32BE(88, layout.length);
    old[layout.magic] = 1;
    expect(() => from(0).add(answer(part(0, old)))).toThrow(expect.objectContaining({ code: 'SINK_SETUP' }));
  });
});
