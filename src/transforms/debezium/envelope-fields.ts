import type { JsonObject, Schema, Struct, StructSchema, Value } from '../../api/index.ts';
import { isStruct, memberOf } from '../../api/index.ts';
import { isObject } from '../record/record-part.ts';

/** Reference to a field of Debezium's envelope, in the syntax of `add.fields`. */
export interface FieldReference {
  /** Struct inside the envelope that contains the field; undefined for the envelope itself. */
  readonly struct: string | undefined;
  readonly field: string;
  /** Name of the added field or header, including the prefix. */
  readonly name: string;
}

/** Parses references such as `op`, `table`, `source.ts_ms` and `transaction.id:TX`. */
export function parseReferences(list: readonly string[], prefix: string): FieldReference[] {
  return list.map(text => {
    const [path = '', name] = text.split(':');
    const [first = '', second] = path.split('.');
    const [struct, field] = second === undefined ? [defaultStruct(first), first] : [first, second];
    const fieldName = second === undefined ? field : `${struct}_${field}`;
    return { struct, field, name: prefix + (name ?? fieldName) };
  });
}

function defaultStruct(field: string): string | undefined {
  if (field === 'id' || field === 'data_collection_order' || field === 'total_order') return 'transaction';
  if (field === 'op' || field === 'ts_ms' || field === 'ts_us' || field === 'ts_ns') return undefined;
  return 'source';
}

export interface ReferencedField {
  readonly name: string;
  /** Always optional. */
  readonly schema: Schema;
  readonly value: (envelope: Struct) => Value;
}

/** Resolves a reference in its struct, else in the envelope itself; undefined if the field does not exist. */
export function resolveStructField(
  envelope: StructSchema,
  { struct, field, name }: FieldReference,
): ReferencedField | undefined {
  const parent = struct === undefined ? undefined : envelope.byName.get(struct);
  const nested = parent?.schema.type === 'struct' ? parent.schema.byName.get(field) : undefined;
  if (parent !== undefined && nested !== undefined) {
    const value = (envelopeValue: Struct) => {
      const struct = envelopeValue.at(parent.index);
      return isStruct(struct) ? struct.at(nested.index) : null;
    };
    return { name, schema: asOptional(nested.schema), value };
  }
  const direct = envelope.byName.get(field);
  return direct && { name, schema: asOptional(direct.schema), value: envelopeValue => envelopeValue.at(direct.index) };
}

/** Also removes the default, so that only values of the envelope are added to the record. */
function asOptional(schema: Schema): Schema {
  const { default: _, ...rest } = schema;
  return { ...rest, optional: true } as Schema;
}

/** Resolves a reference in an envelope without a schema. */
export function resolveObjectField(
  envelope: JsonObject,
  { struct, field, name }: FieldReference,
): { name: string; value: Value } | undefined {
  const parent = struct === undefined ? undefined : memberOf(envelope, struct);
  const nested = isObject(parent) ? memberOf(parent, field) : undefined;
  const value = nested ?? memberOf(envelope, field);
  return value === undefined ? undefined : { name, value };
}
