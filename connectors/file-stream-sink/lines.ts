import { javaString, type SinkRecord, type Value } from '../../src/api/index.ts';

/** A line of each record's value, in UTF-8, as Java prints them: a string as it is, null as `null`. */
export function linesOf(records: readonly SinkRecord[]): Buffer {
  // Joined before they are encoded: one long conversion costs a fraction of many short ones.
  let text = '';
  for (const { value, valueSchema } of records)
    text += `${typeof value === 'string' ? value : javaString(valueSchema, value as Value)}\n`;
  return Buffer.from(text);
}
