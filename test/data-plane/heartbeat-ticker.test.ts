import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { HeartbeatTicker } from '../../src/data-plane/heartbeat-ticker.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('callbacks are called once a second at few moments until they are removed; then no timer remains', () => {
  const ticker = new HeartbeatTicker();
  const moments = new Set<number>();
  const counts = Array.from({ length: 100 }, () => 0);
  const removers = counts.map((_, i) =>
    ticker.add(() => {
      moments.add(Date.now());
      counts[i] = (counts[i] ?? 0) + 1;
    }),
  );
  vi.advanceTimersByTime(3000);
  expect(counts).toEqual(counts.map(() => 3));
  expect(moments.size).toBe(24);

  for (const remove of removers.slice(1)) remove();
  vi.advanceTimersByTime(2000);
  expect(counts).toEqual(counts.map((_, i) => (i === 0 ? 5 : 3)));
  removers[0]?.();
  expect(vi.getTimerCount()).toBe(0);

  ticker.add(() => {
    counts[0] = -1;
  });
  vi.advanceTimersByTime(1000);
  expect(counts[0]).toBe(-1);
});
