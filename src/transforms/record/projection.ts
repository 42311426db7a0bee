import type { Field, Struct, StructSchema, Value } from '../../api/index.ts';
import { ValueStruct } from '../../api/index.ts';
import { fieldValue } from './field-value.ts';

/** Another struct made of a struct's fields: made once for each schema. */
export interface Projection {
  readonly schema: StructSchema;
  /** For each field of `schema`, the field that it is taken from. */
  readonly from: readonly Field[];
}

export function project(struct: Struct, { schema, from }: Projection, replaceNull: boolean): Struct {
  const values = new Array<Value>(from.length);
  for (let i = 0; i < from.length; i++) values[i] = fieldValue(struct, from[i] as Field, replaceNull);
  return new ValueStruct(schema, values);
}
