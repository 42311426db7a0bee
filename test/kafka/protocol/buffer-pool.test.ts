import { expect, test } from 'vitest';
import { bufferPool } from '../../../src/kafka/protocol/buffer-pool.ts';

const MIB = 1024 * 1024;
const ROUND = 256;

test('a released buffer is reused', () => {
  const pool = bufferPool(8 * MIB);
  const buffer = pool.acquire(1000);
  pool.release(buffer);
  expect(pool.acquire(500) === buffer).toBe(true);
  expect(pool.acquire(500) === buffer).toBe(false);
});

test('buffers beyond the capacity and buffers of more than 4 MiB are not kept', () => {
  const pool = bufferPool(8 * MIB);
  const [largest, tooLarge] = [pool.acquire(4 * MIB), pool.acquire(5 * MIB)];
  pool.release(tooLarge);
  expect(pool.acquire(5 * MIB) === tooLarge).toBe(false);
  pool.release(largest);
  expect(pool.acquire(1) === largest).toBe(true);
  const full = bufferPool(MIB);
  const first = full.acquire(MIB);
  const second = full.acquire(MIB);
  full.release(first);
  full.release(second);
  expect(full.acquire(MIB) === first).toBe(true);
  expect(full.acquire(MIB) === second).toBe(false);
});

test('idle buffers are discarded after a round, buffers in use are kept', () => {
  const pool = bufferPool(32 * MIB);
  const burst = Array.from({ length: 20 }, () => pool.acquire(MIB));
  for (const buffer of burst) pool.release(buffer);
  const useTwo = (): void => {
    const [a, b] = [pool.acquire(MIB), pool.acquire(MIB)];
    pool.release(a);
    pool.release(b);
  };
  for (let i = 0; i < ROUND; i++) useTwo();
  const reused = Array.from({ length: 20 }, () => pool.acquire(MIB)).filter(buffer => burst.includes(buffer));
  expect(reused).toHaveLength(2);
});
