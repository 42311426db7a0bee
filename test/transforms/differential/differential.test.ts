import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { locateKafkaConnect } from '../../../bench/subjects/kafka-connect-program.ts';
import type { ConnectRecord, Schema, Value } from '../../../src/api/index.ts';
import { Bytes } from '../../../src/api/index.ts';
import { DataError } from '../../../src/errors.ts';
import { converter } from '../../converters/neutral.ts';
import { runJava, toBase64 } from '../../support/java.ts';
import { seeded } from '../../support/seed.ts';
import { transformOf } from '../golden.ts';
import { type Case, cases } from './cases.ts';

/** Number of generated cases. The references are the classes of Kafka Connect and Debezium. */
const CASES = 3000;

interface Texts {
  readonly topic: string;
  readonly key: string | null;
  readonly value: string | null;
  readonly headers: readonly (readonly [string, string | null])[];
}
type Answer = Texts | 'dropped' | { readonly error: string };

test('generated chains of transforms have the same results and rejections as in Java', async () => {
  const { seed } = seeded();
  const install = await locateKafkaConnect();
  if (typeof install === 'string') throw new Error(install);
  const { libs, plugins } = await install();
  const samples = fc.sample(cases, { numRuns: CASES, seed });
  const lines = samples.map(({ record, transforms }) =>
    toBase64(JSON.stringify({ ...textsOf(record), timestamp: record.timestamp, transforms })),
  );
  const classPath = [libs, join(plugins, 'postgres')].map(folder => join(folder, '*')).join(':');
  const answers = await runJava(new URL('./ConnectTransforms.java', import.meta.url), lines, [
    ...['-cp', classPath, '-Duser.timezone=UTC'],
  ]);
  const differences: unknown[] = [];
  const counts = { equal: 0, refused: 0, listed: 0 };
  for (const [i, each] of samples.entries()) {
    const expected = parse(answers[i] ?? '');
    const actual = await answer(each);
    if (isRefused(expected) && isRefused(actual)) counts.refused++;
    else if (JSON.stringify(comparable(actual)) === JSON.stringify(comparable(expected))) counts.equal++;
    else if (isDocumented(each, expected, actual)) counts.listed++;
    else differences.push({ transforms: each.transforms, record: textsOf(each.record), expected, actual });
  }
  expect(differences.slice(0, 3), `${differences.length} differ with MILLRACE_SEED=${seed}`).toEqual([]);
  // Ensures that the generator produces enough cases to compare.
  expect(counts.equal).toBeGreaterThan(CASES / 3);
  expect(counts.listed).toBeLessThan(CASES / 20);
});

const json = converter({ 'replace.null.with.default': 'false' });

function text(schema: Schema | null, value: Value): string | null {
  const out = new Bytes(64);
  return json.fromConnect('t', schema, value, out) ? out.take().toString() : null;
}

const textsOf = ({ topic, keySchema, key, valueSchema, value, headers }: ConnectRecord): Texts => ({
  topic,
  key: text(keySchema, key),
  value: text(valueSchema, value),
  headers: headers.map(header => [header.key, text(header.schema, header.value)]),
});

async function answer({ record, transforms }: Case): Promise<Answer> {
  let current: ConnectRecord | null = record;
  try {
    for (const { type, config } of transforms) {
      current = (await transformOf(type, config)).apply(current);
      if (current === null) return 'dropped';
    }
    return textsOf(current);
  } catch (error) {
    if (error instanceof DataError) return { error: error.message };
    throw error;
  }
}

function parse(line: string): Answer {
  if (line === 'null') return 'dropped';
  return line.startsWith('error') ? { error: line } : JSON.parse(Buffer.from(line, 'base64').toString());
}

const isRefused = (result: Answer): result is { readonly error: string } =>
  typeof result === 'object' && 'error' in result;

/** Comparable form: integers as written, members of objects sorted by name, because Java does not order them. */
function comparable(result: Answer): unknown {
  if (typeof result === 'string' || isRefused(result)) return result;
  return {
    ...result,
    key: sortMembers(result.key),
    value: sortMembers(result.value),
    headers: result.headers.map(([name, value]) => [name, sortMembers(value)]),
  };
}

function sortMembers(value: string | null): unknown {
  if (value === null) return null;
  return JSON.parse(value, (_name, member: unknown, context?: { source?: string }) => {
    if (typeof member === 'number') return { written: writtenNumber(context?.source ?? '') };
    if (typeof member !== 'object' || member === null || Array.isArray(member)) return member;
    return Object.fromEntries(Object.entries(member).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  });
}

/** Java before 19 writes extra digits for some floats. */
const writtenNumber = (source: string): string => (/[.E]/.test(source) ? `${Number(source)} float` : source);

/** Returns true for differences that docs/reference/transforms.md documents. */
function isDocumented({ record, transforms }: Case, expected: Answer, actual: Answer): boolean {
  const has = (name: string) => transforms.some(({ type }) => type.includes(`.${name}$`));
  if (isRefused(expected))
    return (
      (has('SetSchemaMetadata') && expected.error.includes('Cannot list fields on non-struct type')) ||
      (has('MaskField') && expected.error.includes('mismatching scale')) ||
      (has('ReplaceField') && expected.error.includes('is not a valid field name'))
    );
  if (isRefused(actual)) return actual.error === 'A timestamp is out of range';
  const addsNulls = has('Cast') || has('MaskField') || has('TimestampConverter');
  return addsNulls && has('HoistField') && (record.value === null || record.key === null);
}
