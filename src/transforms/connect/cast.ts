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
import type { RecordPart } from '../record/record-part.ts';
import {
  changeMembers,
  copySchemaBasics,
  keyPart,
  memoizeBySchema,
  requireObject,
  requireStruct,
  schemaBasics,
  structSchemaOf,
  valuePart,
} from '../record/record-part.ts';

const targetTypes = ['int8', 'int16', 'int32', 'int64', 'float32', 'float64', 'boolean', 'string'] as const;
export type CastTarget = (typeof targetTypes)[number];
const unsupportedTargets = ['bytes', 'array', 'map', 'struct'];

const emptySpec = { message: 'Must specify at least one field to cast.' };
const checkSpec: Check<readonly string[]> = Object.assign(
  (list: readonly string[]) => {
    if (list.length === 0) return emptySpec;
    for (const item of list) {
      const parts = item.split(':');
      if (parts.length > 2) return `Invalid rename mapping: ${item}`;
      const type = (parts.at(-1) ?? '').trim().toLowerCase();
      if (unsupportedTargets.includes(type))
        return {
          message: `Cast transformation does not support casting to ${type.toUpperCase()}; supported types are [${targetTypes.join(', ').toUpperCase()}]`,
        };
      if (!targetTypes.some(targetType => targetType === type))
        return { message: `Invalid type found in casting spec: ${type}` };
    }
    return list.length > 1 && list.some(item => !item.includes(':'))
      ? {
          message:
            'Cast transformations that specify a type to cast the entire value to may only specify a single cast in their spec',
        }
      : undefined;
  },
  { onNull: emptySpec },
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

/** Kafka Connect's Cast: converts fields, or the whole key or value, to other primitive types. */
const cast = (part: RecordPart): TransformFactory<Settings> => ({
  config,
  create: settings => new Cast(part, settings),
});
export const castKey = cast(keyPart);
export const castTransformValue = cast(valuePart);

const purpose = 'cast types';

class Cast implements Transform {
  readonly #part: RecordPart;
  readonly #replaceNull: boolean;
  readonly #whole: CastTarget | undefined;
  readonly #fields: ReadonlyMap<string, CastTarget>;
  readonly #castWholeSchema: (schema: Schema) => Schema;
  readonly #structSchemaOf: (schema: StructSchema) => StructSchema;

  constructor(part: RecordPart, settings: Settings) {
    const pairs = settings.spec.map(item => item.split(':').map(text => text.trim()));
    this.#part = part;
    this.#replaceNull = settings['replace.null.with.default'];
    this.#whole = pairs[0]?.length === 1 ? (pairs[0][0]?.toLowerCase() as CastTarget) : undefined;
    this.#fields = new Map(pairs.map(([field = '', type = '']) => [field, type.toLowerCase() as CastTarget]));
    this.#castWholeSchema = memoizeBySchema(schema => ({
      ...schemaBasics(schema),
      ...castSchema(schema, this.#whole as CastTarget),
    }));
    this.#structSchemaOf = memoizeBySchema(schema => this.#createStructSchema(schema));
  }

  apply<R extends ConnectRecord>(record: R): R {
    const schema = this.#part.schema(record);
    const value = this.#part.value(record);
    if (value === null) return record;
    if (this.#whole !== undefined)
      return this.#part.newRecord(
        record,
        schema === null ? null : this.#castWholeSchema(schema),
        castValue(schema, value, this.#whole),
      );
    if (schema === null) {
      const changes = [...this.#fields].map(
        ([name, type]) => [name, (member: Value) => castValue(null, member, type)] as const,
      );
      return this.#part.newRecord(record, null, changeMembers(requireObject(value, purpose), changes));
    }
    const struct = requireStruct(value, purpose);
    const updated = this.#structSchemaOf(structSchemaOf(schema, struct));
    return this.#part.newRecord(record, updated, this.#castStruct(struct, updated));
  }

  #createStructSchema(schema: StructSchema): StructSchema {
    const fields = schema.fields.map(({ name, schema: fieldSchema }) => {
      const targetType = this.#fields.get(name);
      return { name, schema: targetType === undefined ? fieldSchema : castSchema(fieldSchema, targetType) };
    });
    const updated: StructSchema = { ...copySchemaBasics(schema, fields), optional: schema.optional };
    return schema.default === undefined || schema.default === null
      ? updated
      : { ...updated, default: this.#castStruct(requireStruct(schema.default, purpose), updated) };
  }

  #castStruct(struct: Struct, schema: StructSchema): Struct {
    const values = struct.schema.fields.map((field): Value => {
      const value = fieldValue(struct, field, this.#replaceNull);
      const targetType = this.#fields.get(field.name);
      return targetType === undefined ? value : castValue(field.schema, value, targetType);
    });
    return new ValueStruct(schema, values);
  }
}

/** Schema of the target type. A cast removes the name of a logical type. */
function castSchema(schema: Schema, targetType: CastTarget): PrimitiveSchema {
  const fallback = schema.default === undefined ? null : castValue(schema, schema.default, targetType);
  return schemaOf(targetType, { optional: schema.optional, ...(fallback === null ? {} : { default: fallback }) });
}
