import { promisify } from 'node:util';
import { gunzipSync, gzip as gzipCallback, zstdCompress as zstdCallback, zstdDecompressSync } from 'node:zlib';
import { compressSync as lz4Block, uncompressSync as lz4Unblock } from 'lz4-napi';
import { compressSync as snappyBlock, uncompressSync as snappyUnblock } from 'snappy';
import type { Compression } from '../port.ts';

const gzip = promisify(gzipCallback);
const zstd = promisify(zstdCallback);

/** Codec ids in a record batch's attributes. */
export const codecIds: Readonly<Record<Compression, number>> = { none: 0, gzip: 1, snappy: 2, lz4: 3, zstd: 4 };

/**
 * Compresses like Kafka's Java clients; returns consecutive pieces to send. gzip and zstd run in the thread pool; lz4 and snappy
 * take about a millisecond per megabyte and run synchronously.
 */
export async function compress(codec: Compression, bytes: Buffer): Promise<readonly Buffer[]> {
  switch (codec) {
    case 'none':
      return [bytes];
    case 'gzip':
      return [await gzip(bytes)];
    case 'zstd':
      return [await zstd(bytes)];
    case 'lz4':
      return lz4Frame(bytes);
    case 'snappy':
      return snappyFrame(bytes);
  }
}

/**
 * Limit of the decompressed records of one batch. Producers close a batch at `batch.size` and reject a record above
 * `max.request.size`, both a few megabytes before compression; the broker limits compressed batches only.
 */
export const MAX_DECOMPRESSED_BYTES = 128 * 1024 * 1024;

/** The records of a batch exceed `MAX_DECOMPRESSED_BYTES`. */
export class DecompressedTooLarge extends Error {
  constructor() {
    super(`its decompressed records exceed ${MAX_DECOMPRESSED_BYTES} bytes`);
  }
}

/** Allocates memory for decompressed bytes. */
export type Allocate = (size: number) => Buffer;

/**
 * Decompresses a batch's records, into memory from `allocate` where the codec supports it; may overwrite `bytes`. Throws
 * DecompressedTooLarge, or RangeError or an error of zlib for corrupt bytes.
 */
export function decompress(codec: number, bytes: Buffer, allocate: Allocate): Buffer {
  switch (codec) {
    case 0:
      return bytes;
    case 1:
      return withSizeLimit(() => gunzipSync(bytes, limit));
    case 2:
      return snappyUnframe(bytes, allocate);
    case 3:
      return lz4Unframe(bytes, allocate);
    case 4:
      return withSizeLimit(() => zstdDecompressSync(bytes, limit));
    default:
      throw new RangeError(`codec ${codec} is unknown`);
  }
}

const limit = { maxOutputLength: MAX_DECOMPRESSED_BYTES };

function withSizeLimit(decompressAll: () => Buffer): Buffer {
  try {
    return decompressAll();
  } catch (error) {
    throw (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE' ? new DecompressedTooLarge() : error;
  }
}

/**
 * LZ4 frame format 1.6, as Kafka's producer writes it: magic, flags (version 1, independent blocks, no sizes or checksums), blocks
 * of at most 64 KiB, and the header's checksum, which is constant for constant flags. Encoded block by block, because the
 * library's frame functions take twice the time, in page faults.
 */
const lz4Header = Buffer.from([0x04, 0x22, 0x4d, 0x18, 0x60, 0x40, 0x82]);
const lz4End = Buffer.alloc(4);
const lz4BlockSize = 64 * 1024;
const lz4Stored = 0x8000_0000;

function lz4Frame(bytes: Buffer): Buffer[] {
  const pieces: Buffer[] = [lz4Header];
  for (let at = 0; at < bytes.length; at += lz4BlockSize) {
    const block = bytes.subarray(at, Math.min(bytes.length, at + lz4BlockSize));
    const packed = lz4Block(block);
    const size = packed.length - 4;
    if (size < block.length) {
      // The library writes the decompressed size before the block; the frame format has the compressed size there.
      packed.writeUInt32LE(size, 0);
      pieces.push(packed);
    } else {
      const stored = Buffer.allocUnsafe(4);
      stored.writeUInt32LE(lz4Stored + block.length, 0);
      pieces.push(stored, block);
    }
  }
  pieces.push(lz4End);
  return pieces;
}

function lz4Unframe(bytes: Buffer, allocate: Allocate): Buffer {
  if (bytes.readUInt32LE(0) !== 0x184d2204) throw new RangeError('not an LZ4 frame');
  const flags = bytes.readUInt8(4);
  const maxSizeBits = (bytes.readUInt8(5) >> 4) & 7;
  if (flags >> 6 !== 1 || maxSizeBits < 4) throw new RangeError('an LZ4 frame of an unknown version');
  if ((flags & 0x20) === 0) throw new RangeError('an LZ4 frame of dependent blocks, which Kafka does not use');
  const blockChecksums = (flags & 0x10) !== 0;
  const maxBlockSize = 1 << (8 + 2 * maxSizeBits);
  let at = 7 + ((flags & 0x08) !== 0 ? 8 : 0) + ((flags & 0x01) !== 0 ? 4 : 0);
  const blocks: Buffer[] = [];
  let size = 0;
  for (;;) {
    const header = bytes.readUInt32LE(at);
    if (header === 0) break;
    const length = header % lz4Stored;
    const end = at + 4 + length;
    if (end > bytes.length || length > maxBlockSize) throw new RangeError('an LZ4 block is truncated');
    let block: Buffer;
    if (header >= lz4Stored) block = bytes.subarray(at + 4, end);
    else {
      // The library expects the decompressed size, or an upper bound, before the block.
      bytes.writeUInt32LE(maxBlockSize, at);
      block = lz4Unblock(bytes.subarray(at, end));
    }
    blocks.push(block);
    size += block.length;
    if (size > MAX_DECOMPRESSED_BYTES) throw new DecompressedTooLarge();
    at = end + (blockChecksums ? 4 : 0);
  }
  return concatenate(blocks, size, allocate);
}

/** snappy-java's stream format: magic, version, lowest compatible version, then blocks, each after its size. */
const snappyHeader = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0, 0, 0, 0, 1, 0, 0, 0, 1]);
const snappyBlockSize = 64 * 1024;

function snappyFrame(bytes: Buffer): Buffer[] {
  const pieces: Buffer[] = [snappyHeader];
  for (let at = 0; at < bytes.length; at += snappyBlockSize) {
    const packed = snappyBlock(bytes.subarray(at, Math.min(bytes.length, at + snappyBlockSize)), {
      copyOutputData: true,
    });
    const size = Buffer.allocUnsafe(4);
    size.writeUInt32BE(packed.length, 0);
    pieces.push(size, packed);
  }
  return pieces;
}

function snappyUnframe(bytes: Buffer, allocate: Allocate): Buffer {
  // Some clients write a single block without the stream header.
  if (bytes.length < 16 || bytes.compare(snappyHeader, 0, 8, 0, 8) !== 0) {
    if (snappyDecompressedSize(bytes) > MAX_DECOMPRESSED_BYTES) throw new DecompressedTooLarge();
    return snappyDecompress(bytes);
  }
  const blocks: Buffer[] = [];
  let size = 0;
  for (let at = 16; at < bytes.length; ) {
    const end = at + 4 + bytes.readUInt32BE(at);
    if (end > bytes.length) throw new RangeError('a snappy block is truncated');
    const packed = bytes.subarray(at + 4, end);
    size += snappyDecompressedSize(packed);
    if (size > MAX_DECOMPRESSED_BYTES) throw new DecompressedTooLarge();
    blocks.push(snappyDecompress(packed));
    at = end;
  }
  return concatenate(blocks, size, allocate);
}

/** Reads the decompressed size at the start of a block: seven bits per byte, low bits first. */
function snappyDecompressedSize(block: Buffer): number {
  let size = 0;
  for (let at = 0; at < 5; at++) {
    const byte = block[at] ?? 0;
    size += (byte & 0x7f) * 2 ** (7 * at);
    if (byte < 0x80) break;
  }
  return size;
}

const snappyDecompress = (block: Buffer): Buffer =>
  snappyUnblock(block, { asBuffer: true, copyOutputData: true }) as Buffer;

function concatenate(blocks: readonly Buffer[], size: number, allocate: Allocate): Buffer {
  const [only] = blocks;
  if (only !== undefined && blocks.length === 1) return only;
  const whole = allocate(size);
  let at = 0;
  for (const block of blocks) {
    whole.set(block, at);
    at += block.length;
  }
  return whole;
}
