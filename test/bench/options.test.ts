import { expect, test } from 'vitest';
import { readOptions } from '../../bench/options.ts';

test('exactly once is on, off or decided by the workload', () => {
  expect(readOptions(['pg-cdc-stream', '--tuned'])).toMatchObject({ exactlyOnce: undefined });
  expect(readOptions(['pg-cdc-stream', '--eos']).exactlyOnce).toBe(true);
  expect(readOptions(['pg-cdc-stream', '--no-eos']).exactlyOnce).toBe(false);
});

test.each([
  [[], []],
  [['--peer'], ['kafka-connect']],
  [['--tuned'], ['kafka-connect-tuned']],
  [
    ['--peer', '--tuned', '--json'],
    ['kafka-connect', 'kafka-connect-tuned'],
  ],
  [['--peer', 'pg-logical-replication'], ['pg-logical-replication']],
  [
    ['--peer', 'pg-logical-replication', '--peer', 'kafka-connect-tuned'],
    ['kafka-connect-tuned', 'pg-logical-replication'],
  ],
])('peers of %j', (args, peers) => {
  expect(readOptions([...args, 'pg-cdc-stream'])).toMatchObject({ names: ['pg-cdc-stream'], peers });
});

test('all selects every workload', () => {
  expect(readOptions(['all']).names).toEqual(expect.arrayContaining(['pg-cdc-snapshot', 'takeover', 'kafka-port']));
});

test.each([
  [['pg-cdc-steam'], 'there is no workload pg-cdc-steam; there are pg-cdc-snapshot'],
  [['takeover', '--repeat', 'two'], '--repeat takes a number from 1 on, not two'],
  [['takeover', '--records', '0'], '--records takes a number from 1 on, not 0'],
  [['takeover', '--peer', 'pg-logical-replication'], 'pg-logical-replication can be measured in pg-cdc-stream only'],
  [['takeover', '--fast'], "Unknown option '--fast'"],
])('the command rejects %j', (args, sentence) => {
  expect(() => readOptions(args)).toThrow(sentence);
});

test('the command prints help without a workload', () => {
  expect(readOptions([]).help).toBe(true);
});
