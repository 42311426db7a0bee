import { type Schema, schemaOf } from '../../../src/api/index.ts';
import { defaultedField, type Origin, offset, partition, topic } from './value-accessors.ts';

/** A field that will be a column. */
export interface Field {
  readonly name: string;
  readonly schema: Schema | null;
  readonly key: boolean;
  readonly origin: Origin;
  readonly index: number;
}

export const plainField = (name: string, origin: Origin, key: boolean): Field => ({
  name,
  schema: null,
  key,
  origin,
  index: -1,
});

export const withDefault = (field: Field): Field => {
  const value = field.schema?.default ?? null;
  return value === null ? field : { ...field, origin: defaultedField(field.index, value) };
};

export function structFields(schema: Schema, originOf: (index: number) => Origin, key: boolean): readonly Field[] {
  if (schema.type !== 'struct') return [];
  return schema.fields.map(field => ({
    name: field.name,
    schema: field.schema,
    key,
    origin: originOf(field.index),
    index: field.index,
  }));
}

export function kafkaFields(names: readonly string[]): readonly Field[] {
  const parts = [
    { schema: schemaOf('string'), origin: topic },
    { schema: schemaOf('int32'), origin: partition },
    { schema: schemaOf('int64'), origin: offset },
  ];
  return parts.map((part, i) => ({ ...part, name: names[i] as string, key: true, index: -1 }));
}
