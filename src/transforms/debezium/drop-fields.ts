import type { ConnectRecord, Struct, StructSchema, Value } from '../../api/index.ts';
import { isStruct, ValueStruct } from '../../api/index.ts';
import { copySchemaBasics, isObject, keyPart, valuePart } from '../record/record-part.ts';

/** Cache of schemas without dropped fields, by schema and names of the fields. */
const reducedSchemas = new WeakMap<StructSchema, Map<string, StructSchema>>();

/** Drops fields from the key or value if it is a struct; replaces nulls of the remaining fields with their defaults. */
export function dropStructFields<R extends ConnectRecord>(
  record: R,
  partName: 'Key' | 'Value',
  names: readonly string[],
  optionalOnly: boolean,
): R {
  const part = partName === 'Key' ? keyPart : valuePart;
  const value = part.value(record);
  const schema = part.schema(record);
  if (!isStruct(value) || schema?.type !== 'struct') return record;
  const reduced = reducedSchemaOf(schema, names, optionalOnly);
  return reduced === schema ? record : part.newRecord(record, reduced, projectTo(value, reduced));
}

function reducedSchemaOf(schema: StructSchema, names: readonly string[], optionalOnly: boolean): StructSchema {
  const key = JSON.stringify([optionalOnly, ...names]);
  let byFields = reducedSchemas.get(schema);
  if (byFields === undefined) {
    byFields = new Map();
    reducedSchemas.set(schema, byFields);
  }
  let reduced = byFields.get(key);
  if (reduced === undefined) {
    const fields = schema.fields.filter(f => !names.includes(f.name) || (optionalOnly && !f.schema.optional));
    reduced = fields.length === schema.fields.length ? schema : copySchemaBasics(schema, fields);
    byFields.set(key, reduced);
  }
  return reduced;
}

function projectTo(value: Struct, schema: StructSchema): Struct {
  const values = schema.fields.map(({ name }): Value => {
    const field = value.schema.byName.get(name);
    return field === undefined ? null : (value.at(field.index) ?? field.schema.default ?? null);
  });
  return new ValueStruct(schema, values);
}

/** Drops fields of records without schemas. */
export function dropObjectFields<R extends ConnectRecord>(record: R, names: readonly string[], fromKey: boolean): R {
  const drop = (value: Value): Value =>
    isObject(value) ? Object.fromEntries(Object.entries(value).filter(([name]) => !names.includes(name))) : value;
  return { ...record, value: drop(record.value), key: fromKey ? drop(record.key) : record.key };
}
