import { expect, test } from 'vitest';
import { answerError } from '../connectors/elasticsearch-sink/http/error-body.ts';
import { nameParts, storedName } from '../connectors/jdbc-sink/table/identifiers.ts';
import { replacePlaceholders } from '../src/config/secrets/placeholders.ts';
import { secretKeys } from '../src/config/secrets/secret-keys.ts';
import { parseProperties } from '../src/config/worker-config/properties.ts';
import { parseHeader } from '../src/converters/values/index.ts';
import { parseDecimal } from '../src/data/decimal.ts';
import { dateReader, dateWriter } from '../src/transforms/date-format/index.ts';
import { parseFieldPath } from '../src/transforms/record/field-path.ts';
import { growthProblem } from './support/growth.ts';

/** Parsers of text from a record, a request, a configuration or a server, by name. */
const parsers: Readonly<Record<string, (text: string) => unknown>> = {
  'a header': parseHeader,
  'an array in a header': text => parseHeader(`[${text}]`),
  'text in quotes in a header': text => parseHeader(`{"a":"${text}"}`),
  'a number': parseDecimal,
  'placeholders of a value': text => replacePlaceholders(text, () => ''),
  'secrets of a configuration': text => secretKeys({ password: text, other: text }),
  'a properties file': parseProperties,
  'a date': dateReader("G y Z 'T' S"),
  'a date pattern': text => dateWriter(text)(new Date(0)),
  'the path of a field': text => parseFieldPath(text, 'V2'),
  'a name that PostgreSQL cuts': text => [storedName(text, false), storedName(text, true)],
  'the parts of a table name': nameParts,
  'an error of Elasticsearch': text =>
    answerError({ status: 400, body: Buffer.from(JSON.stringify({ error: { type: 'x', reason: text } })) }),
};

/** Repeated pieces, which a backtracking pattern or a restarting loop scans repeatedly. */
const pieces = [
  '1',
  '1,',
  '0',
  'a',
  'A',
  'é',
  '.',
  ':',
  ' ',
  '\n',
  '\t',
  '-',
  '\\',
  '"',
  "'",
  '`',
  '(',
  '[',
  '{',
  '<',
  ',',
  '=',
  '/',
  '${',
  '${a:',
  '${:',
  '${source.',
  '\\`.',
  '`.',
  '"".',
  "''",
  '\\\n',
  ' id [',
  'a=',
  'a="',
  '://',
  '://a:',
];
const tails = ['', 'x', '!', '\0', '"', '}'];

/** Large enough that a quadratic parser takes seconds. */
const LARGEST = 1 << 16;

test.each(Object.entries(parsers))('%s is read in linear time', (_name, parse) => {
  for (const piece of pieces)
    for (const tail of tails) {
      const problem = growthProblem(parse, n => piece.repeat(n / piece.length) + tail, LARGEST);
      expect(problem, `${JSON.stringify(piece)} repeated, then ${JSON.stringify(tail)}`).toBeUndefined();
    }
});
