import type { Schema, StructSchema, Value } from '../api/index.ts';
import { Decimal, Float64, isStruct } from '../api/index.ts';

/** Cache of pairs that are equal. */
const equalTo = new WeakMap<StructSchema, WeakSet<StructSchema>>();

/**
 * True if a struct of schema `a` may be used where `b` is declared: name, version and fields are equal. Like
 * `ConnectSchema.equals`, without `optional`, default and documentation, which may differ.
 */
export function sameStruct(a: StructSchema, b: StructSchema): boolean {
  if (a === b || a.fields === b.fields) return true;
  const equalSchemas = equalTo.get(a);
  if (equalSchemas?.has(b)) return true;
  if (a.name !== b.name || a.version !== b.version || !sameFields(a, b)) return false;
  if (equalSchemas === undefined) equalTo.set(a, new WeakSet([b]));
  else equalSchemas.add(b);
  return true;
}

const sameFields = (a: StructSchema, b: StructSchema) =>
  a.fields.length === b.fields.length &&
  a.fields.every((field, i) => {
    const other = b.fields[i];
    return other !== undefined && field.name === other.name && sameSchema(field.schema, other.schema);
  });

/** Structural equality, without documentation. */
export function sameSchema(a: Schema, b: Schema): boolean {
  if (a === b) return true;
  if (a.type !== b.type || a.optional !== b.optional || a.name !== b.name || a.version !== b.version) return false;
  if (!sameParameters(a.parameters, b.parameters) || !sameValue(a.default ?? null, b.default ?? null)) return false;
  if (a.type === 'struct') return b.type === 'struct' && sameFields(a, b);
  if (a.type === 'array') return b.type === 'array' && sameSchema(a.items, b.items);
  if (a.type === 'map') return b.type === 'map' && sameSchema(a.keys, b.keys) && sameSchema(a.values, b.values);
  return true;
}

function sameParameters(a: Schema['parameters'] = {}, b: Schema['parameters'] = {}): boolean {
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every(key => a[key] === b[key]);
}

/** Equality of values by content. */
export function sameValue(a: Value | undefined, b: Value | undefined): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (a instanceof Uint8Array) return b instanceof Uint8Array && Buffer.compare(a, b) === 0;
  if (a instanceof Date) return b instanceof Date && a.getTime() === b.getTime();
  if (a instanceof Decimal) return b instanceof Decimal && a.scale === b.scale && a.unscaled === b.unscaled;
  if (a instanceof Float64) return b instanceof Float64 && Object.is(a.value, b.value);
  if (Array.isArray(a))
    return Array.isArray(b) && a.length === b.length && a.every((item: Value, i) => sameValue(item, b[i] as Value));
  if (a instanceof Map) return b instanceof Map && a.size === b.size && [...a].every(entry => hasEntry(b, entry));
  if (isStruct(a))
    return (
      isStruct(b) && sameStruct(a.schema, b.schema) && a.schema.fields.every((_, i) => sameValue(a.at(i), b.at(i)))
    );
  const [left, right] = [Object.entries(a), b as Record<string, Value>];
  return left.length === Object.keys(right).length && left.every(([k, v]) => k in right && sameValue(v, right[k]));
}

function hasEntry(map: ReadonlyMap<Value, Value>, [key, value]: readonly [Value, Value]): boolean {
  if (typeof key !== 'object' || key === null) return map.has(key) && sameValue(value, map.get(key));
  return [...map].some(([k, v]) => sameValue(key, k) && sameValue(value, v));
}

/** True if `test` returns true for the schema or for one in it. */
export function someSchema(schema: Schema, test: (schema: Schema) => boolean): boolean {
  if (test(schema)) return true;
  if (schema.type === 'struct') return schema.fields.some(field => someSchema(field.schema, test));
  if (schema.type === 'array') return someSchema(schema.items, test);
  if (schema.type === 'map') return someSchema(schema.keys, test) || someSchema(schema.values, test);
  return false;
}

/** Kind of a value for messages, which must not contain the value. */
export function kindOfValue(value: Value | undefined): string {
  if (value === null || value === undefined) return 'null';
  if (typeof value !== 'object') return typeof value;
  if (isStruct(value)) return 'struct';
  return Array.isArray(value) ? 'array' : (value.constructor?.name ?? 'object').toLowerCase();
}
