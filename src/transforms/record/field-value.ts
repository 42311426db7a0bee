import type { Field, Struct, Value } from '../../api/index.ts';
import { booleanKey } from '../../config/spec.ts';

/** The key that most transforms have. */
export const replaceNullKey = {
  'replace.null.with.default': booleanKey({
    doc: 'Whether a null in a field that has a default value becomes that default value.',
    default: true,
  }),
};

/** A field of a struct; its default in the place of null where that is asked for. */
export function fieldValue(struct: Struct, field: Field, replaceNull: boolean): Value {
  const value = struct.at(field.index);
  return value === null && replaceNull ? (field.schema.default ?? null) : value;
}
