import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseProperties } from '../../../src/config/worker-config/properties.ts';

// Expected properties are the result of java.util.Properties for the same text.
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

/** Escapes a key or a value like `java.util.Properties.store`. */
function stored(text: string, isKey: boolean): string {
  return [...text]
    .map((char, i) => {
      if (/[\\=:#!]/.test(char)) return `\\${char}`;
      if (char === ' ') return isKey || i === 0 ? '\\ ' : ' ';
      const letter = { '\t': 't', '\n': 'n', '\r': 'r', '\f': 'f' }[char];
      if (letter !== undefined) return `\\${letter}`;
      const plain = char >= ' ' && char <= '~';
      return plain ? char : [...char].flatMap(c => c.split('').map(unit)).join('');
    })
    .join('');
}
const unit = (char: string) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;

test('parses the output of Java', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string({ unit: fc.constantFrom(...'ab =:#!\\\t\n\r\f\u00e9😀') }),
  );
  fc.assert(
    fc.property(fc.dictionary(text, text, { noNullPrototype: true }), props => {
      const lines = Object.entries(props).map(([key, value]) => `${stored(key, true)}=${stored(value, false)}`);
      expect(parseProperties(lines.join('\n'))).toEqual(props);
    }),
  );
});
