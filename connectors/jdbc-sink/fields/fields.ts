import { type Schema, schemaOf } from '../../../src/api/index.ts';
import { defaultedField, partitionNumber, recordOffset, topicName, type ValueAccessor } from './value-accessors.ts';

/** A field that is written to a column. */
export interface Field {
  readonly name: string;
  readonly schema: Schema | null;
  readonly key: boolean;
  readonly accessor: ValueAccessor;
  readonly index: number;
}

export const schemalessField = (name: string, accessor: ValueAccessor, key: boolean): Field => ({
  name,
  schema: null,
  key,
  accessor: accessor,
  index: -1,
});

export const withDefault = (field: Field): Field => {
  const value = field.schema?.default ?? null;
  return value === null ? field : { ...field, accessor: defaultedField(field.index, value) };
};

export function structFields(
  schema: Schema,
  accessorOf: (index: number) => ValueAccessor,
  key: boolean,
): readonly Field[] {
  if (schema.type !== 'struct') return [];
  return schema.fields.map(field => ({
    name: field.name,
    schema: field.schema,
    key,
    accessor: accessorOf(field.index),
    index: field.index,
  }));
}

export function kafkaFields(names: readonly string[]): readonly Field[] {
  const parts = [
    { schema: schemaOf('string'), accessor: topicName },
    { schema: schemaOf('int32'), accessor: partitionNumber },
    { schema: schemaOf('int64'), accessor: recordOffset },
  ];
  return parts.map((part, i) => ({ ...part, name: names[i] as string, key: true, index: -1 }));
}
