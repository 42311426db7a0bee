import { expect, test } from 'vitest';
import { parseTimelineHistory } from '../../../connectors/postgresql/position/timeline-history.ts';

test('a history file contains the end of each ancestor', () => {
  const content =
    '1\t0/3000060\tno recovery target specified\n\n2\t16/B374D848\tbefore 2026-11-30 01:38:00+00\n# a comment\n';
  expect([...parseTimelineHistory(content)]).toEqual([
    [1, 0x3000060],
    [2, 0x16_b374d848],
  ]);
});
