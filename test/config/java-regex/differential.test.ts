import { expect, test } from 'vitest';
import { javaMatcher, javaReplacer } from '../../../src/config/java-regex/index.ts';
import { runJava, toBase64 } from '../../support/java.ts';
import { seeded } from '../../support/seed.ts';
import { type Case, generateCases } from './generate.ts';

/** Against `java.util.regex` itself: what is not refused means the same. */
const CASES = 6000;
/** Java 17 and 19 differ in what `\b` is beside letters beyond ASCII. */
const BOUNDARY = /\\[bB]/;

test('generated patterns, texts and replacements mean what they mean in Java, or are refused', async () => {
  const random = seeded();
  const cases = generateCases(random, CASES);
  const answers = await java(cases);
  const differing: unknown[] = [];
  let equal = 0;
  let replaced = 0;
  for (const [i, each] of cases.entries()) {
    const expected = answers[i] ?? '';
    const actual = millrace(each);
    if (actual === undefined || (BOUNDARY.test(each.pattern) && each.text.includes('é'))) continue;
    const [matches, text] = expected.split(' ');
    if (actual.matches !== matches || (actual.replaced !== undefined && actual.replaced !== decoded(text)))
      differing.push({ ...each, expected: `${matches} ${decoded(text)}`, actual });
    else equal++;
    if (actual.replaced !== undefined) replaced++;
  }
  expect(differing, `MILLRACE_SEED=${random.seed}`).toEqual([]);
  // So that the generator keeps making something to compare.
  expect(equal).toBeGreaterThan(CASES / 4);
  expect(replaced).toBeGreaterThan(CASES / 100);
});

/** undefined: refused. `replaced` is undefined where the text does not match or the replacement is refused. */
function millrace({ pattern, ignoreCase, text, replacement }: Case) {
  const options = { setting: 'pattern', ignoreCase };
  const test = orRefused(() => javaMatcher(pattern, options));
  if (test === undefined) return undefined;
  const replace = orRefused(() => javaReplacer(pattern, replacement, options));
  return { matches: String(test(text)), replaced: replace?.(text) };
}

function orRefused<T>(compile: () => T): T | undefined {
  try {
    return compile();
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** A line of each case: `refused`, or whether it matches and what `replaceFirst` makes of it, `!` where that throws. */
const java = (cases: readonly Case[]): Promise<string[]> =>
  runJava(
    new URL('./JavaRegex.java', import.meta.url),
    cases.map(({ pattern, ignoreCase, text, replacement }) =>
      [toBase64(pattern), ignoreCase ? 2 : 0, toBase64(text), toBase64(replacement)].join(' '),
    ),
  );

const decoded = (text = '!'): string => (text === '!' ? text : Buffer.from(text, 'base64').toString());
