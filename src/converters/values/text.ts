import type { Schema, Value } from '../../api/index.ts';
import { Decimal, Float64, isStruct, javaString } from '../../api/index.ts';

/** Writes a header's text like Connect's `Values.convertToString`; a null field of a struct is written as its default. */
export function headerText(schema: Schema | null, value: Value): string {
  return typeof value === 'string' ? value : nestedText(schema, value, value instanceof Uint8Array ? '' : '"');
}

function nestedText(schema: Schema | null, value: Value, quote = '"'): string {
  if (value === null) return 'null';
  if (typeof value === 'string') return `"${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
  if (value instanceof Uint8Array) return quote + Buffer.from(value).toString('base64') + quote;
  if (typeof value !== 'object' || value instanceof Decimal || value instanceof Float64)
    return javaString(schema, value);
  if (value instanceof Date) return toIsoText(value);
  if (Array.isArray(value)) {
    const items = schema?.type === 'array' ? schema.items : null;
    return `[${value.map((item: Value) => nestedText(items, item)).join(',')}]`;
  }
  const entry = (name: Value, keys: Schema | null, item: Value, values: Schema | null) =>
    `${nestedText(keys, name)}:${nestedText(values, item)}`;
  if (value instanceof Map) {
    const [keys, values] = schema?.type === 'map' ? [schema.keys, schema.values] : [null, null];
    return `{${[...(value as ReadonlyMap<Value, Value>)].map(([k, v]) => entry(k, keys, v, values)).join(',')}}`;
  }
  if (isStruct(value))
    return `{${value.schema.fields.map(f => entry(f.name, null, value.at(f.index) ?? f.schema.default ?? null, f.schema)).join(',')}}`;
  return `{${Object.entries(value)
    .map(([k, v]) => entry(k, null, v as Value, null))
    .join(',')}}`;
}

/** Only the time before 1970-01-02, only the date at midnight, else both. */
function toIsoText(date: Date): string {
  const text = date.toISOString().replace(/^\+0*/, '');
  if (date.getTime() < 86_400_000) return text.slice(-13);
  return date.getTime() % 86_400_000 === 0 ? text.slice(0, -14) : text;
}
