import { expect, test } from 'vitest';
import { figuresTable, median } from '../../bench/table.ts';

const run = (recordsPerSecond: number, peakMb: number) => ({ records: 1, recordsPerSecond, peakMb });

test('first runs are listed separately, and warm runs are compared', () => {
  const text = figuresTable([
    { subject: 'ours', runs: [run(50_000, 300), run(90_000, 300), run(100_000, 320), run(95_000, 310)] },
    { subject: 'theirs', runs: [run(10_000, 2000), run(30_000, 2100), run(38_000, 2000), run(34_000, 2050)] },
  ]);
  expect(text.split('\n').map(line => line.replace(/ +/g, ' '))).toEqual([
    ' records/s peak MB',
    'ours, first run 50,000 300',
    'ours, median of 3 more 95,000 310',
    'theirs, first run 10,000 2,000',
    'theirs, median of 3 more 34,000 2,050',
    'ours ÷ theirs 2.79× 0.15×',
    '',
  ]);
});

test('a single run is compared; a single subject is not', () => {
  const millrace = { subject: 'ours', runs: [{ records: 1, p50Ms: 12 }] };
  expect(figuresTable([millrace, { subject: 'theirs', runs: [{ records: 1, p50Ms: 48 }] }])).toContain('0.25×');
  expect(figuresTable([millrace])).not.toContain('×');
});

test('the median of an even number of runs is the mean of the middle ones', () => {
  expect(median([run(1, 0), run(4, 0), run(2, 0), run(9, 0)], 'recordsPerSecond')).toBe(3);
  expect(median([run(1, 0)], 'p99Ms')).toBeUndefined();
});
