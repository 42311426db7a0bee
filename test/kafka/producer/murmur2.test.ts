import { createRequire } from 'node:module';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { murmur2, partitionForKey } from '../../../src/kafka/producer/murmur2.ts';

const require = createRequire(import.meta.url);
/** kafkajs's, which is compatible with the Java client's. */
const original = require('kafkajs/src/producer/partitioners/default/murmur2.js') as (key: Buffer) => number;

describe('murmur2', () => {
  // Values of org.apache.kafka.common.utils.UtilsTest.testMurmur2.
  test.each([
    ['21', -973932308],
    ['foobar', -790332482],
    ['a-little-bit-long-string', -985981536],
    ['a-little-bit-longer-string', -1486304829],
    ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
  ])('of %j equals the Java client’s', (text, hash) => {
    const bytes = Buffer.from(text);
    expect(murmur2(bytes, 0, bytes.length)).toBe(hash);
  });

  test('equals kafkajs’s for any key at any position', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), fc.nat(9), fc.nat(9), (key, before, after) => {
        const bytes = Buffer.concat([Buffer.alloc(before, 7), key, Buffer.alloc(after, 9)]);
        expect(murmur2(bytes, before, before + key.length)).toBe(original(Buffer.from(key)));
      }),
      { numRuns: 2000 },
    );
  });

  test('the partition of a key equals kafkajs’s', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 20 }), fc.integer({ min: 1, max: 2000 }), (key, partitions) => {
        const partition = partitionForKey(key, 0, key.length, partitions);
        expect(partition).toBe((original(Buffer.from(key)) & 0x7fffffff) % partitions);
      }),
    );
  });
});
