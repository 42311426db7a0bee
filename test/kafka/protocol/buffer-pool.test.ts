import { expect, test } from 'vitest';
import { bufferPool } from '../../../src/kafka/protocol/buffer-pool.ts';

const MIB = 1024 * 1024;
const ROUND = 256;

test('a buffer that is given back is taken again', () => {
  const pool = bufferPool(8 * MIB);
  const buffer = pool.take(1000);
  pool.give(buffer);
  expect(pool.take(500) === buffer).toBe(true);
  expect(pool.take(500) === buffer).toBe(false);
});

test('what is beyond the capacity, and a buffer of more than 4 MiB, is not kept', () => {
  const pool = bufferPool(8 * MIB);
  const [most, large] = [pool.take(4 * MIB), pool.take(5 * MIB)];
  pool.give(large);
  expect(pool.take(5 * MIB) === large).toBe(false);
  pool.give(most);
  expect(pool.take(1) === most).toBe(true);
  const full = bufferPool(MIB);
  const first = full.take(MIB);
  const second = full.take(MIB);
  full.give(first);
  full.give(second);
  expect(full.take(MIB) === first).toBe(true);
  expect(full.take(MIB) === second).toBe(false);
});

test('buffers that were not needed during a round are given up, and those in use are kept', () => {
  const pool = bufferPool(32 * MIB);
  const burst = Array.from({ length: 20 }, () => pool.take(MIB));
  for (const buffer of burst) pool.give(buffer);
  const takeTwo = (): void => {
    const [a, b] = [pool.take(MIB), pool.take(MIB)];
    pool.give(a);
    pool.give(b);
  };
  for (let i = 0; i < ROUND; i++) takeTwo();
  const left = Array.from({ length: 20 }, () => pool.take(MIB)).filter(buffer => burst.includes(buffer));
  expect(left).toHaveLength(2);
});
