import { expect, test } from 'vitest';
import { Sampled } from '../../src/observability/sampled-stat.ts';

test('nothing measured: a rate of 0 and no average', () => {
  const sampled = new Sampled(() => 0);
  expect([sampled.rate, sampled.avg, sampled.min, sampled.max]).toEqual([0, Number.NaN, Number.NaN, Number.NaN]);
});

test('a steady stream has its rate, after a minute as after ten', () => {
  let now = 0;
  const sampled = new Sampled(() => now);
  for (now = 0; now <= 600_000; now += 100) {
    sampled.add(5);
    if (now > 60_000) expect(sampled.rate).toBeCloseTo(50, -1);
  }
  expect([sampled.avg, sampled.min, sampled.max]).toEqual([5, 5, 5]);
});

test('the first records are no burst', () => {
  let now = 0;
  const sampled = new Sampled(() => now);
  sampled.add(300);
  now = 1;
  expect(sampled.rate).toBe(10);
});

test('least, greatest and average are those of the last minute', () => {
  let now = 0;
  const sampled = new Sampled(() => now);
  sampled.add(1000);
  now = 30_000;
  sampled.add(2);
  sampled.add(4);
  expect([sampled.min, sampled.max]).toEqual([2, 1000]);
  now = 60_000;
  expect([sampled.min, sampled.max, sampled.avg]).toEqual([2, 4, 3]);
  now = 90_000;
  expect([sampled.rate, sampled.max]).toEqual([0, Number.NaN]);
});
