import { spawn } from 'node:child_process';
import { buffer } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { javaMatcher, javaReplacer } from '../../../src/config/java-regex/index.ts';
import { findProgram } from '../../../src/stack/commands.ts';
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
async function java(cases: readonly Case[]): Promise<string[]> {
  const program = await findProgram('java');
  if (program === undefined) throw new Error('this test needs Java 17 or later: apt-get install default-jre-headless');
  const source = fileURLToPath(new URL('./JavaRegex.java', import.meta.url));
  const child = spawn(program, ['-XX:TieredStopAtLevel=1', source], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = cases.map(({ pattern, ignoreCase, text, replacement }) =>
    [encoded(pattern), ignoreCase ? 2 : 0, encoded(text), encoded(replacement)].join(' '),
  );
  child.stdin.end(`${lines.join('\n')}\n`);
  return (await buffer(child.stdout)).toString().split('\n');
}

const encoded = (text: string): string => Buffer.from(text).toString('base64');
const decoded = (text = '!'): string => (text === '!' ? text : Buffer.from(text, 'base64').toString());
