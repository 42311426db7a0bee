import { type SourceRecord, schemaOf } from '../../src/api/index.ts';

/** Connect's `Schema.STRING_SCHEMA`. */
const string = schemaOf('string');
const none: SourceRecord['headers'] = [];

/** A record of each line, as Connect's FileStreamSource makes them: no key, a string, the time of reading. */
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
    headers: none,
  }));
}
