import { describe, test } from 'vitest';
import { isObject } from '../../src/transforms/record/record-part.ts';
import { expectCase, type TransformCase, transformCases } from './golden.ts';

describe("Kafka Connect's transforms", () => {
  test.each(transformCases('connect.jsonl').map(withoutAddedNulls))('$name', expectCase);
});

/** Removes the nulls that Connect's Cast adds for missing members: see docs/reference/transforms.md. */
function withoutAddedNulls(transformCase: TransformCase): TransformCase {
  const { record, out } = transformCase;
  if (!transformCase.type.includes('.Cast$') || out == null || !isObject(record.value) || !isObject(out.value))
    return transformCase;
  const before = record.value;
  const value = Object.fromEntries(Object.entries(out.value).filter(([name]) => Object.hasOwn(before, name)));
  return { ...transformCase, out: { ...out, value } };
}
