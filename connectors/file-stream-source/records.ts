import { type SourceRecord, schemaOf } from '../../src/api/index.ts';

/** Connect's `Schema.STRING_SCHEMA`. */
const string = schemaOf('string');
const noHeaders: SourceRecord['headers'] = [];

/** Creates a record for each line, like Connect's FileStreamSource: no key, a string value, the time of reading. */
export function recordsOf(topic: string, lines: readonly string[]): SourceRecord[] {
  const timestamp = Date.now();
  return lines.map(value => ({
    topic,
    partition: null,
    keySchema: null,
    key: null,
    valueSchema: string,
    value,
    timestamp,
    headers: noHeaders,
  }));
}
