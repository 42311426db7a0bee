import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { packageFolder } from '../../../src/package-folder.ts';
import { dateReader, dateWriter, patternWarning } from '../../../src/transforms/date-format/index.ts';
import { zoneNames } from '../../../src/transforms/date-format/time-zones.ts';

const date = new Date('2024-02-09T15:04:05.006Z');

// Expected texts are those of Java 17 and 25 in UTC and English.
test.each([
  ['yyyy-MM-dd HH:mm:ss.SSS', '2024-02-09 15:04:05.006'],
  ["yyyy-MM-dd'T'HH:mm:ssXXX", '2024-02-09T15:04:05Z'],
  ['yy/M/d h:m a', '24/2/9 3:4 PM'],
  ['EEE, d MMM yyyy', 'Fri, 9 Feb 2024'],
  ['EEEE d MMMM y G', 'Friday 9 February 2024 AD'],
  ['D DDD u K k', '40 040 5 3 15'],
  ['YYYYMM ww W F', '202402 06 2 2'],
  ["'it''s' yyyy ''", "it's 2024 '"],
  ['HH:mm z zzzz Z', '15:04 UTC Coordinated Universal Time +0000'],
])('%s writes %s', (pattern, text) => {
  expect(dateWriter(pattern)(date)).toBe(text);
});

test.each([
  ['yyyy-MM-dd HH:mm:ss.SSS', '2024-02-09 15:04:05.006', '2024-02-09T15:04:05.006Z'],
  ['yyyyMMddHHmmss', '20240209150405', '2024-02-09T15:04:05.000Z'],
  ["yyyy-MM-dd'T'HH:mm:ssX", '2024-02-09T15:04:05+02:00', '2024-02-09T13:04:05.000Z'],
  ["yyyy-MM-dd'T'HH:mm:ssXXX", '2024-02-09T15:04:05+05:30', '2024-02-09T09:34:05.000Z'],
  ["yyyy-MM-dd'T'HH:mm:ssZ", '2024-02-09T15:04:05-0130', '2024-02-09T16:34:05.000Z'],
  ['yyyy-MM-dd HH:mm:ss z', '2024-07-09 15:04:05 EST', '2024-07-09T20:04:05.000Z'],
  ['yyyy-MM-dd HH:mm:ss zzzz', '2024-07-09 15:04:05 Central European Summer Time', '2024-07-09T13:04:05.000Z'],
  ['EEE MMM dd HH:mm:ss zzz yyyy', 'Tue Jul 09 15:04:05 PDT 2024', '2024-07-09T22:04:05.000Z'],
  ['d MMM yyyy h:mm a', '9 feb 2024 12:05 AM', '2024-02-09T00:05:00.000Z'],
  ['d MMMM yyyy', '9 February 2024 and more', '2024-02-09T00:00:00.000Z'],
  ['yyyy-MM-dd', '2024-1-32', '2024-02-01T00:00:00.000Z'],
  ['yyyy-MM-dd', '1500-03-01', '1500-03-11T00:00:00.000Z'],
  ['yyyy D', '2024 60', '2024-02-29T00:00:00.000Z'],
  ['YYYY-ww-u', '2024-06-5', '2024-02-09T00:00:00.000Z'],
  ['HH:mm', '07:08', '1970-01-01T07:08:00.000Z'],
  ['MM/dd/yy', '02/09/24', '2024-02-09T00:00:00.000Z'],
])('%s reads %s', (pattern, text, iso) => {
  expect(dateReader(pattern)(text).toISOString()).toBe(iso);
});

test.each([
  ['HH:mm:ss.SSSSSS', '15:04:05.123456', 123],
  ['HH:mm:ss.SSSSSS', '15:04:05.000123', 0],
  ['HH:mm:ss.SSSSSSSSS', '15:04:05.5', 500],
  ['HHmmssSSSSSS', '150405123456', 123],
  ['HH:mm:ss.SSS', '15:04:05.5', 5],
])('%s reads the milliseconds of %s', (pattern, text, milliseconds) => {
  expect(dateReader(pattern)(text).getTime() - Date.UTC(1970, 0, 1, 15, 4, 5)).toBe(milliseconds);
});

test.each([
  ['yyyy-MM-dd', 'yesterday', 'does not match pattern (yyyy-MM-dd): yyyy expected at position 0'],
  ['yyyy-MM-dd', '2024-02', 'does not match pattern (yyyy-MM-dd): "-" expected at position 7'],
  ['ss.SSS', '05.123456', 'more than three digits for SSS'],
  ['HH:mmX', '15:04+05:30', 'a time zone for X expected at position 5'],
  ['HH:mm z', '15:04 IST', 'a time zone for z expected at position 6'],
  ['HH:mm z', '15:04 UTC+2', 'a time zone for z expected at position 6'],
  ['yyyy z', '1960 BST', 'the time zone had another offset before 1973'],
  ['yyyy', '2E3', 'a number with an exponent'],
])('%s rejects %s', (pattern, text, message) => {
  expect(() => dateReader(pattern)(text)).toThrow(message);
});

describe('rejected patterns', () => {
  test.each([
    ['q', "Illegal pattern character 'q' at position 0"],
    ['yyyy-MM-ddTHH', "Illegal pattern character 'T' at position 10"],
    ["yyyy 'open", 'Unterminated quote at position 5'],
    ['XXXX', 'Invalid ISO 8601 time zone at position 0'],
  ])('%s', (pattern, message) => {
    expect(() => dateReader(pattern)).toThrow(message);
    expect(() => dateWriter(pattern)).toThrow(message);
  });

  test('milliseconds with six digits for writing', () => {
    expect(() => dateWriter('ss.SSSSSS')).toThrow('6 letters S at position 3: S counts milliseconds');
  });
});

test.each([
  ['YYYYMM', 'yyyy is probably meant'],
  ['YYYY-MM-DD', 'dd is probably meant'],
  ['yyyy-MM-dd HH:MM:ss', 'mm is probably meant'],
  ['HH:MM:ss', 'mm is probably meant'],
  ['yyyy-MM-dd hh:mm:ss', 'HH is probably meant'],
  ['h:mm a', undefined],
  ["YYYY-'W'ww", undefined],
  ['yyyy-DDD', undefined],
  ["yyyy-MM-dd'T'HH:mm:ss.SSSZ", undefined],
])('%s: %s', (pattern, warning) => {
  if (warning === undefined) expect(patternWarning(pattern)).toBeUndefined();
  else expect(patternWarning(pattern)).toContain(warning);
});

test('the reference page of transforms lists the abbreviations of time zones', () => {
  const page = readFileSync(join(packageFolder(), 'docs/reference/transforms.md'), 'utf8');
  const [, zoneList = ''] = /^Names of time zones: ([^;]*);/m.exec(page) ?? [];
  const abbreviations = zoneNames.filter(name => !name.includes(' ')).map(name => name.toUpperCase());
  expect(zoneList.match(/[A-Z]+/g)?.toSorted()).toEqual(['GMT', ...abbreviations].toSorted());
});
