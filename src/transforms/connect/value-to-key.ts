import type { StructSchema, TransformFactory } from '../../api/index.ts';
import { memberOf, structOfFields } from '../../api/index.ts';
import type { Config } from '../../config/spec.ts';
import { defineConfig, listKey, validList } from '../../config/spec.ts';
import { DataError } from '../../errors.ts';
import { replaceNullKey } from '../record/field-value.ts';
import type { Projection } from '../record/projection.ts';
import { project } from '../record/projection.ts';
import { keyPart, memoizeBySchema, requireObject, requireStruct } from '../record/record-part.ts';

const config = defineConfig({
  fields: listKey({
    doc: 'Names of the fields of the value that form the key.',
    importance: 'high',
    check: validList('fields'),
  }),
  ...replaceNullKey,
});

const purpose = 'copying fields from value to key';

/** Kafka Connect's ValueToKey: replaces the key with fields of the value. */
export const valueToKey: TransformFactory<Config<typeof config>> = {
  config,
  create({ fields, 'replace.null.with.default': replaceNull }) {
    const projectionOf = memoizeBySchema((schema: StructSchema): Projection => {
      const sources = fields.map(name => {
        const field = schema.byName.get(name);
        if (field === undefined) throw new DataError(`Field does not exist: ${name}`);
        return field;
      });
      return { schema: structOfFields(sources), sources };
    });
    return {
      apply(record) {
        if (record.valueSchema === null) {
          const value = requireObject(record.value, purpose);
          return keyPart.newRecord(
            record,
            null,
            Object.fromEntries(fields.map(name => [name, memberOf(value, name) ?? null])),
          );
        }
        const struct = requireStruct(record.value, purpose);
        const projection = projectionOf(struct.schema);
        return keyPart.newRecord(record, projection.schema, project(struct, projection, replaceNull));
      },
    };
  },
};
