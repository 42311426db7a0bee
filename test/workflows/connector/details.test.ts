import { expect, test } from 'vitest';
import { connectorDetails } from '../../../workflows/connector/details.ts';
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

test('shows running tasks and a pointer to their progress', () => {
  expect(connectorDetails(running)).toBe(
    [
      '**copy** is RUNNING: sink, `JdbcSink`',
      '',
      '| task | state |',
      '|---|---|',
      '| 0 | RUNNING |',
      '',
      "For the tasks' progress, see their heartbeats under *Pending Activities*.",
    ].join('\n'),
  );
});

test('shows failed tasks with time, messages that wrap and the command to restart them', () => {
  const trace = 'SINK_SCHEMA: Table "a_b" is missing\n    at create (file:///x.ts:1:1)\nCaused by: Error: no <right>';
  const failed = Date.parse('2026-11-24T00:30:00Z');
  const text = connectorDetails({ ...running, tasks: [{ id: 0, state: 'FAILED', config, trace, failed }] });
  expect(text).toContain('Task 0 failed at 2026-11-24T00:30:00.000Z:');
  expect(text).toContain('> SINK\\_SCHEMA: Table "a\\_b" is missing\n>\n> Caused by: Error: no \\<right\\>');
  expect(text).not.toContain('file:');
  expect(text).toContain('`millrace connectors restart copy --include-tasks --only-failed`');
});

test('shows tasks that keep retrying, with time and message of the failure', () => {
  const trouble = { since: Date.parse('2026-11-24T00:30:00Z'), failure: 'SINK_UNAVAILABLE: cannot be reached.' };
  const text = connectorDetails({ ...running, tasks: [{ id: 0, state: 'RUNNING', config, trouble }] });
  expect(text).toContain('| 0 | RESTARTING |');
  expect(text).toContain('Task 0 has been failing since 2026-11-24T00:30:00.000Z and keeps retrying:');
  expect(text).toContain('> SINK\\_UNAVAILABLE: cannot be reached.');
  expect(text).not.toContain('restart copy');
});

test('shows when a sleeping task runs next', () => {
  const wakes = Date.parse('2026-11-25T02:00:00Z');
  expect(connectorDetails({ ...running, tasks: [{ id: 0, state: 'RUNNING', config, wakes }] })).toContain(
    '| 0 | sleeps until 2026-11-25T02:00:00.000Z |',
  );
});
