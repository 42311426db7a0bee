import { describe, expect, test } from 'vitest';
import type { Converter } from '../../src/api/index.ts';
import { Bytes } from '../../src/api/index.ts';
import { sameSchema, sameValue } from '../../src/data/schema-equality.ts';
import type { GoldenCase, Neutral, NeutralSchema } from './neutral.ts';
import { converters, plainFrom, readLines, schemaFrom, showValue, valueFrom } from './neutral.ts';

// The golden files contain the output of Kafka Connect 4.3.1's JsonConverter for the same data, on JDK 25.

describe('JsonConverter writes the bytes that Kafka Connect writes', () => {
  const { envelope, plain, numeric, plainNulls } = converters();
  const cases = readLines<GoldenCase>('json-encode.jsonl');
  const settings: readonly [string, Converter, (c: GoldenCase) => GoldenCase['plain']][] = [
    ['with schemas', envelope, c => c.envelope],
    ['without schemas', plain, c => c.plain],
    ['with decimals as numbers', numeric, c => c.numeric ?? c.plain],
    ['without defaults for nulls', plainNulls, c => c.nulls ?? c.plain],
  ];
  test.each(settings)('%s', (_name, converter, expected) => {
    for (const c of cases) {
      const schema = schemaFrom(c.schema);
      const out = new Bytes(16);
      let actual: unknown;
      try {
        actual = converter.fromConnect('t', schema, valueFrom(schema, c.value), out) ? out.take().toString() : null;
      } catch (error) {
        expect(out.length).toBe(0);
        actual = { error: (error as Error).message };
      }
      expect(actual).toEqual(expected(c));
    }
    expect(cases.length).toBe(250);
  });
});

interface ReadCase {
  readonly how: 'envelope' | 'plain' | 'nulls' | 'content';
  readonly json: string;
  readonly schema?: NeutralSchema | null;
  readonly value?: Neutral;
  readonly error?: string;
  /** Documented difference: Millrace rejects or keeps values that Connect silently changes (wrong types, numbers out of range, NaN). */
  readonly millrace?: { readonly error?: string; readonly value?: string };
}

describe('JsonConverter reads what Kafka Connect reads', () => {
  const all = converters();
  test.each(readLines<ReadCase>('json-decode.jsonl'))('$how $json', c => {
    const read = () => all[c.how].toConnect('t', Buffer.from(c.json));
    if (c.millrace?.error !== undefined) expect(read).toThrow(c.millrace.error);
    else if (c.millrace?.value !== undefined) expect(showValue(read().value)).toBe(c.millrace.value);
    else if (c.error !== undefined) expect(read).toThrow(c.error);
    else {
      const { schema, value } = read();
      const expected = c.schema ? schemaFrom(c.schema) : null;
      expect(schema === null || expected === null ? schema === expected : sameSchema(schema, expected)).toBe(true);
      expect(sameValue(value, expected ? valueFrom(expected, c.value ?? null) : plainFrom(c.value ?? null))).toBe(true);
    }
  });
});
