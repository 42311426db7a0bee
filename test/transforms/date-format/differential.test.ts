import { expect, test } from 'vitest';
import { DataError } from '../../../src/errors.ts';
import { dateReader, dateWriter } from '../../../src/transforms/date-format/index.ts';
import { zoneNames } from '../../../src/transforms/date-format/time-zones.ts';
import { runJava, toBase64 } from '../../support/java.ts';
import { seeded } from '../../support/seed.ts';
import { generatePattern, generateText, generateTime } from './generate.ts';

/** Runs `java.text.SimpleDateFormat`, which Kafka Connect uses. Every accepted input must have the same result. */
const java = (lines: readonly string[]): Promise<string[]> =>
  runJava(new URL('./JavaDates.java', import.meta.url), lines, [
    '-Duser.timezone=UTC',
    '-Duser.language=en',
    '-Duser.country=US',
  ]);

test('generated patterns write and read like in Java or are rejected', async () => {
  const random = seeded();
  const writing = Array.from({ length: 10_000 }, () => ({
    pattern: generatePattern(random),
    time: generateTime(random),
  }));
  const reading = Array.from({ length: 12_000 }, () => {
    const pattern = generatePattern(random);
    return { pattern, text: generateText(random, pattern) };
  });
  const answers = await java([
    ...writing.map(({ pattern, time }) => `${toBase64(pattern)} write ${time}`),
    ...reading.map(({ pattern, text }) => `${toBase64(pattern)} read ${toBase64(text)}`),
  ]);
  const differences: unknown[] = [];
  const equal = { written: 0, read: 0 };
  for (const [i, { pattern, time }] of writing.entries()) {
    const expected = answers[i] ?? '';
    const actual = orUndefined(() => dateWriter(pattern)(new Date(time)));
    if (actual === undefined) continue;
    if (toBase64(actual) === expected) equal.written++;
    else differences.push({ pattern, time: new Date(time), expected: fromBase64(expected), actual });
  }
  for (const [i, { pattern, text }] of reading.entries()) {
    // Fractions of a second: see docs/reference/transforms.md.
    if (/SSSS/.test(pattern)) continue;
    const expected = answers[writing.length + i] ?? '';
    const actual = orUndefined(() => dateReader(pattern)(text).getTime());
    if (actual === undefined) continue;
    if (String(actual) === expected) equal.read++;
    else differences.push({ pattern, text, expected, actual });
  }
  expect(differences, `MILLRACE_SEED=${random.seed}`).toEqual([]);
  // Ensures that the generator produces enough cases to compare.
  expect(equal.written).toBeGreaterThan(writing.length / 2);
  expect(equal.read).toBeGreaterThan(reading.length / 3);
});

test('names of time zones have the same offset as in Java, in any year and case', async () => {
  const random = seeded();
  const texts = zoneNames.flatMap(name =>
    [name, name.toUpperCase()].flatMap(zone =>
      Array.from({ length: 15 }, () => `${new Date(generateTime(random)).toISOString().slice(0, 19)} ${zone}`),
    ),
  );
  const pattern = "yyyy-MM-dd'T'HH:mm:ss z";
  const answers = await java(texts.map(text => `${toBase64(pattern)} read ${toBase64(text)}`));
  const read = dateReader(pattern);
  const actual = texts.map(text => orUndefined(() => read(text).getTime()));
  const differences = texts.flatMap((text, i) =>
    actual[i] === undefined || String(actual[i]) === answers[i]
      ? []
      : [{ text, expected: answers[i], actual: actual[i] }],
  );
  expect(differences, `MILLRACE_SEED=${random.seed}`).toEqual([]);
  expect(actual.filter(time => time !== undefined).length).toBeGreaterThan(texts.length / 3);
});

const fromBase64 = (text: string): string => (text === 'refused' ? text : Buffer.from(text, 'base64').toString());

/** Returns undefined for rejected input. */
function orUndefined<T>(act: () => T): T | undefined {
  try {
    return act();
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof DataError) return undefined;
    throw error;
  }
}
