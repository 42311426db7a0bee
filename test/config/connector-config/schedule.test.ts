import { expect, test } from 'vitest';
import { nextRun, parseSchedule } from '../../../src/config/connector-config/schedule.ts';

test.each([
  ['continuous', 'continuous'],
  [' Continuous ', 'continuous'],
  ['every 30s', 'every'],
  ['every 1500 ms', 'every'],
  ['EVERY 2 H', 'every'],
  ['0 2 * * *', 'cron'],
  ['*/5 * * * * *', 'cron'],
  ['@daily', 'cron'],
])('%s', (text, kind) => {
  expect(parseSchedule(text)).toMatchObject({ kind });
});

test.each([
  ['every 0s', /a second or more/],
  ['every 500ms', /a second or more/],
  ['every day', /cron expression/],
  ['61 * * * *', /minute/],
  ['0 0 31 2 *', /no next run/],
  ['', /must be continuous/],
])('%s is rejected', (text, message) => {
  expect(parseSchedule(text)).toEqual(expect.stringMatching(message));
});

const millis = (text: string): number => Date.parse(text);

test('an interval runs at once, then at multiples after the last start, and never repeats a run', () => {
  const schedule = 'every 30s';
  const began = millis('2026-11-24T00:00:00Z');
  expect(nextRun({ schedule, now: began })).toBe(began);
  expect(nextRun({ schedule, now: began + 1, began })).toBe(began + 30_000);
  expect(nextRun({ schedule, now: began + 30_000, began })).toBe(began + 30_000);
  expect(nextRun({ schedule, now: began + 95_000, began })).toBe(began + 120_000);
});

test('a cron expression determines each run in its time zone, also across daylight saving changes', () => {
  const schedule = '0 2 * * *';
  const now = millis('2026-03-27T12:00:00Z');
  expect(nextRun({ schedule, now })).toBe(millis('2026-03-28T02:00:00Z'));
  expect(nextRun({ schedule, now, timezone: 'Europe/Berlin' })).toBe(millis('2026-03-28T01:00:00Z'));
  const summer = millis('2026-03-30T12:00:00Z');
  expect(nextRun({ schedule, now: summer, timezone: 'Europe/Berlin' })).toBe(millis('2026-03-31T00:00:00Z'));
});
