import { expect, test } from 'vitest';
import { details } from '../../../workflows/connector/details.ts';
import type { ConnectorStatus } from '../../../workflows/shared/messages.ts';

const config = { 'connector.class': 'JdbcSink' };
const running: ConnectorStatus = {
  name: 'copy',
  type: 'sink',
  config,
  target: 'RUNNING',
  state: 'RUNNING',
  tasks: [{ id: 0, state: 'RUNNING', config }],
  revision: 0,
  topics: [],
};

test('what runs, and where to look further', () => {
  expect(details(running)).toBe(
    [
      '**copy** is RUNNING: sink, `JdbcSink`',
      '',
      '| task | state |',
      '|---|---|',
      '| 0 | RUNNING |',
      '',
      'How far each task is: its heartbeat, under *Pending Activities*.',
    ].join('\n'),
  );
});

test('what failed, since when, why in words that wrap, and what to do', () => {
  const trace = 'SINK_SCHEMA: Table "a_b" is missing\n    at create (file:///x.ts:1:1)\nCaused by: Error: no <right>';
  const failed = Date.parse('2026-11-24T00:30:00Z');
  const text = details({ ...running, tasks: [{ id: 0, state: 'FAILED', config, trace, failed }] });
  expect(text).toContain('Task 0 failed at 2026-11-24T00:30:00.000Z:');
  expect(text).toContain('> SINK\\_SCHEMA: Table "a\\_b" is missing\n>\n> Caused by: Error: no \\<right\\>');
  expect(text).not.toContain('file:');
  expect(text).toContain('`millrace connectors restart copy --include-tasks --only-failed`');
});

test('what fails again and again, since when and why, and that it goes on trying', () => {
  const trouble = { since: Date.parse('2026-11-24T00:30:00Z'), failure: 'SINK_UNAVAILABLE: cannot be reached.' };
  const text = details({ ...running, tasks: [{ id: 0, state: 'RUNNING', config, trouble }] });
  expect(text).toContain('| 0 | RESTARTING |');
  expect(text).toContain(
    'Task 0 has failed again and again since 2026-11-24T00:30:00.000Z, and goes on trying until this is mended:',
  );
  expect(text).toContain('> SINK\\_UNAVAILABLE: cannot be reached.');
  expect(text).not.toContain('restart copy');
});

test('what sleeps, until when', () => {
  const wakes = Date.parse('2026-11-25T02:00:00Z');
  expect(details({ ...running, tasks: [{ id: 0, state: 'RUNNING', config, wakes }] })).toContain(
    '| 0 | sleeps until 2026-11-25T02:00:00.000Z |',
  );
});
