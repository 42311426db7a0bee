import { expect, test } from 'vitest';
import { javaMatcher, javaReplacer } from '../../../src/config/java-regex/index.ts';
import { runJava, toBase64 } from '../../support/java.ts';
import { seeded } from '../../support/seed.ts';
import { type Case, generateCases } from './generate.ts';

/** Runs `java.util.regex`. Every supported pattern must have the same result. */
const CASES = 6000;
/** Java 17 and 19 differ in `\b` next to letters beyond ASCII. */
const BOUNDARY = /\\[bB]/;

test('generated patterns and replacements have the same results as in Java or are rejected', async () => {
  const random = seeded();
  const cases = generateCases(random, CASES);
  const answers = await java(cases);
  const differences: unknown[] = [];
  let equal = 0;
  let replaced = 0;
  for (const [i, each] of cases.entries()) {
    const expected = answers[i] ?? '';
    const actual = millrace(each);
    if (actual === undefined || (BOUNDARY.test(each.pattern) && each.text.includes('é'))) continue;
    const [matches, text] = expected.split(' ');
    if (actual.matches !== matches || (actual.replaced !== undefined && actual.replaced !== decode(text)))
      differences.push({ ...each, expected: `${matches} ${decode(text)}`, actual });
    else equal++;
    if (actual.replaced !== undefined) replaced++;
  }
  expect(differences, `MILLRACE_SEED=${random.seed}`).toEqual([]);
  // Ensures that the generator produces enough cases to compare.
  expect(equal).toBeGreaterThan(CASES / 4);
  expect(replaced).toBeGreaterThan(CASES / 100);
});

/** Returns undefined for a rejected pattern. `replaced` is undefined if the text does not match or the replacement is rejected. */
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

/** A line for each case: `refused`, or the results of `matches` and `replaceFirst`, `!` if that throws. */
const java = (cases: readonly Case[]): Promise<string[]> =>
  runJava(
    new URL('./JavaRegex.java', import.meta.url),
    cases.map(({ pattern, ignoreCase, text, replacement }) =>
      [toBase64(pattern), ignoreCase ? 2 : 0, toBase64(text), toBase64(replacement)].join(' '),
    ),
  );

const decode = (text = '!'): string => (text === '!' ? text : Buffer.from(text, 'base64').toString());
