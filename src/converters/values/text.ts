import type { Schema, Value } from '../../api/index.ts';
import { Decimal, Float64, isStruct, javaString } from '../../api/index.ts';

/** A header's text as Connect's `Values.convertToString` writes it: the default of a struct's field stands for its null. */
export function headerText(schema: Schema | null, value: Value): string {
  return typeof value === 'string' ? value : embedded(schema, value, value instanceof Uint8Array ? '' : '"');
}

function embedded(schema: Schema | null, value: Value, quote = '"'): string {
  if (value === null) return 'null';
  if (typeof value === 'string') return `"${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
  if (value instanceof Uint8Array) return quote + Buffer.from(value).toString('base64') + quote;
  if (typeof value !== 'object' || value instanceof Decimal || value instanceof Float64)
    return javaString(schema, value);
  if (value instanceof Date) return isoText(value);
  if (Array.isArray(value)) {
    const items = schema?.type === 'array' ? schema.items : null;
    return `[${value.map((item: Value) => embedded(items, item)).join(',')}]`;
  }
  const entry = (name: Value, keys: Schema | null, item: Value, values: Schema | null) =>
    `${embedded(keys, name)}:${embedded(values, item)}`;
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

/** Time of day before the second day of 1970, a date at midnight, else both. */
function isoText(date: Date): string {
  const text = date.toISOString().replace(/^\+0*/, '');
  if (date.getTime() < 86_400_000) return text.slice(-13);
  return date.getTime() % 86_400_000 === 0 ? text.slice(0, -14) : text;
}
