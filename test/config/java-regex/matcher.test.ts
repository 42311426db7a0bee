import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { javaMatcher, javaReplacer, regexProblem, replacementProblem } from '../../../src/config/java-regex/index.ts';

const setting = 'topics.regex';
const matches = (pattern: string, text: string): boolean => javaMatcher(pattern, { setting })(text);

describe('patterns with the same result as in Java', () => {
  // Pattern, text, and result of `matches` in Java.
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
    ['(.*)(?i)T-(.*)', 'at-b', true],
    ['(?x) a b # a comment', 'ab', true],
    ['(?s)a.b', 'a\nb', true],
    ['a.b', 'a\nb', false],
    ['(?>a|ab)c', 'ac', true],
    ['a++a', 'aaa', false],
    ['(?>a*)a', 'aaa', false],
    ['\\p{Alpha}\\p{Digit}{2}', 'x42', true],
    ['[\\p{Upper}_]+', 'A_B', true],
    ['[^\\p{Upper}]', 'A', false],
    ['[a-z&&[^x]]+', 'abc', true],
    ['[a-z&&[^x]]+', 'axc', false],
    ['[\\w-.]+', 'a-b.c', true],
    ['\\p{L}+', 'é名', true],
    ['[\\p{IsAlphabetic}&&\\p{Lower}]', 'é', false],
    ['\\P{Upper}', 'a', true],
    ['a\\h b', 'a\t b', true],
    ['\\Aab\\z', 'ab', true],
    ['(?<n>a)\\k<n>', 'aa', true],
    ['(a)\\1', 'aa', true],
    ['(?!__).*', '__consumer_offsets', false],
    ['(?!__).*', 'orders', true],
    ['.*(?<!_tmp)', 'orders_tmp', false],
    ['(?!a)\\w+|abc', 'abc', true],
    ['a(?!b).*', 'acb', true],
    ['a$', 'a', true],
    ['(?m)a$\\n^b', 'a\nb', true],
    ['a{2,3}+', 'aaa', true],
    ['\\R\\R', '\r\n', true],
    ['\\R{2}', '\r\n', false],
    ['\\R?\n', '\r\n', false],
    ['(?:a\\R)+', 'a\r\na\n', true],
    ['a{2}?', 'aa', true],
    ['\\x41\\u0042\\0103', 'ABC', true],
    ['\\"x\\"', '"x"', true],
    ['😀+', '😀😀', true],
    ['a/b', 'a/b', true],
    ['[a/b[]]]', '/', true],
  ])('%s on %s', (pattern, text, expected) => {
    expect(matches(pattern, text)).toBe(expected);
  });

  test('quoted text only matches itself', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (text, other) => {
        fc.pre(!text.includes('\\E'));
        const matchesQuoted = javaMatcher(`\\Q${text}\\E`, { setting });
        expect(matchesQuoted(text)).toBe(true);
        expect(matchesQuoted(other)).toBe(other === text);
      }),
    );
  });

  test('a list of patterns matches if one of them does, each with its own flags', () => {
    const names = Array.from({ length: 3000 }, (_, i) => `public\\.table_${i}`);
    const test = javaMatcher([...names, '(?i)other', '(?!x).*y', '(a)\\1'], { setting });
    for (const name of ['public.table_0', 'public.table_2999', 'OTHER', 'zy', 'aa'])
      expect(test(name), name).toBe(true);
    for (const name of ['PUBLIC.table_0', 'public.table_3000', 'xy', '']) expect(test(name), name).toBe(false);
    expect(javaMatcher([], { setting })('a')).toBe(false);
  });

  test('CASE_INSENSITIVE only applies to ASCII letters', () => {
    const test = javaMatcher('straße[k-s]', { setting, ignoreCase: true });
    expect([test('STRAßEK'), test('STRASSEK'), test('straße\u212a')]).toEqual([true, false, false]);
  });
});

describe('what is refused', () => {
  test.each([
    ['(secret', 'Unclosed group'],
    ['secret)', "Unmatched closing ')'"],
    ['a**', "Dangling meta character '*'"],
    ['*a', "Dangling meta character '*'"],
    ['a{2', 'Unclosed counted closure'],
    ['{2}', 'Illegal repetition'],
    ['[z-a]', 'Illegal character range'],
    ['[a', 'Unclosed character class'],
    ['\\c\\Q(', 'A control escape \\c is not followed by an unquoted character'],
    ['\\y', 'The escape \\y is not supported'],
    ['(?<1>a)', 'The name of a group does not start with a letter'],
    ['(?<=a*)b', 'Look-behind group does not have an obvious maximum length'],
    ['(?<=(?:a?){0,2})b', 'Look-behind group does not have an obvious maximum length'],
    ['(?<=(a|b){2})c', 'Look-behind group does not have an obvious maximum length'],
    ['(?<!(?:^)*)b', 'Look-behind group does not have an obvious maximum length'],
    ['(?<!a{1,2}+).', 'An atomic group or a possessive quantifier in a lookbehind is not supported'],
    ['(a)|\\1', 'A back-reference to group 1, which may not have matched before it, is not supported'],
    ['(?i)(a)\\1', 'A back-reference under CASE_INSENSITIVE is not supported'],
    ['(?U)\\w', 'A group (?…) of an unknown or unsupported kind'],
    ['\\p{InGreek}', 'The property \\p{InGreek} is not supported'],
    ['\\p{IsGreek}', 'The property \\p{IsGreek} is not supported'],
    ['(a{1000}){1000}', 'The pattern is too large, or its repetitions make it too large'],
    ['\\p{L}'.repeat(1000), 'The character classes of the pattern make it too large'],
    ['('.repeat(101), 'Groups are nested deeper than 100 levels'],
    ['a'.repeat(65_537), 'The pattern has more than 65536 characters'],
  ])('%.20s', (pattern, reason) => {
    expect(regexProblem(pattern)).toBe(`Invalid regex: ${reason}`);
    expect(() => javaMatcher(pattern, { setting })).toThrow(SyntaxError);
  });

  test('no other error is thrown for any pattern', () => {
    const piece = fc.constantFrom(...'ab.*+?{}()[]^$|\\&-<>=!:#PpQEkdwx01,iu'.split(''), '\\Q', '(?', '[^', '&&', 'é');
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), pieces => {
        const problem = regexProblem(pieces.join(''));
        if (problem === undefined) matches(pieces.join(''), 'ab');
      }),
      { numRuns: 2000 },
    );
  });
});

describe('replacements', () => {
  const replace = (regex: string, replacement: string, text: string) =>
    javaReplacer(regex, replacement, { setting: 'regex' })(text);

  test.each([
    ['(.*)-(.*)', '$2.$1', 'a-b', 'b.a'],
    ['(?<n>.*)-.*', `$${'{n}'}_$0`, 'a-b', 'a_a-b'],
    ['(a)(b)?', '[$2]', 'a', '[]'],
    ['(o)(r).*', '$12$0', 'orders', 'o2orders'],
    ['a|ab', 'x', 'ab', 'xb'],
    ['.*', '\\$1\\\\', 'ab', '$1\\'],
    ['(?!x)(.)(.*)', '$2$1', 'ab', 'ba'],
    ['(.*)(?i)T-(.*)', '$1+$2', 'at-b', 'a+b'],
    ['orders', 'x', 'orders2', undefined],
  ])('%s by %s in %s', (regex, replacement, text, expected) => {
    expect(replace(regex, replacement, text)).toBe(expected);
  });

  test.each([
    ['.*', '$1', 'No group 1'],
    ['.*', `$${'{n}'}`, 'No group with name {n}'],
    ['.*', '$', 'Illegal group reference: a $ or a backslash at the end; write \\$ for a dollar sign'],
    ['.*', 'a\\', 'Illegal group reference: a $ or a backslash at the end; write \\$ for a dollar sign'],
    ['(a?)*', '$1', 'Group 1 is in a repetition or lookbehind in which its text may differ from Java'],
  ])('%s by %s is rejected', (regex, replacement, reason) => {
    expect(replacementProblem(regex, replacement)).toBe(`Invalid regex: ${reason}`);
  });
});

describe('time', () => {
  const text = `${'a'.repeat(248)}!`;

  test.each(['(a+)+', '(a|aa)+', '(?!(a+)+b)(.*a){20}', '([a-z]+)*\\d', 'a*a*a*a*a*a*a*b', '(?:a?){100}a{100}b'])(
    '%s is linear',
    pattern => expect(matches(pattern, text)).toBe(false),
  );

  test.each(['x?(?=(a+)+b).*', '(a)\\1(a+)+b', '(?>a)(a|a)*b'])(
    '%s is stopped, and the message names the setting',
    pattern => {
      expect(() => matches(pattern, text)).toThrow(
        expect.objectContaining({
          code: 'TASK_CONFIG',
          message: expect.stringMatching(/^topics\.regex: .* 249 characters/),
        }),
      );
    },
  );
});
