import { createRequire } from 'node:module';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  sizeOfVarint,
  sizeOfVarlong,
  VarintReader,
  writeVarint,
  writeVarlong,
} from '../../../src/kafka/protocol/varint.ts';

const require = createRequire(import.meta.url);
interface Encoder {
  writeVarInt(n: number): Encoder;
  writeVarLong(n: string): Encoder;
  readonly buffer: Buffer;
}
const KafkajsEncoder = require('kafkajs/src/protocol/encoder.js') as new () => Encoder;

const int32 = fc.oneof(
  fc.integer(),
  fc.constantFrom(0, -1, 1, 63, -64, 64, -65, 8191, 8192, 2 ** 31 - 1, -(2 ** 31), 2 ** 28, -(2 ** 28)),
);
const int64 = fc.oneof(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), fc.integer().map(BigInt));

describe('varints', () => {
  test('of 32 bits: encoding and size equal those of kafkajs, and decoding returns the value', () => {
    fc.assert(
      fc.property(int32, n => {
        const buffer = Buffer.alloc(8);
        const end = writeVarint(buffer, 1, n);
        expect(end - 1).toBe(sizeOfVarint(n));
        expect(buffer.subarray(1, end)).toEqual(new KafkajsEncoder().writeVarInt(n).buffer);
        const reader = new VarintReader(buffer, 1, end);
        expect(reader.varint()).toBe(n);
        expect(reader.at).toBe(end);
      }),
      { numRuns: 1000 },
    );
  });

  test('of 64 bits: encoding and size equal those of kafkajs, and decoding returns the value', () => {
    fc.assert(
      fc.property(int64, n => {
        const buffer = Buffer.alloc(12);
        const end = writeVarlong(buffer, 0, n);
        expect(end).toBe(sizeOfVarlong(n));
        expect(buffer.subarray(0, end)).toEqual(new KafkajsEncoder().writeVarLong(n.toString()).buffer);
        const reader = new VarintReader(buffer, 0, end);
        expect(reader.varlong()).toBe(Number(n));
        expect(reader.at).toBe(end);
      }),
      { numRuns: 1000 },
    );
  });

  test('without an end throw RangeError', () => {
    const endless = Buffer.alloc(20, 0xff);
    expect(() => new VarintReader(endless, 0, 20).varint()).toThrow(RangeError);
    expect(() => new VarintReader(endless, 0, 20).varlong()).toThrow(RangeError);
    expect(() => new VarintReader(Buffer.from([0x80]), 0, 1).varlong()).toThrow(RangeError);
    expect(() => new VarintReader(Buffer.from([0x80]), 0, 1).varint()).toThrow(RangeError);
  });
});
