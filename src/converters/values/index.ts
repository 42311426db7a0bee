import type { SchemaAndValue } from '../../api/index.ts';
import { javaTrim } from '../../data/java-trim.ts';
import { connectValue, describingSchema } from './nodes.ts';
import { ValueParser } from './parser.ts';
import { schemas } from './scalars.ts';

export { headerText } from './text.ts';

/** The first character of every literal but a string. Other text is not taken apart. */
const FIRST = /[[{tfn+\-\d]/;

/**
 * The schema and value that Connect's `Values.parseString` reads in a header's text: null, booleans, the smallest number type
 * that holds it, ISO 8601 dates and times, arrays and maps of these. Anything else is a string: also what Connect reads in
 * part and leaves the rest of, and numbers beyond the limits of a decimal. An array or map has no schema where Connect's does
 * not say what is in it.
 */
export function parseHeader(text: string): SchemaAndValue {
  const node = FIRST.test(javaTrim(text).charAt(0)) ? new ValueParser(text).read() : undefined;
  if (node === undefined) return { schema: schemas.string, value: text };
  if (node.type === 'null') return { schema: null, value: null };
  const schema = describingSchema(node);
  const value = connectValue(node, schema !== null);
  return node.type === 'array' || node.type === 'map' ? { schema, value, text } : { schema, value };
}
