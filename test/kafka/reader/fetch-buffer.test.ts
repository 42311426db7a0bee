import { describe, expect, test } from 'vitest';
import type { Compression, FetchedRecords } from '../../../src/kafka/port.ts';
import { bufferPool } from '../../../src/kafka/protocol/buffer-pool.ts';
import { layout, RecordBatchWriter } from '../../../src/kafka/protocol/record-batch.ts';
import { FetchBuffer, type FetchResponse } from '../../../src/kafka/reader/fetch-buffer.ts';
import type { FetchedPartition } from '../../../src/kafka/reader/fetch-request.ts';

const topic = 't';

/** A record batch as a broker stores it: the values from `from` to `to` - 1 at those offsets. */
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
const response = (...partitions: FetchedPartition[]): FetchResponse => ({ partitions, memory: [] });
const bufferFrom = (...offsets: number[]): FetchBuffer =>
  new FetchBuffer(
    offsets.map((offset, partition) => ({ topic, partition, offset })),
    1 << 20,
  );
const offsets = (fetched: readonly FetchedRecords[]): number[] =>
  fetched.flatMap(({ records }) => records.map(({ offset }) => offset));
const range = (a: number, b: number): number[] => Array.from({ length: b - a }, (_, i) => a + i);

describe('the fetch buffer', () => {
  test('delivers records from the position on and returns the offset after them', async () => {
    const buffer = bufferFrom(5);
    buffer.add(response(part(0, await batch(0, 10), await batch(10, 20))));
    expect(buffer.find(topic, 0)).toMatchObject({ position: 5, fetchPosition: 20 });
    const fetched = buffer.takeRecords();
    expect(offsets(fetched)).toEqual(range(5, 20));
    expect(fetched).toMatchObject([{ topic, partition: 0, next: 20, end: 1000 }]);
    expect(buffer.isEmpty).toBe(true);
    expect(buffer.takeRecords()).toEqual([]);
  });

  test('delivers every record once if responses overlap, as after a change of leader', async () => {
    const buffer = bufferFrom(0);
    buffer.add(response(part(0, await batch(0, 10), await batch(10, 20))));
    buffer.add(response(part(0, await batch(0, 10), await batch(10, 20), await batch(20, 30))));
    buffer.add(response(part(0, await batch(0, 10))));
    buffer.add(response(part(0, await batch(5, 35))));
    const fetched: FetchedRecords[] = [];
    while (!buffer.isEmpty) fetched.push(...buffer.takeRecords());
    expect(offsets(fetched)).toEqual(range(0, 35));
    expect(fetched.map(({ next }) => next)).toEqual([...fetched.map(({ next }) => next)].sort((a, b) => a - b));
    expect(buffer.find(topic, 0)).toMatchObject({ position: 35, fetchPosition: 35 });
  });

  test('delivers a large response in several steps, each partition in order', async () => {
    const buffer = bufferFrom(0, 0);
    const large = async (partition: number) =>
      part(partition, ...(await Promise.all(range(0, 12).map(n => batch(n * 1000, n * 1000 + 1000, 'lz4', 900)))));
    buffer.add(response(await large(0), await large(1)));
    const takes: number[] = [];
    const values: number[][] = [[], []];
    while (!buffer.isEmpty) {
      const fetched = buffer.takeRecords();
      takes.push(offsets(fetched).length);
      for (const { partition, records } of fetched)
        values[partition]?.push(...records.map(({ value }) => Number(value)));
    }
    expect(takes.length).toBeGreaterThan(3);
    expect(values).toEqual([range(0, 12_000), range(0, 12_000)]);
  });

  test('limits records and bytes per step, but delivers one record of any size', async () => {
    const limited = new FetchBuffer([{ topic, partition: 0, offset: 0 }], 1 << 20, 40);
    limited.add(response(part(0, await batch(0, 100))));
    expect(range(0, 3).map(() => offsets(limited.takeRecords()).length)).toEqual([40, 40, 20]);
    const buffer = bufferFrom(0);
    buffer.add(response(part(0, await batch(0, 100, 'none', 100_000), await batch(100, 102, 'lz4', 3 << 20))));
    const takes: FetchedRecords[][] = [];
    while (!buffer.isEmpty) takes.push(buffer.takeRecords());
    expect(takes.map(fetched => offsets(fetched).length)).toEqual([...Array.from({ length: 9 }, () => 11), 2, 1]);
    expect(offsets(takes.flat())).toEqual(range(0, 102));
    expect(takes.map(fetched => fetched[0]?.next)).toEqual([...range(1, 10).map(n => n * 11), 101, 102]);
  });

  test('keeps delivered records valid until two further deliveries', async () => {
    const buffer = bufferFrom(0);
    const deliveries: FetchedRecords[][] = [];
    for (let n = 0; n < 6; n++) {
      const { allocate, memory } = buffer.borrowMemory();
      const bytes = await batch(n * 100, n * 100 + 100, n % 2 ? 'snappy' : 'none', 1000);
      const records = allocate(bytes.length);
      bytes.copy(records);
      buffer.add({ memory, partitions: [{ ...part(0), records }] });
      deliveries.push(buffer.takeRecords());
      expect(buffer.takeRecords()).toEqual([]);
      for (const earlier of deliveries.slice(-2))
        for (const { records: list } of earlier)
          for (const { offset, value } of list) expect(Number(value)).toBe(offset);
    }
  });

  test('throws an error that names the partition for a corrupt response', async () => {
    const damaged = await batch(0, 10);
    damaged[damaged.length - 1] = (damaged[damaged.length - 1] ?? 0) ^ 1;
    const buffer = bufferFrom(0);
    buffer.add(response(part(0, damaged)));
    expect(() => buffer.takeRecords()).toThrow(/partition 0 of topic t: a record batch fails its checksum/);
    const old = Buffer.alloc(100);
    old.writeInt32BE(88, layout.length);
    old[layout.magic] = 1;
    expect(() => bufferFrom(0).add(response(part(0, old)))).toThrow(expect.objectContaining({ code: 'SINK_SETUP' }));
  });
});
