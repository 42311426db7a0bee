import type { ConnectRecord, Header, JsonObject, Schema, Struct, StructSchema, Value } from '../../api/index.ts';
import { Decimal, Float64, isStruct, structOfFields } from '../../api/index.ts';
import { kindOfValue } from '../../data/schema-equality.ts';
import { DataError } from '../../errors.ts';

/** A record's key or its value: what a transform with `$Key` and `$Value` variants works on. */
export interface Part {
  readonly name: 'Key' | 'Value';
  schema(record: ConnectRecord): Schema | null;
  value(record: ConnectRecord): Value;
  with<R extends ConnectRecord>(record: R, schema: Schema | null, value: Value): R;
}

export const keyPart: Part = {
  name: 'Key',
  schema: record => record.keySchema,
  value: record => record.key,
  with: (record, keySchema, key) => ({ ...record, keySchema, key }),
};

export const valuePart: Part = {
  name: 'Value',
  schema: record => record.valueSchema,
  value: record => record.value,
  with: (record, valueSchema, value) => ({ ...record, valueSchema, value }),
};

export function withTopic<R extends ConnectRecord>(record: R, topic: string): R {
  return { ...record, topic };
}

export function withHeaders<R extends ConnectRecord>(record: R, headers: readonly Header[]): R {
  return { ...record, headers };
}

/** purpose: what the transform is about, for messages. */
export function requireStruct(value: Value, purpose: string): Struct {
  if (isStruct(value)) return value;
  throw new DataError(`Only Struct objects supported for [${purpose}], found: ${kindOfValue(value)}`);
}

/**
 * The schema of a record's struct. Of a row that was taken out of its envelope the record says whether it is optional; the
 * struct's own schema is the column's.
 */
export function structSchemaOf(schema: Schema, struct: Struct): StructSchema {
  return schema.type === 'struct' ? schema : struct.schema;
}

/** A value without a schema that is an object. */
export function requireObject(value: Value, purpose: string): JsonObject {
  if (isObject(value)) return value;
  throw new DataError(`Only Map objects supported in absence of schema for [${purpose}], found: ${kindOfValue(value)}`);
}

/** Changes members of a value without a schema. Names that the value lacks, such as paths, add nothing. */
export function changeMembers(
  object: JsonObject,
  changes: Iterable<readonly [string, (value: Value) => Value]>,
): JsonObject {
  const changed = [...changes]
    .filter(([name]) => Object.hasOwn(object, name))
    .map(([name, change]) => [name, change(object[name] ?? null)]);
  return { ...object, ...Object.fromEntries(changed) };
}

export function isObject(value: Value | undefined): value is JsonObject {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof Uint8Array || value instanceof Date || value instanceof Map) &&
    !(value instanceof Decimal || value instanceof Float64) &&
    !isStruct(value)
  );
}

/** A struct schema of other fields that keeps name, version, documentation and parameters: Connect's `copySchemaBasics`. */
export function sameBasics(
  schema: StructSchema,
  fields: readonly { readonly name: string; readonly schema: Schema }[],
): StructSchema {
  return structOfFields(fields, basicsOf(schema));
}

/** What Connect's `copySchemaBasics` keeps of a schema. */
export function basicsOf(schema: Schema): Partial<Pick<Schema, 'name' | 'version' | 'doc' | 'parameters'>> {
  const { name, version, doc, parameters } = schema;
  return {
    ...(name === undefined ? {} : { name }),
    ...(version === undefined ? {} : { version }),
    ...(doc === undefined ? {} : { doc }),
    ...(parameters === undefined ? {} : { parameters }),
  };
}

/** Makes something once for each schema object. */
export function bySchema<S extends Schema, T>(make: (schema: S) => T): (schema: S) => T {
  const made = new WeakMap<S, T>();
  let lastSchema: S | undefined;
  let last: T;
  return schema => {
    if (schema === lastSchema) return last;
    let found = made.get(schema);
    if (found === undefined) {
      found = make(schema);
      made.set(schema, found);
    }
    lastSchema = schema;
    last = found;
    return found;
  };
}
