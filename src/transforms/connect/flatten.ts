import type { Field, JsonObject, Schema, Struct, StructSchema, TransformFactory, Value } from '../../api/index.ts';
import { isStruct, ValueStruct } from '../../api/index.ts';
import type { Config } from '../../config/spec.ts';
import { defineConfig, stringKey } from '../../config/spec.ts';
import { DataError } from '../../errors.ts';
import { fieldValue } from '../record/field-value.ts';
import type { RecordPart } from '../record/record-part.ts';
import {
  copySchemaBasics,
  isObject,
  keyPart,
  memoizeBySchema,
  requireObject,
  requireStruct,
  schemaBasics,
  structSchemaOf,
  valuePart,
} from '../record/record-part.ts';

const config = defineConfig({
  delimiter: stringKey({ doc: 'Delimiter between the names of an outer and an inner field.', default: '.' }),
});

const purpose = 'flattening';

/** Kafka Connect's Flatten: moves the fields of nested structs to the outermost struct. */
const flatten = (part: RecordPart): TransformFactory<Config<typeof config>> => ({
  config,
  create({ delimiter }) {
    const planOf = memoizeBySchema((schema: StructSchema) => createPlan(schema, delimiter));
    return {
      apply(record) {
        const schema = part.schema(record);
        const value = part.value(record);
        if (value === null) return record;
        if (schema === null) {
          const members: [string, Value][] = [];
          flattenObject(requireObject(value, purpose), '', delimiter, members);
          return part.newRecord(record, null, Object.fromEntries(members));
        }
        const struct = requireStruct(value, purpose);
        const { schema: flatSchema, paths } = planOf(structSchemaOf(schema, struct));
        return part.newRecord(
          record,
          flatSchema,
          new ValueStruct(
            flatSchema,
            paths.map(path => valueAtFields(struct, path)),
          ),
        );
      },
    };
  },
});
export const flattenKey = flatten(keyPart);
export const flattenValue = flatten(valuePart);

interface Plan {
  readonly schema: StructSchema;
  /** For each field of `schema`, the source fields from the outermost to the innermost. */
  readonly paths: readonly (readonly Field[])[];
}

function createPlan(schema: StructSchema, delimiter: string): Plan {
  const fields: { name: string; schema: Schema }[] = [];
  const paths: Field[][] = [];
  const names = new Set<string>();
  // A nested field is optional if an enclosing struct is, and takes its default from an enclosing struct's default.
  const visit = (inner: StructSchema, prefix: string, path: Field[], optional: boolean, fallback: Value) => {
    for (const field of inner.fields) {
      const name = prefix === '' ? field.name : prefix + delimiter + field.name;
      const fieldSchema = field.schema;
      const isOptional = optional || fieldSchema.optional;
      const defaultValue = fieldSchema.default ?? (isStruct(fallback) ? fieldValue(fallback, field, true) : null);
      if (fieldSchema.type === 'struct') visit(fieldSchema, name, [...path, field], isOptional, defaultValue);
      else if (fieldSchema.type === 'map')
        throw new DataError(`Flatten transformation does not support MAP for record with schemas (for field ${name}).`);
      else {
        if (names.has(name)) throw new DataError(`Cannot create field because of field name duplication ${name}`);
        names.add(name);
        fields.push({ name, schema: leafSchema(fieldSchema, isOptional, defaultValue) });
        paths.push([...path, field]);
      }
    }
  };
  visit(schema, '', [], schema.optional, schema.default ?? null);
  return { schema: copySchemaBasics(schema, fields), paths };
}

function leafSchema(schema: Schema, optional: boolean, defaultValue: Value): Schema {
  const type = schema.type === 'array' ? { type: schema.type, items: schema.items } : { type: schema.type };
  return {
    ...type,
    ...schemaBasics(schema),
    optional,
    ...(defaultValue === null ? {} : { default: defaultValue }),
  } as Schema;
}

function valueAtFields(struct: Struct, path: readonly Field[]): Value {
  let current: Value = struct;
  for (const field of path) {
    if (!isStruct(current)) return null;
    current = fieldValue(current, field, true);
  }
  return current;
}

function flattenObject(object: JsonObject, prefix: string, delimiter: string, members: [string, Value][]): void {
  for (const [name, value] of Object.entries(object)) {
    const path = prefix === '' ? name : prefix + delimiter + name;
    if (isObject(value)) flattenObject(value, path, delimiter, members);
    else members.push([path, value ?? null]);
  }
}
