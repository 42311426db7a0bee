import { expect, test } from 'vitest';
import { parseProperties } from '../../src/config/properties.ts';

// Each expectation is what java.util.Properties answers for the same text.
test.each<[string, Record<string, string>]>([
  ['a=1\nb = 2\nc:3\nd 4\n e\t=\t5 ', { a: '1', b: '2', c: '3', d: '4', e: '5 ' }],
  ['# no\n! no\n  # no\n\na=#1', { a: '#1' }],
  ['a=1\r\nb=2\rc=3', { a: '1', b: '2', c: '3' }],
  ['a=one \\\n   two\\\n\tthree', { a: 'one twothree' }],
  ['a=1\\\n# not a comment\nb=2', { a: '1# not a comment', b: '2' }],
  ['a=back\\\\\nb=2', { a: 'back\\', b: '2' }],
  ['a\\=b\\:c\\ d=x=y:z', { 'a=b:c d': 'x=y:z' }],
  ['a=\\t\\n\\u00e9\\q', { a: '\t\né' + 'q' }],
  ['a=é', { a: 'é' }],
  ['a=1\na=2', { a: '2' }],
  ['a', { a: '' }],
  ['=x', { '': 'x' }],
  ['a = = b', { a: '= b' }],
  ['a=ends\\', { a: 'ends' }],
  ['\ufeffa=1', { a: '1' }],
  ['', {}],
  ['password=a\\\\b\\#c', { password: 'a\\b#c' }],
])('%j', (text, expected) => {
  expect(parseProperties(text)).toEqual(expected);
});
