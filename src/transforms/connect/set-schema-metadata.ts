import type { Schema, StructSchema, TransformFactory } from '../../api/index.ts';
import { isStruct } from '../../api/index.ts';
import type { Config } from '../../config/spec.ts';
import { defineConfig, intKey, stringKey } from '../../config/spec.ts';
import { DataError } from '../../errors.ts';
import { extendStruct, extension } from '../record/extended-struct.ts';
import { replaceNullKey } from '../record/field-value.ts';
import type { Part } from '../record/record-part.ts';
import { bySchema, keyPart, valuePart } from '../record/record-part.ts';

const config = defineConfig(
  {
    'schema.name': stringKey({ doc: 'The new name of the schema.', default: null, importance: 'high' }),
    'schema.version': intKey({ doc: 'The new version of the schema.', default: null, importance: 'high' }),
    ...replaceNullKey,
  },
  {
    refine: c =>
      c['schema.name'] === null && c['schema.version'] === null
        ? { 'schema.name': 'Neither schema name nor version configured' }
        : {},
  },
);

/** Kafka Connect's SetSchemaMetadata: another name or version for the key's or value's schema. */
const setSchemaMetadata = (part: Part): TransformFactory<Config<typeof config>> => ({
  config,
  create({ 'schema.name': name, 'schema.version': version, 'replace.null.with.default': replaceNull }) {
    const planOf = bySchema((schema: Schema) => {
      const updated: Schema = {
        ...schema,
        ...(name === null ? {} : { name }),
        ...(version === null ? {} : { version }),
      };
      return { schema: updated, to: updated.type === 'struct' ? sameFields(updated, replaceNull) : undefined };
    });
    return {
      apply(record) {
        const schema = part.schema(record);
        const value = part.value(record);
        if (schema === null) {
          if (value === null) return record;
          throw new DataError('Schema required for [updating schema metadata]');
        }
        const plan = planOf(schema);
        const changed = plan.to !== undefined && isStruct(value) ? extendStruct(value, [], plan.to) : value;
        return part.with(record, plan.schema, changed);
      },
    };
  },
});
export const setSchemaMetadataKey = setSchemaMetadata(keyPart);
export const setSchemaMetadataValue = setSchemaMetadata(valuePart);

/** Another schema around the same fields. */
const sameFields = (schema: StructSchema, replaceNull: boolean) => extension(schema, schema.fields.length, replaceNull);
