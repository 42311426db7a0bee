import type { TransformFactory } from '../../api/index.ts';
import type { Config } from '../../config/spec.ts';
import { defineConfig, stringKey } from '../../config/spec.ts';
import { DataError } from '../../errors.ts';
import { fieldAt, fieldSyntaxKey, memberAt, pathOf, valueAt } from '../record/field-path.ts';
import { replaceNullKey } from '../record/field-value.ts';
import type { Part } from '../record/record-part.ts';
import { bySchema, keyPart, requireObject, requireStruct, valuePart } from '../record/record-part.ts';

const config = defineConfig(
  {
    field: stringKey({ doc: 'The field to take out.' }),
    ...replaceNullKey,
    ...fieldSyntaxKey,
  },
  {
    refine: ({ field, 'field.syntax.version': version }) =>
      pathOf(field, version) === undefined ? { field: `Incomplete backtick pair in path: [${field}]` } : {},
  },
);
type Settings = Config<typeof config>;

const purpose = 'field extraction';

/** Kafka Connect's ExtractField: one field in the place of the whole key or value. */
const extractField = (part: Part): TransformFactory<Settings> => ({
  config,
  create({ field, 'replace.null.with.default': replaceNull, 'field.syntax.version': version }) {
    const path = pathOf(field, version) ?? [];
    const fieldOf = bySchema(schema => {
      const found = fieldAt(schema, path);
      if (found === undefined) throw new DataError(`Unknown field: ${field}`);
      return found;
    });
    return {
      apply(record) {
        const schema = part.schema(record);
        const value = part.value(record);
        if (schema === null)
          return part.with(record, null, value === null ? null : memberAt(requireObject(value, purpose), path));
        const struct = value === null ? null : requireStruct(value, purpose);
        const found = fieldOf(schema);
        return part.with(record, found.schema, struct === null ? null : valueAt(struct, path, replaceNull));
      },
    };
  },
});
export const extractFieldKey = extractField(keyPart);
export const extractFieldValue = extractField(valuePart);
