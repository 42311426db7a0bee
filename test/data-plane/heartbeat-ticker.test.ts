import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Pulse } from '../../src/data-plane/heartbeat-ticker.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('each is called once a second, at few moments, until it ends; then no timer is left', () => {
  const pulse = new Pulse();
  const moments = new Set<number>();
  const counts = Array.from({ length: 100 }, () => 0);
  const ends = counts.map((_, i) =>
    pulse.add(() => {
      moments.add(Date.now());
      counts[i] = (counts[i] ?? 0) + 1;
    }),
  );
  vi.advanceTimersByTime(3000);
  expect(counts).toEqual(counts.map(() => 3));
  expect(moments.size).toBe(24);

  for (const end of ends.slice(1)) end();
  vi.advanceTimersByTime(2000);
  expect(counts).toEqual(counts.map((_, i) => (i === 0 ? 5 : 3)));
  ends[0]?.();
  expect(vi.getTimerCount()).toBe(0);

  pulse.add(() => {
    counts[0] = -1;
  });
  vi.advanceTimersByTime(1000);
  expect(counts[0]).toBe(-1);
});
