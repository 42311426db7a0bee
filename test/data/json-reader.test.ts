import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fromTwosComplement } from '../../src/data/decimal.ts';
import { fromBase64 } from '../../src/data/json/json-bytes.ts';
import { JsonReader } from '../../src/data/json/json-reader.ts';

const readerOf = (json: string): JsonReader => {
  const reader = new JsonReader();
  const bytes = Buffer.from(`[${json},1]`);
  reader.open(bytes, 1, bytes.length);
  return reader;
};

test('base64Integer() reads one to six bytes as an integer', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 6 }), bytes => {
      const reader = readerOf(`"${Buffer.from(bytes).toString('base64')}"`);
      expect(reader.base64Integer()).toBe(Number(fromTwosComplement(Buffer.from(bytes))));
      expect(reader.take(0x2c)).toBe(true);
    }),
  );
});

test('base64Integer() consumes nothing of other strings', () => {
  const char = fc.constantFrom(...'AQz/+=_-9 ');
  fc.assert(
    fc.property(fc.array(char, { maxLength: 13 }), chars => {
      const text = chars.join('');
      const reader = readerOf(JSON.stringify(text));
      const integer = reader.base64Integer();
      const bytes = fromBase64(text);
      if (bytes === undefined || bytes.length === 0 || bytes.length > 6) {
        expect(integer).toBeUndefined();
        expect(reader.string()).toBe(text);
      } else expect(integer).toBe(Number(fromTwosComplement(bytes)));
    }),
    { numRuns: 2000 },
  );
});

test.each(['""', '"AA', '"A', '"AAAA\\u003d"'])('base64Integer() consumes nothing of %s', json => {
  expect(readerOf(json).base64Integer()).toBeUndefined();
});
