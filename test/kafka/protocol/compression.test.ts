import { randomBytes } from 'node:crypto';
import { compressFrameSync, decompressFrameSync } from 'lz4-napi';
import { compressSync as snappyBlock } from 'snappy';
import { describe, expect, test } from 'vitest';
import type { Compression } from '../../../src/kafka/port.ts';
import {
  codecIds,
  compress,
  DecompressedTooLarge,
  decompress,
  MAX_DECOMPRESSED_BYTES,
} from '../../../src/kafka/protocol/compression.ts';

const allocate = (size: number): Buffer => Buffer.alloc(size);
const text = (size: number): Buffer => Buffer.alloc(size, 'a change of a row in a table, over and over; ');
const samples = [0, 1, 100, 65_535, 65_536, 65_537, 300_000].flatMap(size => [text(size), randomBytes(size)]);

describe.each(Object.keys(codecIds) as Compression[])('%s', codec => {
  test('decompresses what it compressed, for any size and content', async () => {
    for (const sample of samples) {
      const packed = Buffer.concat(await compress(codec, sample));
      expect(decompress(codecIds[codec], packed, allocate).equals(sample), `${sample.length} bytes`).toBe(true);
    }
  });
});

describe.each(['gzip', 'snappy', 'lz4', 'zstd'] as const)('%s', codec => {
  test('compresses repetitive text', async () => {
    expect(Buffer.concat(await compress(codec, text(200_000))).length).toBeLessThan(20_000);
  });

  test('truncated input never decompresses completely', async () => {
    const packed = Buffer.concat(await compress(codec, text(200_000)));
    const cut = Buffer.from(packed.subarray(0, packed.length / 2));
    // Node's zstd returns a part; the record decoder detects the truncation.
    const size = (): number => decompress(codecIds[codec], cut, allocate).length;
    if (codec === 'zstd') expect(size()).toBeLessThan(200_000);
    else expect(size).toThrow();
  });
});

describe('lz4', () => {
  test('other implementations decompress the frames', async () => {
    for (const sample of samples)
      expect(decompressFrameSync(Buffer.concat(await compress('lz4', sample))).equals(sample)).toBe(true);
  });

  test('decompresses frames with large blocks and with checksums of blocks and content', () => {
    for (const options of [{}, { contentChecksum: true }, { blockChecksums: true, contentChecksum: true }])
      for (const sample of samples)
        expect(decompress(3, compressFrameSync(sample, options), allocate).equals(sample)).toBe(true);
  });

  test('rejects frames that Kafka does not use', async () => {
    const frame = Buffer.concat(await compress('lz4', text(100)));
    const changed = (at: number, to: number): Buffer => {
      const copy = Buffer.from(frame);
      copy[at] = to;
      return copy;
    };
    expect(() => decompress(3, changed(0, 5), allocate)).toThrow(/not an LZ4 frame/);
    expect(() => decompress(3, changed(4, 0x40), allocate)).toThrow(/dependent/);
    expect(() => decompress(3, changed(4, 0x20), allocate)).toThrow(/version/);
  });
});

test('decompresses a snappy block without the stream header, as some clients write it', () => {
  for (const sample of samples)
    expect(decompress(2, snappyBlock(sample, { copyOutputData: true }), allocate).equals(sample)).toBe(true);
});

test('an unknown codec throws', () => {
  expect(() => decompress(5, Buffer.alloc(8), allocate)).toThrow(/codec 5/);
});

test.each(['gzip', 'snappy', 'lz4', 'zstd'] as const)(
  '%s: rejects a batch whose decompressed size exceeds the limit',
  async codec => {
    const zeros = Buffer.alloc(MAX_DECOMPRESSED_BYTES + 1);
    const packed = Buffer.concat(await compress(codec, zeros));
    expect(() => decompress(codecIds[codec], packed, allocate)).toThrow(DecompressedTooLarge);
  },
);
