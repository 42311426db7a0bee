import { expect, test } from 'vitest';
import { DataError } from '../../src/errors.ts';
import { growthProblem } from './growth.ts';

const ones = (n: number) => `${'1'.repeat(n)}x`;

test('a linear scan passes, one that backtracks does not', () => {
  expect(growthProblem(text => /^\d+x$/.test(text), ones)).toBeUndefined();
  expect(growthProblem(text => /^\d+\d*y$/.test(text), ones)).toMatch(/elements take .* ms/);
});

test('a list search per element is not linear', () => {
  const sizes: number[] = [];
  expect(
    growthProblem<number[]>(
      items => {
        for (const item of items) if (!sizes.includes(item)) sizes.push(item);
      },
      n => Array.from({ length: n }, (_, i) => i + n),
    ),
  ).toMatch(/elements take/);
});

test('a function may reject its input, but must not throw another error', () => {
  const throwing = (error: Error) => () => {
    throw error;
  };
  expect(growthProblem(throwing(new DataError('too long')), ones)).toBeUndefined();
  expect(() => growthProblem(throwing(new RangeError('Maximum call stack size exceeded')), ones)).toThrow(RangeError);
});
