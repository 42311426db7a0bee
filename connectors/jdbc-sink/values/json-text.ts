import { Decimal, Float64, isStruct, type Value } from '../../../src/api/index.ts';
import { hex, isBytes, isList, isMap, type Literal } from './literal.ts';

/** Text of a schemaless scalar; JSON of other values. */
export function plainText(value: unknown): string {
  if (typeof value === 'string') return value;
  if (value instanceof Date) return value.toISOString();
  if (isBytes(value)) return `\\x${hex(value)}`;
  // Integer columns reject a fraction.
  if (value instanceof Float64) return String(value.value);
  if (value instanceof Decimal || typeof value !== 'object' || value === null) return String(value);
  return jsonText(value as NonNullable<Value>);
}

/** JSON of any value. Integers beyond 2^53 and decimals keep all digits. */
export const jsonText: Literal = value => jsonOf(value);

function jsonOf(value: Value | undefined): string {
  if (value === null || value === undefined) return 'null';
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value);
    case 'bigint':
    case 'boolean':
      return String(value);
    case 'number':
      return Number.isFinite(value) ? String(value) : JSON.stringify(String(value));
    default:
      break;
  }
  if (value instanceof Decimal || value instanceof Float64) return value.toString();
  if (value instanceof Date) return JSON.stringify(value.toISOString());
  if (isBytes(value)) return JSON.stringify(Buffer.from(value).toString('base64'));
  if (isList(value)) return `[${value.map(jsonOf).join(',')}]`;
  if (isStruct(value)) return members(value.schema.fields.map(field => [field.name, value.at(field.index)]));
  if (isMap(value)) return members([...value].map(([key, item]) => [plainText(key), item]));
  return members(Object.entries(value as Record<string, Value>));
}

const members = (entries: readonly (readonly [string, Value])[]): string =>
  `{${entries.map(([name, value]) => `${JSON.stringify(name)}:${jsonOf(value)}`).join(',')}}`;
