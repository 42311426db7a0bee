import { describe, test } from 'vitest';
import { expectCase, transformCases } from './golden.ts';

describe("Kafka Connect's transforms", () => {
  test.each(transformCases('connect.jsonl'))('$name', expectCase);
});
