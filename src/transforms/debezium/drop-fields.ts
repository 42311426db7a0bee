import type { ConnectRecord, Struct, StructSchema, Value } from '../../api/index.ts';
import { isStruct, ValueStruct } from '../../api/index.ts';
import { isObject, keyPart, sameBasics, valuePart } from '../record/record-part.ts';

/** Schemas without some of their fields, by the schema and the fields' names. */
const without = new WeakMap<StructSchema, Map<string, StructSchema>>();

/** A record without fields of its key or value, where that is a struct; nulls of those that stay become their defaults. */
export function dropStructFields<R extends ConnectRecord>(
  record: R,
  which: 'Key' | 'Value',
  names: readonly string[],
  optionalOnly: boolean,
): R {
  const part = which === 'Key' ? keyPart : valuePart;
  const value = part.value(record);
  const schema = part.schema(record);
  if (!isStruct(value) || schema?.type !== 'struct') return record;
  const kept = schemaWithout(schema, names, optionalOnly);
  return kept === schema ? record : part.with(record, kept, pick(value, kept));
}

function schemaWithout(schema: StructSchema, names: readonly string[], optionalOnly: boolean): StructSchema {
  const key = JSON.stringify([optionalOnly, ...names]);
  let made = without.get(schema);
  if (made === undefined) {
    made = new Map();
    without.set(schema, made);
  }
  let kept = made.get(key);
  if (kept === undefined) {
    const fields = schema.fields.filter(f => !names.includes(f.name) || (optionalOnly && !f.schema.optional));
    kept = fields.length === schema.fields.length ? schema : sameBasics(schema, fields);
    made.set(key, kept);
  }
  return kept;
}

function pick(value: Struct, schema: StructSchema): Struct {
  const values = schema.fields.map(({ name }): Value => {
    const field = value.schema.byName.get(name);
    return field === undefined ? null : (value.at(field.index) ?? field.schema.default ?? null);
  });
  return new ValueStruct(schema, values);
}

/** The same for records without schemas. */
export function dropObjectFields<R extends ConnectRecord>(record: R, names: readonly string[], fromKey: boolean): R {
  const drop = (value: Value): Value =>
    isObject(value) ? Object.fromEntries(Object.entries(value).filter(([name]) => !names.includes(name))) : value;
  return { ...record, value: drop(record.value), key: fromKey ? drop(record.key) : record.key };
}
