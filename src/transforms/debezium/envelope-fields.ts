import type { JsonObject, Schema, Struct, StructSchema, Value } from '../../api/index.ts';
import { isStruct, memberOf } from '../../api/index.ts';
import { isObject } from '../record/record-part.ts';

/** A field of Debezium's envelope that is to be added somewhere else, as `add.fields` writes it. */
export interface FieldReference {
  /** The struct within the envelope that holds it; undefined for the envelope itself. */
  readonly struct: string | undefined;
  readonly field: string;
  /** What it is called where it is added, prefix included. */
  readonly name: string;
}

/** `op`, `table`, `source.ts_ms`, `transaction.id:TX` … */
export function parseReferences(list: readonly string[], prefix: string): FieldReference[] {
  return list.map(text => {
    const [path = '', name] = text.split(':');
    const [first = '', second] = path.split('.');
    const [struct, field] = second === undefined ? [holderOf(first), first] : [first, second];
    const own = second === undefined ? field : `${struct}_${field}`;
    return { struct, field, name: prefix + (name ?? own) };
  });
}

function holderOf(field: string): string | undefined {
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

/** A referenced field of an envelope's schema: in its struct, else in the envelope itself; undefined where there is none. */
export function structFieldOf(
  envelope: StructSchema,
  { struct, field, name }: FieldReference,
): ReferencedField | undefined {
  const holder = struct === undefined ? undefined : envelope.byName.get(struct);
  const inside = holder?.schema.type === 'struct' ? holder.schema.byName.get(field) : undefined;
  if (holder !== undefined && inside !== undefined) {
    const value = (value: Struct) => {
      const parent = value.at(holder.index);
      return isStruct(parent) ? parent.at(inside.index) : null;
    };
    return { name, schema: optional(inside.schema), value };
  }
  const own = envelope.byName.get(field);
  return own && { name, schema: optional(own.schema), value: value => value.at(own.index) };
}

/** Without the default, too: nothing that is not in the envelope is put into a record. */
function optional(schema: Schema): Schema {
  const { default: _, ...rest } = schema;
  return { ...rest, optional: true } as Schema;
}

/** The same in an envelope without a schema. */
export function objectFieldOf(
  envelope: JsonObject,
  { struct, field, name }: FieldReference,
): { name: string; value: Value } | undefined {
  const holder = struct === undefined ? undefined : memberOf(envelope, struct);
  const inside = isObject(holder) ? memberOf(holder, field) : undefined;
  const value = inside ?? memberOf(envelope, field);
  return value === undefined ? undefined : { name, value };
}
