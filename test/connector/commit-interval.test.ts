import { expect, test } from 'vitest';
import { commitInterval } from '../../src/connector/task/source-task.ts';

test.each([
  [{}, {}, 10],
  [{}, { 'linger.ms': '0' }, 0],
  [{ 'transaction.boundary': 'poll', 'transaction.boundary.interval.ms': '7' }, { 'linger.ms': '50' }, 50],
  [{ 'transaction.boundary': 'INTERVAL', 'transaction.boundary.interval.ms': '700' }, { 'linger.ms': '50' }, 700],
  [{ 'transaction.boundary': 'interval' }, {}, 60_000],
  [{ 'transaction.boundary': 'interval', 'millrace.commit.interval.ms': '5' }, { 'linger.ms': '50' }, 5],
])('%o and %o: %i ms', (props, producer, ms) => {
  expect(commitInterval({ props }, producer)).toBe(ms);
});
