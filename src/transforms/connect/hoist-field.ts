import type { Schema, TransformFactory } from '../../api/index.ts';
import { structOfFields, ValueStruct } from '../../api/index.ts';
import type { Config } from '../../config/spec.ts';
import { defineConfig, stringKey } from '../../config/spec.ts';
import type { RecordPart } from '../record/record-part.ts';
import { keyPart, memoizeBySchema, valuePart } from '../record/record-part.ts';

const config = defineConfig({ field: stringKey({ doc: 'Name of the single field of the new struct.' }) });

/** Kafka Connect's HoistField: wraps the key or value in a struct with a single field. */
const hoistField = (part: RecordPart): TransformFactory<Config<typeof config>> => ({
  config,
  create({ field }) {
    const structSchemaOf = memoizeBySchema((schema: Schema) => structOfFields([{ name: field, schema }]));
    return {
      apply(record) {
        const schema = part.schema(record);
        if (schema === null) return part.newRecord(record, null, { [field]: part.value(record) });
        const structSchema = structSchemaOf(schema);
        return part.newRecord(record, structSchema, new ValueStruct(structSchema, [part.value(record)]));
      },
    };
  },
});
export const hoistFieldKey = hoistField(keyPart);
export const hoistFieldValue = hoistField(valuePart);
