import { expect, test } from 'vitest';
import { SampledStat } from '../../src/observability/sampled-stat.ts';

test('without values the rate is 0 and the average NaN', () => {
  const stat = new SampledStat(() => 0);
  expect([stat.rate, stat.avg, stat.min, stat.max]).toEqual([0, Number.NaN, Number.NaN, Number.NaN]);
});

test('the rate of steady values is stable over ten minutes', () => {
  let now = 0;
  const stat = new SampledStat(() => now);
  for (now = 0; now <= 600_000; now += 100) {
    stat.add(5);
    if (now > 60_000) expect(stat.rate).toBeCloseTo(50, -1);
  }
  expect([stat.avg, stat.min, stat.max]).toEqual([5, 5, 5]);
});

test('the first values do not look like a burst', () => {
  let now = 0;
  const stat = new SampledStat(() => now);
  stat.add(300);
  now = 1;
  expect(stat.rate).toBe(10);
});

test('minimum, maximum and average cover the last minute', () => {
  let now = 0;
  const stat = new SampledStat(() => now);
  stat.add(1000);
  now = 30_000;
  stat.add(2);
  stat.add(4);
  expect([stat.min, stat.max]).toEqual([2, 1000]);
  now = 60_000;
  expect([stat.min, stat.max, stat.avg]).toEqual([2, 4, 3]);
  now = 90_000;
  expect([stat.rate, stat.max]).toEqual([0, Number.NaN]);
});
