import type { SchemaAndValue } from '../../api/index.ts';
import { javaTrim } from '../../data/java-trim.ts';
import { connectValue, matchingSchema } from './nodes.ts';
import { ValueParser } from './parser.ts';
import { schemas } from './scalars.ts';

export { headerText } from './text.ts';

/** First characters of all literals except strings. Text that starts with another character is not parsed. */
const LITERAL_START = /[[{tfn+\-\d]/;

/**
 * Infers schema and value of a header's text like Connect's `Values.parseString`: null, booleans, numbers with the smallest
 * type that fits, ISO 8601 dates and times, and arrays and maps of these. All other text is a string, including text that
 * Connect parses only in part and numbers beyond the limits of a decimal. The schema of an array or map is null if the
 * schema that Connect infers does not match all items.
 */
export function parseHeader(text: string): SchemaAndValue {
  const node = LITERAL_START.test(javaTrim(text).charAt(0)) ? new ValueParser(text).parse() : undefined;
  if (node === undefined) return { schema: schemas.string, value: text };
  if (node.type === 'null') return { schema: null, value: null };
  const schema = matchingSchema(node);
  const value = connectValue(node, schema !== null);
  return node.type === 'array' || node.type === 'map' ? { schema, value, text } : { schema, value };
}
