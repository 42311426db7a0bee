import type { Schema, TransformFactory } from '../../api/index.ts';
import { structOfFields, ValueStruct } from '../../api/index.ts';
import type { Config } from '../../config/spec.ts';
import { defineConfig, stringKey } from '../../config/spec.ts';
import type { Part } from '../record/record-part.ts';
import { bySchema, keyPart, valuePart } from '../record/record-part.ts';

const config = defineConfig({ field: stringKey({ doc: 'Name of the only field of the new struct.' }) });

/** Kafka Connect's HoistField: the whole key or value as the only field of a struct. */
const hoistField = (part: Part): TransformFactory<Config<typeof config>> => ({
  config,
  create({ field }) {
    const structAround = bySchema((schema: Schema) => structOfFields([{ name: field, schema }]));
    return {
      apply(record) {
        const schema = part.schema(record);
        if (schema === null) return part.with(record, null, { [field]: part.value(record) });
        const around = structAround(schema);
        return part.with(record, around, new ValueStruct(around, [part.value(record)]));
      },
    };
  },
});
export const hoistFieldKey = hoistField(keyPart);
export const hoistFieldValue = hoistField(valuePart);
