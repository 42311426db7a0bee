import { mapOf, schemaOf } from '../../../src/api/index.ts';
import type { Codec } from '../../../src/cdc/record/codec.ts';
import { writeJson } from '../../../src/data/json/json-text.ts';
import { SemanticType } from '../../../src/debezium/semantic-type.ts';
import { text } from './text.ts';

/** `hstore.handling.mode` */
export type HstoreMode = 'json' | 'map';

const unescaped = (text: string): string => text.replace(/\\(.)/gs, '$1');

/** Pairs of `"a"=>"1", "b"=>NULL`, in the database's order. */
function pairs(source: string): Map<string, string | null> {
  const result = new Map<string, string | null>();
  for (let at = source.indexOf('"'); at >= 0; at = source.indexOf('"', at)) {
    const keyEnd = closingQuote(source, at);
    const valueAt = keyEnd + '"=>'.length;
    const isNull = source[valueAt] !== '"';
    const valueEnd = isNull ? valueAt : closingQuote(source, valueAt);
    result.set(unescaped(source.slice(at + 1, keyEnd)), isNull ? null : unescaped(source.slice(valueAt + 1, valueEnd)));
    at = valueEnd + 1;
  }
  return result;
}

/** Returns the index of the closing quote of the text whose opening quote is at `open`. */
function closingQuote(source: string, open: number): number {
  let at = open + 1;
  while (at < source.length && source[at] !== '"') at += source[at] === '\\' ? 2 : 1;
  return at;
}

const printed = (map: ReadonlyMap<string, string | null>): string =>
  `{${[...map].map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`).join(',')}}`;

const asJson: Codec = {
  ...text({ name: SemanticType.Json, missing: '{}' }),
  value: (bytes, start, end) => printed(pairs(bytes.toString('utf8', start, end))),
  json(bytes, start, end, out) {
    out.jsonText(printed(pairs(bytes.toString('utf8', start, end))));
    return true;
  },
  unavailable: ({ text: word }) => printed(new Map([[word, word]])),
};

const mapSchema = mapOf(schemaOf('string'), schemaOf('string', { optional: true }));

const asMap: Codec = {
  schema: mapSchema,
  value: (bytes, start, end) => pairs(bytes.toString('utf8', start, end)),
  json(bytes, start, end, out) {
    writeJson(out, mapSchema, pairs(bytes.toString('utf8', start, end)));
    return true;
  },
  missing: new Map(),
};

export const hstore = (mode: HstoreMode): Codec => (mode === 'map' ? asMap : asJson);
