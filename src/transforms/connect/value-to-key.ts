import type { StructSchema, TransformFactory } from '../../api/index.ts';
import { memberOf, structOfFields } from '../../api/index.ts';
import type { Config } from '../../config/spec.ts';
import { defineConfig, itemsOf, listKey } from '../../config/spec.ts';
import { DataError } from '../../errors.ts';
import { replaceNullKey } from '../record/field-value.ts';
import type { Projection } from '../record/projection.ts';
import { project } from '../record/projection.ts';
import { bySchema, keyPart, requireObject, requireStruct } from '../record/record-part.ts';

const config = defineConfig({
  fields: listKey({ doc: 'Fields of the value that make up the key.', importance: 'high', check: itemsOf('fields') }),
  ...replaceNullKey,
});

const purpose = 'copying fields from value to key';

/** Kafka Connect's ValueToKey: a key made of fields of the value. */
export const valueToKey: TransformFactory<Config<typeof config>> = {
  config,
  create({ fields, 'replace.null.with.default': replaceNull }) {
    const projectionOf = bySchema((schema: StructSchema): Projection => {
      const from = fields.map(name => {
        const field = schema.byName.get(name);
        if (field === undefined) throw new DataError(`Field does not exist: ${name}`);
        return field;
      });
      return { schema: structOfFields(from), from };
    });
    return {
      apply(record) {
        if (record.valueSchema === null) {
          const value = requireObject(record.value, purpose);
          return keyPart.with(
            record,
            null,
            Object.fromEntries(fields.map(name => [name, memberOf(value, name) ?? null])),
          );
        }
        const struct = requireStruct(record.value, purpose);
        const projection = projectionOf(struct.schema);
        return keyPart.with(record, projection.schema, project(struct, projection, replaceNull));
      },
    };
  },
};
