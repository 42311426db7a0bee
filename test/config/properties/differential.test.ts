import { expect, test } from 'vitest';
import { parseProperties } from '../../../src/config/worker-config/properties.ts';
import { runJava, toBase64 } from '../../support/java.ts';
import { type Seeded, seeded } from '../../support/seed.ts';

/** Number of generated texts. The reference is `java.util.Properties`. */
const CASES = 10_000;

const PIECES = [
  ...['a', 'b', 'key', 'x.y', '1', 'é', '🦀', '\0', 'u', 't', 'users', 'C:\\users\\x', 'C:\\temp\\new', 'D:/data'],
  ...['=', ':', ' = ', ' ', '  ', '\t', '\f', '#', '!', '\u00a0'],
  ...['\n', '\n', '\n', '\r\n', '\r', '\n\n', ' \n', '\n ', '\n\t', '\n#', '\n!', '\n # '],
  ...[
    '\\',
    '\\\\',
    '\\\n',
    '\\\r\n',
    '\\\r',
    '\\\n ',
    '\\\n#',
    '\\\n\n',
    '\\t',
    '\\n',
    '\\r',
    '\\f',
    '\\q',
    '\\ ',
    '\\:',
    '\\=',
  ],
  ...[
    '\\u00e9',
    '\\u00E9',
    '\\ud83d',
    '\\u0041',
    '\\u',
    '\\u00',
    '\\u00g0',
    '\\uu0041',
    '\\U0041',
    '\\\\u',
    '\\u000a',
    '\\x41',
  ],
];

test('generated texts have the same properties or are rejected like in Java', async () => {
  const random = seeded();
  const texts = Array.from({ length: CASES }, () => generate(random));
  const answers = await runJava(new URL('./JavaProperties.java', import.meta.url), texts.map(toBase64));
  const differences = texts.flatMap((text, i) => {
    const actual = answer(text);
    return actual === withoutEmptyKey(answers[i])
      ? []
      : [{ text, expected: readable(answers[i]), actual: readable(actual) }];
  });
  expect(differences, `MILLRACE_SEED=${random.seed}`).toEqual([]);
  const rejected = answers.filter(each => each === 'refused').length;
  // Ensures that the generator produces enough valid and invalid texts.
  expect(rejected).toBeGreaterThan(CASES / 20);
  expect(CASES - rejected).toBeGreaterThan(CASES / 4);
});

function generate(random: Seeded): string {
  let text = '';
  for (let pieces = random.between(1, 14); pieces > 0; pieces--) text += PIECES[random.between(0, PIECES.length)];
  return text;
}

function answer(text: string): string {
  try {
    const entries = Object.entries(parseProperties(text)).toSorted(([a], [b]) => (a < b ? -1 : 1));
    return withoutEmptyKey(
      ['=', ...entries.flat().map(each => Buffer.from(each, 'utf16le').toString('base64'))].join(' '),
    );
  } catch (error) {
    expect(String(error)).toMatch(/line \d+ has/);
    return 'refused';
  }
}

/** Removes the empty key, which Java adds with an empty value if the last line is a single backslash. */
const withoutEmptyKey = (line = ''): string => line.replace(/^= {2}\S*(?= |$)/, '=');

const readable = (line = ''): unknown =>
  line.startsWith('=')
    ? line
        .slice(2)
        .split(' ')
        .map(each => Buffer.from(each, 'base64').toString('utf16le'))
    : line;
