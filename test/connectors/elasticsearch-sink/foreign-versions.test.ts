import { expect, it } from 'vitest';
import { ForeignVersions } from '../../../connectors/elasticsearch-sink/bulk/foreign-versions.ts';
import type { SinkBatch, SinkRecord } from '../../../src/api/index.ts';
import { silent } from '../../../src/observability/silent.ts';

function collecting() {
  const lines: Record<string, unknown>[] = [];
  const clock = { now: 0 };
  const log = { ...silent, warn: (fields: object) => void lines.push(fields as Record<string, unknown>) };
  return { lines, clock, foreign: new ForeignVersions(log, () => clock.now) };
}

const record = (partition: number, offset: number): SinkRecord => ({
  topic: 'routed',
  partition,
  originalTopic: 'orders',
  originalPartition: partition,
  offset,
  timestamp: null,
  headers: [],
  keySchema: null,
  key: `k${offset}`,
  valueSchema: null,
  value: {},
});

/** Partition 0 ends at 100, partition 1 at 10. */
const batch: SinkBatch = {
  records: [record(0, 50), record(1, 5), record(1, 6)],
  positions: [
    { topic: 'orders', partition: 0, from: 50, next: 51, end: 100 },
    { topic: 'orders', partition: 1, from: 5, next: 7, end: 10 },
  ],
};

it.each([
  ['the same offset', [[0, 50]], 0],
  ['a later offset of the partition', [[0, 99]], 0],
  ['the end of the partition', [[0, 100]], 1],
  ['an offset of another partition alone', [[1, 50]], 1],
  ['a version that the server does not name', [[0, Number.NaN]], 0],
  [
    'several',
    [
      [0, 99],
      [1, 10],
      [2, 1e15],
    ],
    2,
  ],
] as const)('%s', (_what, conflicts, count) => {
  const { foreign } = collecting();
  foreign.add(batch, new Map(conflicts));
  expect(foreign.count).toBe(count);
});

it('counts nothing if the end of the partition is not known', () => {
  const { foreign } = collecting();
  foreign.add({ ...batch, positions: [] }, new Map([[0, 1e15]]));
  expect(foreign.count).toBe(0);
});

it('logs at most once a minute, with the count since the last entry', () => {
  const { foreign, lines, clock } = collecting();
  const add = () => foreign.add(batch, new Map([[1, 50]]));
  add();
  add();
  clock.now = 59_999;
  add();
  expect(lines).toEqual([{ topic: 'orders', partition: 1, offset: 5, version: 50, records: 1, total: 1 }]);
  clock.now = 60_000;
  add();
  expect(lines[1]).toMatchObject({ records: 3, total: 4 });
});
