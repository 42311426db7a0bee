import { expect, test } from 'vitest';
import { quantiles } from '../../bench/latency.ts';

test('quantiles of a thousand latencies are exact', () => {
  const milliseconds = Array.from({ length: 1000 }, (_, i) => 1000 - i);
  expect(quantiles(milliseconds)).toEqual({ p50Ms: 501, p95Ms: 951, p99Ms: 991, maxMs: 1000 });
});
