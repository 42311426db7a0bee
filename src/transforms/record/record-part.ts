import type { ConnectRecord, Header, JsonObject, Schema, Struct, StructSchema, Value } from '../../api/index.ts';
import { Decimal, Float64, isStruct, structOfFields } from '../../api/index.ts';
import { kindOfValue } from '../../data/schema-equality.ts';
import { DataError } from '../../errors.ts';

/** Access to a record's key or value, for transforms with `$Key` and `$Value` variants. */
export interface RecordPart {
  readonly name: 'Key' | 'Value';
  schema(record: ConnectRecord): Schema | null;
  value(record: ConnectRecord): Value;
  newRecord<R extends ConnectRecord>(record: R, schema: Schema | null, value: Value): R;
}

export const keyPart: RecordPart = {
  name: 'Key',
  schema: record => record.keySchema,
  value: record => record.key,
  newRecord: (record, keySchema, key) => ({ ...record, keySchema, key }),
};

export const valuePart: RecordPart = {
  name: 'Value',
  schema: record => record.valueSchema,
  value: record => record.value,
  newRecord: (record, valueSchema, value) => ({ ...record, valueSchema, value }),
};

export function withTopic<R extends ConnectRecord>(record: R, topic: string): R {
  return { ...record, topic };
}

export function withHeaders<R extends ConnectRecord>(record: R, headers: readonly Header[]): R {
  return { ...record, headers };
}

/** Throws DataError if the value is not a struct. `purpose` names the transform's operation in the message. */
export function requireStruct(value: Value, purpose: string): Struct {
  if (isStruct(value)) return value;
  throw new DataError(`Only Struct objects supported for [${purpose}], found: ${kindOfValue(value)}`);
}

/**
 * The schema of a record's struct. The record's schema is authoritative for optionality after a row was extracted from its
 * envelope; the struct then still has the schema of the envelope's field.
 */
export function structSchemaOf(schema: Schema, struct: Struct): StructSchema {
  return schema.type === 'struct' ? schema : struct.schema;
}

/** Throws DataError if a value without a schema is not an object. */
export function requireObject(value: Value, purpose: string): JsonObject {
  if (isObject(value)) return value;
  throw new DataError(`Only Map objects supported in absence of schema for [${purpose}], found: ${kindOfValue(value)}`);
}

/** Changes members of a value without a schema. Ignores names of members that do not exist. */
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

/** Struct schema with other fields but the same name, version, doc and parameters, like Connect's `copySchemaBasics`. */
export function copySchemaBasics(
  schema: StructSchema,
  fields: readonly { readonly name: string; readonly schema: Schema }[],
): StructSchema {
  return structOfFields(fields, schemaBasics(schema));
}

/** The properties of a schema that Connect's `copySchemaBasics` copies. */
export function schemaBasics(schema: Schema): Partial<Pick<Schema, 'name' | 'version' | 'doc' | 'parameters'>> {
  const { name, version, doc, parameters } = schema;
  return {
    ...(name === undefined ? {} : { name }),
    ...(version === undefined ? {} : { version }),
    ...(doc === undefined ? {} : { doc }),
    ...(parameters === undefined ? {} : { parameters }),
  };
}

/** Caches the result of `create` for each schema object. */
export function memoizeBySchema<S extends Schema, T>(create: (schema: S) => T): (schema: S) => T {
  const cache = new WeakMap<S, T>();
  let lastSchema: S | undefined;
  let lastResult: T;
  return schema => {
    if (schema === lastSchema) return lastResult;
    let result = cache.get(schema);
    if (result === undefined) {
      result = create(schema);
      cache.set(schema, result);
    }
    lastSchema = schema;
    lastResult = result;
    return result;
  };
}
