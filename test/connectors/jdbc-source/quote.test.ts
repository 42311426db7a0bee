import { expect, test } from 'vitest';
import { quoteLiteral as mysql } from '../../../connectors/jdbc-source/mysql/quote.ts';
import { quoteLiteral as postgresql } from '../../../connectors/jdbc-source/postgresql/quote.ts';

test('what has quotes and backslashes is one literal', () => {
  expect(["it's", 'a\\', "\\'"].map(postgresql)).toEqual(["'it''s'", String.raw`E'a\\'`, String.raw`E'\\'''`]);
  expect(["it's", 'a\\'].map(mysql)).toEqual(["'it''s'", "CONVERT(X'615c' USING utf8mb4)"]);
});
