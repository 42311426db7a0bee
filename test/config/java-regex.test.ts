import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { javaRegex, javaRegexMatching, regexProblem } from '../../src/config/java-regex.ts';

describe('patterns as Java reads them', () => {
  // pattern, text, whether `matches` holds in Java
  test.each([
    ['orders', 'orders', true],
    ['orders', 'orders2', false],
    ['a|b', 'b', true],
    ['a|b', 'ab', false],
    ['public\\.orders', 'public.orders', true],
    ['public\\.orders', 'publicXorders', false],
    ['shop\\-\\d++', 'shop-12', true],
    ['[a-z\\-_]+', 'a-_', true],
    ['[\\w.]*+', 'a.b_9', true],
    ['\\Qa.b*\\E.*', 'a.b*c', true],
    ['\\Qa.b', 'a.b', true],
    ['\\Qa.b', 'axb', false],
    ['(?i)ORDERS', 'orders', true],
    ['(?s)a.b', 'a\nb', true],
    ['a.b', 'a\nb', false],
    ['(?>a|ab)c', 'ac', true],
    ['\\p{Alpha}\\p{Digit}{2}', 'x42', true],
    ['[\\p{Upper}_]+', 'A_B', true],
    ['[^\\p{Upper}]', 'A', false],
    ['\\p{L}+', 'é名', true],
    ['\\P{Upper}', 'a', true],
    ['a\\h b', 'a\t b', true],
    ['\\Aab\\z', 'ab', true],
    ['(?<n>a)\\k<n>', 'aa', true],
    ['(a)\\1', 'aa', true],
    ['a{2,3}+', 'aaa', true],
    ['a{2}?', 'aa', true],
    ['\\x41\\u0042\\0103', 'ABC', true],
    ['\\"x\\"', '"x"', true],
    ['😀+', '😀😀', true],
    ['a/b', 'a/b', true],
    ['[a/b[]', '/', true],
  ])('%s on %s', (pattern, text, matches) => {
    expect(javaRegexMatching(pattern).test(text)).toBe(matches);
  });

  test('what is quoted matches itself and nothing else', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (text, other) => {
        fc.pre(!text.includes('\\E'));
        const regex = javaRegexMatching(`\\Q${text}\\E`);
        expect(regex.test(text)).toBe(true);
        expect(regex.test(other)).toBe(other === text);
      }),
    );
  });

  test('what is wrong is said without the pattern', () => {
    expect(regexProblem('(secret')).toBe('Invalid regex: Unterminated group');
    expect(regexProblem('a**')).toMatch(/^Invalid regex: /);
    expect(regexProblem('ok.*')).toBeUndefined();
    expect(() => javaRegex('[z-a]')).toThrow(SyntaxError);
  });
});
