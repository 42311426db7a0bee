import type { Field, Struct, StructSchema, Value } from '../../api/index.ts';
import { ValueStruct } from '../../api/index.ts';
import { fieldValue } from './field-value.ts';

/** Maps the fields of a struct to a new struct. Created once for each schema. */
export interface Projection {
  readonly schema: StructSchema;
  /** For each field of `schema`, the source field. */
  readonly sources: readonly Field[];
}

export function project(struct: Struct, { schema, sources }: Projection, replaceNull: boolean): Struct {
  const values = new Array<Value>(sources.length);
  for (let i = 0; i < sources.length; i++) values[i] = fieldValue(struct, sources[i] as Field, replaceNull);
  return new ValueStruct(schema, values);
}
