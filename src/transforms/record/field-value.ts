import type { Field, Struct, Value } from '../../api/index.ts';
import { booleanKey } from '../../config/spec.ts';

/** `replace.null.with.default`, which most transforms have. */
export const replaceNullKey = {
  'replace.null.with.default': booleanKey({
    doc: 'Whether a null in a field that has a default value becomes that default value.',
    default: true,
  }),
};

/** Value of a field of a struct. `replaceNull` replaces null with the field's default. */
export function fieldValue(struct: Struct, field: Field, replaceNull: boolean): Value {
  const value = struct.at(field.index);
  return value === null && replaceNull ? (field.schema.default ?? null) : value;
}
