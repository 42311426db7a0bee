import { createRequire } from 'node:module';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Compression, RawHeader, RawRecord } from '../../../src/kafka/port.ts';
import { bufferPool } from '../../../src/kafka/protocol/buffer-pool.ts';
import { RecordBatchWriter } from '../../../src/kafka/protocol/record-batch.ts';
import { BatchDecoder, parseBatches } from '../../../src/kafka/protocol/record-decoder.ts';

const require = createRequire(import.meta.url);
interface KafkajsEncoder {
  readonly buffer: Buffer;
}
const { RecordBatch } = require('kafkajs/src/protocol/recordBatch/v0/index.js') as {
  RecordBatch(batch: object): Promise<KafkajsEncoder>;
};
const kafkajsRecord = require('kafkajs/src/protocol/recordBatch/record/v0/index.js') as (r: object) => KafkajsEncoder;
const kafkajsDecode = require('kafkajs/src/protocol/recordBatch/v0/decoder.js') as (decoder: object) => Promise<{
  producerId: string;
  producerEpoch: number;
  firstSequence: number;
  inTransaction: boolean;
  maxTimestamp: string;
  records: {
    timestamp: string;
    offset: string;
    key: Buffer | null;
    value: Buffer | null;
    headers: Record<string, unknown>;
  }[];
}>;
const KafkajsDecoder = require('kafkajs/src/protocol/decoder.js') as new (bytes: Buffer) => object;

interface WriterRecord {
  readonly timestamp: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: readonly RawHeader[];
}

const identity = { producerId: 4321n, producerEpoch: 7 };

async function encode(records: readonly WriterRecord[], codec: Compression, sequence = 5): Promise<Buffer> {
  const writer = new RecordBatchWriter(bufferPool(0));
  for (const { timestamp, key, value, headers } of records) {
    // Key and value are slices of a larger buffer, as in records from a connector.
    const source = Buffer.concat([
      Buffer.from('··'),
      key ?? Buffer.alloc(0),
      Buffer.from('·'),
      value ?? Buffer.alloc(0),
    ]);
    const keyStart = 4;
    const keyEnd = keyStart + (key?.length ?? 0);
    writer.append(
      timestamp,
      source,
      key === null ? -1 : keyStart,
      keyEnd,
      value === null ? -1 : keyEnd + 2,
      source.length,
      headers,
    );
  }
  return Buffer.concat(await writer.finish(codec, identity, sequence));
}

function decode(bytes: Buffer, from = 0): RawRecord[] {
  const out: RawRecord[] = [];
  for (const batch of parseBatches(bytes))
    new BatchDecoder(batch, from, size => Buffer.alloc(size)).decode(out, {
      records: Number.POSITIVE_INFINITY,
      bytes: Number.POSITIVE_INFINITY,
    });
  return out;
}

const plain = (records: readonly (RawRecord | WriterRecord)[]): WriterRecord[] =>
  records.map(({ timestamp, key, value, headers }) => ({
    timestamp,
    key: key && Buffer.from(key),
    value: value && Buffer.from(value),
    headers: headers.map(header => ({ key: header.key, value: header.value && Buffer.from(header.value) })),
  }));

const bytes = (maxLength: number) => fc.uint8Array({ maxLength }).map(array => Buffer.from(array));
const nullable = (maxLength: number) => fc.option(bytes(maxLength), { nil: null });
const record = fc.record({
  timestamp: fc.oneof(
    fc.integer({ min: 1_600_000_000_000, max: 1_600_000_100_000 }),
    fc.integer({ min: 0, max: 8_640_000_000_000_000 }),
    fc.constantFrom(0, 1, 253_402_300_799_999),
  ),
  key: nullable(40),
  value: fc.oneof(nullable(60), bytes(4000)),
  headers: fc.oneof(
    fc.constant<RawHeader[]>([]),
    fc.array(fc.record({ key: fc.string({ unit: 'grapheme', maxLength: 10 }), value: nullable(20) }), { maxLength: 4 }),
  ),
});

describe('a record batch', () => {
  test('is encoded like kafkajs encodes the same records', async () => {
    const first = 1_700_000_000_000;
    const headers = { trace: Buffer.from('abc'), emptied: Buffer.alloc(0) };
    const records = Array.from(
      { length: 300 },
      (_, i): WriterRecord => ({
        timestamp: first + i * 1000,
        key: i % 5 === 0 ? null : Buffer.from(`key-${i}`),
        value: i % 7 === 0 ? null : Buffer.alloc(i, i),
        headers: i % 3 === 0 ? Object.entries(headers).map(([key, value]) => ({ key, value })) : [],
      }),
    );
    const original = await RecordBatch({
      firstTimestamp: first,
      maxTimestamp: first + 299_000,
      partitionLeaderEpoch: -1,
      lastOffsetDelta: 299,
      transactional: true,
      producerId: '4321',
      producerEpoch: 7,
      firstSequence: 5,
      records: records.map(({ timestamp, key, value, headers: list }, i) =>
        kafkajsRecord({
          offsetDelta: i,
          timestampDelta: timestamp - first,
          key,
          value,
          headers: list.length > 0 ? headers : {},
        }),
      ),
    });
    expect((await encode(records, 'none')).equals(original.buffer)).toBe(true);
  });

  test.each(['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const)('round trip of any records, %s', async codec => {
    await fc.assert(
      fc.asyncProperty(fc.array(record, { minLength: 1, maxLength: 60 }), async records => {
        const encoded = await encode(records, codec);
        const decoded = decode(encoded);
        expect(plain(decoded)).toEqual(plain(records));
        expect(decoded.map(({ offset }) => offset)).toEqual(records.map((_, i) => i));
      }),
      { numRuns: 60 },
    );
  });

  test('kafkajs decodes any records', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(record, { minLength: 1, maxLength: 30 }), async records => {
        const batch = await kafkajsDecode(new KafkajsDecoder(await encode(records, 'none')));
        expect(batch).toMatchObject({ producerId: '4321', producerEpoch: 7, firstSequence: 5, inTransaction: true });
        expect(batch.maxTimestamp).toBe(String(Math.max(...records.map(({ timestamp }) => timestamp))));
        expect(
          batch.records.map(({ timestamp, key, value }) => ({ timestamp: Number(timestamp), key, value })),
        ).toEqual(records.map(({ timestamp, key, value }) => ({ timestamp, key, value })));
      }),
      { numRuns: 60 },
    );
  });

  test('larger than the initial buffer is encoded in a larger one', async () => {
    const records = Array.from(
      { length: 50 },
      (_, i): WriterRecord => ({
        timestamp: i,
        key: Buffer.from(String(i)),
        value: Buffer.alloc(20_000 + i, i),
        headers: [],
      }),
    );
    expect(plain(decode(await encode(records, 'lz4')))).toEqual(plain(records));
  });

  test('reuses the encoding of the same header array only', async () => {
    const same: readonly RawHeader[] = [{ key: 'h', value: Buffer.from('1') }];
    const other: readonly RawHeader[] = [{ key: 'h', value: null }];
    const records = [same, same, other, [], same].map(
      (headers): WriterRecord => ({ timestamp: 0, key: null, value: null, headers }),
    );
    expect(plain(decode(await encode(records, 'none')))).toEqual(plain(records));
  });

  test('is decoded from an offset within the batch', async () => {
    const records = Array.from(
      { length: 10 },
      (_, i): WriterRecord => ({ timestamp: i, key: null, value: null, headers: [] }),
    );
    const encoded = await encode(records, 'snappy');
    expect(decode(encoded, 7).map(({ offset }) => offset)).toEqual([7, 8, 9]);
    expect(decode(encoded, 10)).toEqual([]);
  });

  test('truncated at the end of a response is left out', async () => {
    const one = await encode([{ timestamp: 1, key: null, value: Buffer.from('a'), headers: [] }], 'none');
    for (let cut = 0; cut < one.length; cut++)
      expect(decode(Buffer.concat([one, one.subarray(0, cut)]))).toHaveLength(1);
    expect(decode(Buffer.concat([one, one]))).toHaveLength(2);
  });

  test('with a corrupt byte after the checksum throws', async () => {
    const good = await encode(
      [{ timestamp: 1, key: Buffer.from('key'), value: Buffer.from('value'), headers: [] }],
      'none',
    );
    for (let at = 17; at < good.length; at++) {
      const bad = Buffer.from(good);
      bad[at] = (bad[at] ?? 0) ^ 0x40;
      expect(() => decode(bad), `byte ${at}`).toThrow();
    }
  });

  test('of an older format throws an error that names the format', () => {
    const old = Buffer.alloc(61);
    old.writeInt32BE(49, 8);
    old[16] = 1;
    expect(() => parseBatches(old)).toThrow(/format 1/);
  });
});
