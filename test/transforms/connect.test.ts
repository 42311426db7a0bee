import { describe, test } from 'vitest';
import { isObject } from '../../src/transforms/record/record-part.ts';
import { expectCase, type TransformCase, transformCases } from './golden.ts';

describe("Kafka Connect's transforms", () => {
  test.each(transformCases('connect.jsonl').map(withoutAddedNulls))('$name', expectCase);
});

/** Connect's Cast adds nulls for names that a value without a schema lacks: see docs/reference/transforms.md. */
function withoutAddedNulls(one: TransformCase): TransformCase {
  const { record, out } = one;
  if (!one.type.includes('.Cast$') || out == null || !isObject(record.value) || !isObject(out.value)) return one;
  const before = record.value;
  const value = Object.fromEntries(Object.entries(out.value).filter(([name]) => Object.hasOwn(before, name)));
  return { ...one, out: { ...out, value } };
}
