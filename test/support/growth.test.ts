import { expect, test } from 'vitest';
import { DataError } from '../../src/errors.ts';
import { growthProblem } from './growth.ts';

const ones = (n: number) => `${'1'.repeat(n)}x`;

test('a scan is linear, one that backtracks is not', () => {
  expect(growthProblem(text => /^\d+x$/.test(text), ones)).toBeUndefined();
  expect(growthProblem(text => /^\d+\d*y$/.test(text), ones)).toMatch(/elements take .* ms/);
});

test('a search in a list for each element is not linear', () => {
  const seen: number[] = [];
  expect(
    growthProblem<number[]>(
      items => {
        for (const item of items) if (!seen.includes(item)) seen.push(item);
      },
      n => Array.from({ length: n }, (_, i) => i + n),
    ),
  ).toMatch(/elements take/);
});

test('an input may be refused, and nothing else may be thrown', () => {
  const throwing = (error: Error) => () => {
    throw error;
  };
  expect(growthProblem(throwing(new DataError('too long')), ones)).toBeUndefined();
  expect(() => growthProblem(throwing(new RangeError('Maximum call stack size exceeded')), ones)).toThrow(RangeError);
});
