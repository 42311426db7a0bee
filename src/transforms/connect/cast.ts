import type {
  ConnectRecord,
  PrimitiveSchema,
  Schema,
  Struct,
  StructSchema,
  Transform,
  TransformFactory,
  Value,
} from '../../api/index.ts';
import { schemaOf, ValueStruct } from '../../api/index.ts';
import type { Check, Config } from '../../config/spec.ts';
import { defineConfig, listKey } from '../../config/spec.ts';
import { castValue } from '../record/cast-value.ts';
import { fieldValue, replaceNullKey } from '../record/field-value.ts';
import type { Part } from '../record/record-part.ts';
import {
  basicsOf,
  bySchema,
  changeMembers,
  keyPart,
  requireObject,
  requireStruct,
  sameBasics,
  structSchemaOf,
  valuePart,
} from '../record/record-part.ts';

const targets = ['int8', 'int16', 'int32', 'int64', 'float32', 'float64', 'boolean', 'string'] as const;
export type CastTarget = (typeof targets)[number];
const others = ['bytes', 'array', 'map', 'struct'];

const none = { message: 'Must specify at least one field to cast.' };
const checkSpec: Check<readonly string[]> = Object.assign(
  (list: readonly string[]) => {
    if (list.length === 0) return none;
    for (const item of list) {
      const parts = item.split(':');
      if (parts.length > 2) return `Invalid rename mapping: ${item}`;
      const type = (parts.at(-1) ?? '').trim().toLowerCase();
      if (others.includes(type))
        return {
          message: `Cast transformation does not support casting to ${type.toUpperCase()}; supported types are [${targets.join(', ').toUpperCase()}]`,
        };
      if (!targets.some(target => target === type)) return { message: `Invalid type found in casting spec: ${type}` };
    }
    return list.length > 1 && list.some(item => !item.includes(':'))
      ? {
          message:
            'Cast transformations that specify a type to cast the entire value to may only specify a single cast in their spec',
        }
      : undefined;
  },
  { onNull: none },
);

const config = defineConfig({
  spec: listKey({
    doc: 'Fields and the types to cast them to: field:type, with commas between; or one type for the whole key or value. Types: int8, int16, int32, int64, float32, float64, boolean, string.',
    importance: 'high',
    check: checkSpec,
  }),
  ...replaceNullKey,
});
type Settings = Config<typeof config>;

/** Kafka Connect's Cast: other primitive types for fields, or for the whole key or value. */
const cast = (part: Part): TransformFactory<Settings> => ({ config, create: settings => new Cast(part, settings) });
export const castKey = cast(keyPart);
export const castTransformValue = cast(valuePart);

const purpose = 'cast types';

class Cast implements Transform {
  readonly #part: Part;
  readonly #replaceNull: boolean;
  readonly #whole: CastTarget | undefined;
  readonly #fields: ReadonlyMap<string, CastTarget>;
  readonly #wholeSchema: (schema: Schema) => Schema;
  readonly #structSchema: (schema: StructSchema) => StructSchema;

  constructor(part: Part, settings: Settings) {
    const pairs = settings.spec.map(item => item.split(':').map(text => text.trim()));
    this.#part = part;
    this.#replaceNull = settings['replace.null.with.default'];
    this.#whole = pairs[0]?.length === 1 ? (pairs[0][0]?.toLowerCase() as CastTarget) : undefined;
    this.#fields = new Map(pairs.map(([field = '', type = '']) => [field, type.toLowerCase() as CastTarget]));
    this.#wholeSchema = bySchema(schema => ({ ...basicsOf(schema), ...castSchema(schema, this.#whole as CastTarget) }));
    this.#structSchema = bySchema(schema => this.#updated(schema));
  }

  apply<R extends ConnectRecord>(record: R): R {
    const schema = this.#part.schema(record);
    const value = this.#part.value(record);
    if (value === null) return record;
    if (this.#whole !== undefined)
      return this.#part.with(
        record,
        schema === null ? null : this.#wholeSchema(schema),
        castValue(schema, value, this.#whole),
      );
    if (schema === null) {
      const changes = [...this.#fields].map(
        ([name, type]) => [name, (member: Value) => castValue(null, member, type)] as const,
      );
      return this.#part.with(record, null, changeMembers(requireObject(value, purpose), changes));
    }
    const struct = requireStruct(value, purpose);
    const updated = this.#structSchema(structSchemaOf(schema, struct));
    return this.#part.with(record, updated, this.#struct(struct, updated));
  }

  #updated(schema: StructSchema): StructSchema {
    const fields = schema.fields.map(({ name, schema: own }) => {
      const target = this.#fields.get(name);
      return { name, schema: target === undefined ? own : castSchema(own, target) };
    });
    const updated: StructSchema = { ...sameBasics(schema, fields), optional: schema.optional };
    return schema.default === undefined || schema.default === null
      ? updated
      : { ...updated, default: this.#struct(requireStruct(schema.default, purpose), updated) };
  }

  #struct(struct: Struct, schema: StructSchema): Struct {
    const values = struct.schema.fields.map((field): Value => {
      const value = fieldValue(struct, field, this.#replaceNull);
      const target = this.#fields.get(field.name);
      return target === undefined ? value : castValue(field.schema, value, target);
    });
    return new ValueStruct(schema, values);
  }
}

/** A schema of the new type alone: names of logical types do not outlive a cast. */
function castSchema(schema: Schema, target: CastTarget): PrimitiveSchema {
  const fallback = schema.default === undefined ? null : castValue(schema, schema.default, target);
  return schemaOf(target, { optional: schema.optional, ...(fallback === null ? {} : { default: fallback }) });
}
