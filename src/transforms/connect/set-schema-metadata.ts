import type { Schema, StructSchema, TransformFactory } from '../../api/index.ts';
import { isStruct } from '../../api/index.ts';
import type { Config } from '../../config/spec.ts';
import { defineConfig, intKey, stringKey } from '../../config/spec.ts';
import { DataError } from '../../errors.ts';
import { createExtension, extendStruct } from '../record/extended-struct.ts';
import { replaceNullKey } from '../record/field-value.ts';
import type { RecordPart } from '../record/record-part.ts';
import { keyPart, memoizeBySchema, valuePart } from '../record/record-part.ts';

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

/** Kafka Connect's SetSchemaMetadata: changes the name or version of the key's or value's schema. */
const setSchemaMetadata = (part: RecordPart): TransformFactory<Config<typeof config>> => ({
  config,
  create({ 'schema.name': name, 'schema.version': version, 'replace.null.with.default': replaceNull }) {
    const planOf = memoizeBySchema((schema: Schema) => {
      const updated: Schema = {
        ...schema,
        ...(name === null ? {} : { name }),
        ...(version === null ? {} : { version }),
      };
      return {
        schema: updated,
        extension: updated.type === 'struct' ? fieldlessExtension(updated, replaceNull) : undefined,
      };
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
        const updatedValue =
          plan.extension !== undefined && isStruct(value) ? extendStruct(value, [], plan.extension) : value;
        return part.newRecord(record, plan.schema, updatedValue);
      },
    };
  },
});
export const setSchemaMetadataKey = setSchemaMetadata(keyPart);
export const setSchemaMetadataValue = setSchemaMetadata(valuePart);

/** Extension without added fields, which only changes the schema of a struct. */
const fieldlessExtension = (schema: StructSchema, replaceNull: boolean) =>
  createExtension(schema, schema.fields.length, replaceNull);
