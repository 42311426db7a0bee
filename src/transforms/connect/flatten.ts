import type { Field, JsonObject, Schema, Struct, StructSchema, TransformFactory, Value } from '../../api/index.ts';
import { isStruct, ValueStruct } from '../../api/index.ts';
import type { Config } from '../../config/spec.ts';
import { defineConfig, stringKey } from '../../config/spec.ts';
import { DataError } from '../../errors.ts';
import { fieldValue } from '../record/field-value.ts';
import type { Part } from '../record/record-part.ts';
import {
  basicsOf,
  bySchema,
  isObject,
  keyPart,
  requireObject,
  requireStruct,
  sameBasics,
  structSchemaOf,
  valuePart,
} from '../record/record-part.ts';

const config = defineConfig({
  delimiter: stringKey({ doc: 'What stands between the names of an outer and an inner field.', default: '.' }),
});

const purpose = 'flattening';

/** Kafka Connect's Flatten: fields of inner structs as fields of the outermost. */
const flatten = (part: Part): TransformFactory<Config<typeof config>> => ({
  config,
  create({ delimiter }) {
    const planOf = bySchema((schema: StructSchema) => flattened(schema, delimiter));
    return {
      apply(record) {
        const schema = part.schema(record);
        const value = part.value(record);
        if (value === null) return record;
        if (schema === null) {
          const members: [string, Value][] = [];
          flattenObject(requireObject(value, purpose), '', delimiter, members);
          return part.with(record, null, Object.fromEntries(members));
        }
        const struct = requireStruct(value, purpose);
        const { schema: to, paths } = planOf(structSchemaOf(schema, struct));
        return part.with(
          record,
          to,
          new ValueStruct(
            to,
            paths.map(path => valueOn(struct, path)),
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
  /** For each field, the way that leads to it. */
  readonly paths: readonly (readonly Field[])[];
}

function flattened(schema: StructSchema, delimiter: string): Plan {
  const fields: { name: string; schema: Schema }[] = [];
  const paths: Field[][] = [];
  const names = new Set<string>();
  // An inner field is optional where any struct around it is, and has the default that one around it gives.
  const visit = (inner: StructSchema, prefix: string, path: Field[], optional: boolean, fallback: Value) => {
    for (const field of inner.fields) {
      const name = prefix === '' ? field.name : prefix + delimiter + field.name;
      const own = field.schema;
      const mayBeNull = optional || own.optional;
      const byDefault = own.default ?? (isStruct(fallback) ? fieldValue(fallback, field, true) : null);
      if (own.type === 'struct') visit(own, name, [...path, field], mayBeNull, byDefault);
      else if (own.type === 'map')
        throw new DataError(`Flatten transformation does not support MAP for record with schemas (for field ${name}).`);
      else {
        if (names.has(name)) throw new DataError(`Cannot create field because of field name duplication ${name}`);
        names.add(name);
        fields.push({ name, schema: withoutBounds(own, mayBeNull, byDefault) });
        paths.push([...path, field]);
      }
    }
  };
  visit(schema, '', [], schema.optional, schema.default ?? null);
  return { schema: sameBasics(schema, fields), paths };
}

function withoutBounds(schema: Schema, optional: boolean, byDefault: Value): Schema {
  const type = schema.type === 'array' ? { type: schema.type, items: schema.items } : { type: schema.type };
  return { ...type, ...basicsOf(schema), optional, ...(byDefault === null ? {} : { default: byDefault }) } as Schema;
}

function valueOn(struct: Struct, path: readonly Field[]): Value {
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
