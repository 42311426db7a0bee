import { expect, test } from 'vitest';
import * as mysql from '../../src/databases/mysql/quote.ts';
import * as postgresql from '../../src/databases/postgresql/quote.ts';

test('text with quotes and backslashes becomes one literal', () => {
  expect(["it's", 'a\\', "\\'"].map(postgresql.quoteLiteral)).toEqual([
    "'it''s'",
    String.raw`E'a\\'`,
    String.raw`E'\\'''`,
  ]);
  expect(["it's", 'a\\'].map(mysql.quoteLiteral)).toEqual(["'it''s'", "CONVERT(X'615c' USING utf8mb4)"]);
});

test('names with quotes become one identifier', () => {
  expect(postgresql.quoteIdentifier('a"b')).toBe('"a""b"');
  expect(mysql.quoteIdentifier('a`b')).toBe('`a``b`');
});
