import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { locateKafkaConnect } from '../../../bench/subjects/kafka-connect-program.ts';
import type { Schema, SchemaAndValue, Value } from '../../../src/api/index.ts';
import { Bytes, structOf, withOptional } from '../../../src/api/index.ts';
import { simpleHeaderConverter } from '../../../src/converters/simple-header.ts';
import { someSchema } from '../../../src/data/schema-equality.ts';
import { dateWriter } from '../../../src/transforms/date-format/index.ts';
import { fileSeeds, runSeed } from '../../support/generate/seed.ts';
import { runJava, toBase64 } from '../../support/java.ts';
import { anySchema, anyValue, sameInAnyJava } from '../arbitrary.ts';
import { converter } from '../neutral.ts';
import { schemaText, valueText } from './canonical.ts';
import { headerBytes } from './texts.ts';

/** Number of generated headers. The reference is Connect's `Values`, called through Kafka Connect's SimpleHeaderConverter. */
const CASES = 12_000;

const headers = simpleHeaderConverter.create({}, false);
const nextSeed = fileSeeds(import.meta.url);

async function runConnect(lines: readonly string[]): Promise<string[]> {
  const install = await locateKafkaConnect();
  if (typeof install === 'string') throw new Error(install);
  const { libs } = await install();
  return runJava(new URL('./ConnectValues.java', import.meta.url), lines, [
    ...['-cp', join(libs, '*'), '-Duser.timezone=UTC', '-Duser.language=en', '-Duser.country=US'],
  ]);
}

test('generated headers are read like in Kafka Connect, or as plain text', async () => {
  const cases = fc.sample(headerBytes, { numRuns: CASES, seed: nextSeed() });
  const answers = await runConnect(cases.map(bytes => `read ${bytes.toString('base64')}`));
  const differences: unknown[] = [];
  const counts = { equal: 0, structured: 0, listed: 0 };
  for (const [i, bytes] of cases.entries()) {
    const text = bytes.toString();
    const expected = expectedOf(text, answers[i] ?? '');
    const actual = answerOf(headers.toConnect('t', bytes));
    if (actual === expected) {
      counts.equal++;
      if (/[[{]/.test(expected)) counts.structured++;
    } else if (isListed(text, expected, actual)) counts.listed++;
    else differences.push({ text, expected: readable(expected), actual: readable(actual) });
  }
  expect(differences.slice(0, 5), `${differences.length} differ with MILLRACE_SEED=${runSeed()}`).toEqual([]);
  // Ensures that the generator produces enough cases to compare.
  expect(counts.structured).toBeGreaterThan(CASES / 10);
  expect(counts.listed).toBeLessThan(CASES / 15);
});

/** Expected answer: a string if `Values` parses only a part of the text and drops the rest. */
function expectedOf(text: string, answer: string): string {
  if (answer.startsWith('error')) return answer;
  const [rest = '', schema = '', value = ''] = answer.split(' ').map(part => Buffer.from(part, 'base64').toString());
  const isText = value === `"${toBase64(text)}"`;
  return /^[\0- ]*$/.test(rest) || isText ? `${schema} ${value}` : `string "${toBase64(text)}"`;
}

const answerOf = ({ schema, value }: SchemaAndValue): string => `${schemaText(schema)} ${valueText(schema, value)}`;

const readable = (answer: string): string =>
  answer.replace(/"([^"]*)"/g, (_match, text: string) => JSON.stringify(Buffer.from(text, 'base64').toString()));

/** Blanks between two delimiters, which Connect drops inside quotes too. */
const DROPPED = /(?<=(?<!\\)[:,{}[\]"])[\0- ]+(?=[:,{}[\]"])/g;

/** Differences that docs/reference/converters.md lists. */
function isListed(text: string, expected: string, actual: string): boolean {
  if (isLenient(text, expected)) return true;
  if (text.includes('\ufffd') && withoutMalformed(expected) === withoutMalformed(actual)) return true;
  if (answerOf(headers.toConnect('t', Buffer.from(text.replace(DROPPED, '')))) === expected) return true;
  const isRefused =
    // Digits of other scripts, an exponent beyond the limit, keys of maps (arrays, maps and -0.0), and distant dates.
    /(?![0-9])\p{Nd}/u.test(text) ||
    /[eE][+-]?\d{5}/.test(text) ||
    /[\]}]:|[{,][fd]80{7,15}:/.test(expected) ||
    [...expected.matchAll(/@(-?\d+)/g)].some(([, ms]) => Number.isNaN(new Date(Number(ms)).getTime()));
  return isRefused && actual === `string "${toBase64(text)}"`;
}

const writers = [
  { includes: (ms: number) => ms % 86_400_000 === 0, write: dateWriter('yyyy-MM-dd') },
  { includes: (ms: number) => ms >= 0 && ms < 86_400_000, write: dateWriter("HH:mm:ss.SSS'Z'") },
  { includes: () => true, write: dateWriter("yyyy-MM-dd'T'HH:mm:ss.SSS'Z'") },
];

/** Returns true if a date in the text does not exist, or if the written form of a date in the value is not in the text. */
function isLenient(text: string, answer: string): boolean {
  const plain = text.replaceAll('\\:', ':');
  const dates = plain.matchAll(/\d{4}-\d\d-\d\d/g);
  const times = plain.matchAll(/\d\d:\d\d:\d\d\.\d{3}Z/g);
  if ([...dates].some(([date]) => !exists(`${date}T00:00:00.000Z`))) return true;
  if ([...times].some(([time]) => !exists(`1970-01-01T${time}`))) return true;
  return [...answer.matchAll(/@(-?\d+)/g)].some(([, ms = '']) => {
    const time = Number(ms);
    // Numbers in an array with dates become dates.
    if (plain.includes(ms) || plain.includes(String(time / 86_400_000))) return false;
    return !writers.some(({ includes, write }) => includes(time) && plain.includes(write(new Date(time))));
  });
}

function exists(text: string): boolean {
  const date = new Date(text);
  return !Number.isNaN(date.getTime()) && date.toISOString() === text && !text.startsWith('0000');
}

const withoutMalformed = (answer: string): string => readable(answer).replace(/\ufffd+/g, '');

test('arrays that mix dates with numbers beyond the JavaScript date range are read as text', async () => {
  const texts = [
    '[2024-01-01T00:00:00.000Z,8640000000000001]',
    '{"a":-9223372036854775808,"b":2230-10-07T14:19:24.795Z}',
  ];
  const answers = await runConnect(texts.map(text => `read ${toBase64(text)}`));
  for (const [i, text] of texts.entries()) {
    const expected = expectedOf(text, answers[i] ?? '');
    const actual = answerOf(headers.toConnect('t', Buffer.from(text)));
    expect({ text, actual }).toEqual({ text, actual: `string "${toBase64(text)}"` });
    expect({ text, isListed: isListed(text, expected, actual) }).toEqual({ text, isListed: true });
  }
});

test('generated values of all types are written like in Kafka Connect', async () => {
  const values = fc
    .oneof({ weight: 5, arbitrary: readableSchema }, withDefaults)
    .chain(schema => fc.array(readableValue(schema), { minLength: 5, maxLength: 5 }));
  const cases = fc.sample(values, { numRuns: CASES / 5, seed: nextSeed() }).flat();
  const answers = await runConnect(cases.map(({ json }) => `write ${json.toString('base64')}`));
  const differences = cases.flatMap(({ schema, value }, i) => {
    const out = new Bytes(64);
    const actual = headers.fromConnect('t', schema, value, out) ? out.take().toString('base64') : 'null';
    const expected = answers[i] ?? '';
    if (actual === expected) return [];
    const [inConnect, here] = [expected, actual].map(text => Buffer.from(text, 'base64').toString());
    return [{ schema: schemaText(schema), answer: expected.slice(0, 200), inConnect, here }];
  });
  expect(differences.slice(0, 5), `${differences.length} differ with MILLRACE_SEED=${runSeed()}`).toEqual([]);
});

const isName = (name: string): boolean => name !== '' && name.isWellFormed();

/** Connect's SchemaBuilder rejects empty names, and its JsonConverter rejects names with lone surrogates. */
const readableSchema = anySchema.filter(
  schema => !someSchema(schema, each => each.type === 'struct' && !each.fields.every(({ name }) => isName(name))),
);

function readableValue(schema: Schema) {
  const areNames = (json: unknown): boolean =>
    typeof json !== 'object' ||
    json === null ||
    Object.entries(json).every(([name, member]) => isName(name) && areNames(member));
  return anyValue(schema, sameInAnyJava)
    .map(value => ({ schema, value, json: json(schema, value) }))
    .filter(({ json }) => areNames(JSON.parse(json.toString())));
}

/** Structs with fields that have a default value. */
const withDefaults: fc.Arbitrary<Schema> = fc
  .array(
    readableSchema
      .filter(schema => !someSchema(schema, ({ type }) => type === 'struct'))
      .chain(schema => readableValue(withOptional(schema, true)))
      .map(({ schema, value }): Schema => ({ ...schema, default: value })),
    { minLength: 1, maxLength: 3 },
  )
  .map(schemas => structOf(Object.fromEntries(schemas.map((schema, i) => [`f${i}`, schema]))));

const typed = converter({ 'replace.null.with.default': 'false' });

function json(schema: Schema, value: Value): Buffer {
  const out = new Bytes(64);
  typed.fromConnect('t', schema, value, out);
  return out.take();
}
