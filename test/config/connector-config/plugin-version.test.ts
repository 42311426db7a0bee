import { expect, test } from 'vitest';
import { isVersionSpec, versionProblem } from '../../../src/config/connector-config/plugin-version.ts';

/** Answers of Kafka Connect 4.3.1 for a plugin of its own version. */
test.each([
  ['latest', undefined],
  ['4.3.1', undefined],
  ['4.3.1.Final', undefined],
  ['[4.0,5)', undefined],
  ['[4.3.1]', undefined],
  ['', '[,]'],
  ['4.3', '[4.3,4.3]'],
  ['abc', '[abc,abc]'],
  ['LATEST', '[LATEST,LATEST]'],
  ['[5.0,)', '[5.0,)'],
])('version %j', (requested, range) => {
  const message = `Plugin x not found that matches the version range ${range}, available versions: [4.3.1]`;
  expect(versionProblem('x', requested, '4.3.1')).toBe(range === undefined ? undefined : message);
});

test.each([
  ['(,1.0]', '0.9', true],
  ['(,1.0)', '1.0', false],
  ['(1.0,)', '1.0.0', false],
  ['[1.0-beta,1.0)', '1.0-rc2', true],
  ['[1.0-rc1,1.0)', '1.0-beta', false],
  ['[1,2),[3,4)', '3.7.0.Final', true],
  ['[1,2),[3,4)', '2.5', false],
  ['1.0-SNAPSHOT', '1.0', false],
])('%s and %s', (requested, available, isMatch) => {
  expect(versionProblem('x', requested, available) === undefined).toBe(isMatch);
});

test.each(['[', '(1,2', '[1,2,3]', '(1)', '[1,2)x'])('%s is not a range', text => {
  expect(isVersionSpec(text)).toBe(false);
  expect(versionProblem('x', text, '1')).toMatch(/^(Unbounded range|Single version must be)/);
});
