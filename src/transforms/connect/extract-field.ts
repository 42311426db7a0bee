import type { TransformFactory } from '../../api/index.ts';
import type { Config } from '../../config/spec.ts';
import { defineConfig, stringKey } from '../../config/spec.ts';
import { DataError } from '../../errors.ts';
import { fieldAtPath, fieldSyntaxKey, memberAtPath, parseFieldPath, valueAtPath } from '../record/field-path.ts';
import { replaceNullKey } from '../record/field-value.ts';
import type { RecordPart } from '../record/record-part.ts';
import { keyPart, memoizeBySchema, requireObject, requireStruct, valuePart } from '../record/record-part.ts';

const config = defineConfig(
  {
    field: stringKey({ doc: 'Name of the field to extract.' }),
    ...replaceNullKey,
    ...fieldSyntaxKey,
  },
  {
    refine: ({ field, 'field.syntax.version': version }) =>
      parseFieldPath(field, version) === undefined ? { field: `Incomplete backtick pair in path: [${field}]` } : {},
  },
);
type Settings = Config<typeof config>;

const purpose = 'field extraction';

/** Kafka Connect's ExtractField: replaces the key or value with one of its fields. */
const extractField = (part: RecordPart): TransformFactory<Settings> => ({
  config,
  create({ field, 'replace.null.with.default': replaceNull, 'field.syntax.version': version }) {
    const path = parseFieldPath(field, version) ?? [];
    const fieldOf = memoizeBySchema(schema => {
      const extracted = fieldAtPath(schema, path);
      if (extracted === undefined) throw new DataError(`Unknown field: ${field}`);
      return extracted;
    });
    return {
      apply(record) {
        const schema = part.schema(record);
        const value = part.value(record);
        if (schema === null)
          return part.newRecord(
            record,
            null,
            value === null ? null : memberAtPath(requireObject(value, purpose), path),
          );
        const struct = value === null ? null : requireStruct(value, purpose);
        const extracted = fieldOf(schema);
        return part.newRecord(
          record,
          extracted.schema,
          struct === null ? null : valueAtPath(struct, path, replaceNull),
        );
      },
    };
  },
});
export const extractFieldKey = extractField(keyPart);
export const extractFieldValue = extractField(valuePart);
