import type { ConnectRecord, JsonObject, Schema, Struct, Transform, TransformFactory, Value } from '../../api/index.ts';
import { Decimal, Float64, isStruct, ValueStruct } from '../../api/index.ts';
import type { Config } from '../../config/spec.ts';
import { defineConfig, itemsOf, listKey, nonEmpty, stringKey } from '../../config/spec.ts';
import { parseDecimal } from '../../data/decimal.ts';
import { kindOfValue } from '../../data/schema-equality.ts';
import { DataError } from '../../errors.ts';
import { fieldValue, replaceNullKey } from '../record/field-value.ts';
import type { Part } from '../record/record-part.ts';
import { changeMembers, isObject, keyPart, requireObject, requireStruct, valuePart } from '../record/record-part.ts';

const config = defineConfig({
  fields: listKey({ doc: 'Names of the fields to mask.', importance: 'high', check: itemsOf('fields') }),
  replacement: stringKey({
    doc: 'What numbers and texts become; without it, 0 and the empty text.',
    default: null,
    importance: 'low',
    check: text => (text === null ? undefined : nonEmpty(text)),
  }),
  ...replaceNullKey,
});
type Settings = Config<typeof config>;

/** Kafka Connect's MaskField: fields of the key or value emptied, or replaced by a fixed value. */
const maskField = (part: Part): TransformFactory<Settings> => ({
  config,
  create: settings => new MaskField(part, settings),
});
export const maskFieldKey = maskField(keyPart);
export const maskFieldValue = maskField(valuePart);

const purpose = 'mask fields';

class MaskField implements Transform {
  readonly #part: Part;
  readonly #fields: ReadonlySet<string>;
  readonly #replacement: string | null;
  readonly #replaceNull: boolean;

  constructor(part: Part, settings: Settings) {
    this.#part = part;
    this.#fields = new Set(settings.fields);
    this.#replacement = settings.replacement;
    this.#replaceNull = settings['replace.null.with.default'];
  }

  apply<R extends ConnectRecord>(record: R): R {
    const schema = this.#part.schema(record);
    const value = this.#part.value(record);
    return this.#part.with(
      record,
      schema,
      schema === null ? this.#object(requireObject(value, purpose)) : this.#struct(requireStruct(value, purpose)),
    );
  }

  #object(value: JsonObject): Value {
    const mask = (member: Value) => this.#mask(member, null);
    return changeMembers(
      value,
      [...this.#fields].map(name => [name, mask]),
    );
  }

  #struct(struct: Struct): Struct {
    const values = struct.schema.fields.map(field => {
      const value = fieldValue(struct, field, this.#replaceNull);
      return this.#fields.has(field.name) ? this.#mask(value, field.schema) : value;
    });
    return new ValueStruct(struct.schema, values);
  }

  #mask(value: Value, schema: Schema | null): Value {
    if (value === null) return null;
    return this.#replacement === null ? emptied(value, schema) : replaced(value, schema, this.#replacement);
  }
}

function emptied(value: Value, schema: Schema | null): Value {
  switch (typeof value) {
    case 'boolean':
      return false;
    case 'number':
      return schema === null && !Number.isSafeInteger(value) ? new Float64(0) : 0;
    case 'bigint':
      return schema === null ? 0 : 0n;
    case 'string':
      return '';
  }
  if (value instanceof Decimal) return new Decimal(0n, value.scale);
  if (value instanceof Float64) return new Float64(0);
  if (value instanceof Date) return new Date(0);
  if (Array.isArray(value)) return [];
  if (value instanceof Map) return new Map();
  if (isObject(value) && !isStruct(value)) return {};
  throw new DataError(`Cannot mask value of type: ${kindOfValue(value)}`);
}

const bits: Readonly<Record<string, number>> = { int8: 8, int16: 16, int32: 32 };

function replaced(value: Value, schema: Schema | null, text: string): Value {
  if (typeof value === 'string') return text;
  const number = parseDecimal(text);
  if (typeof value !== 'number' && typeof value !== 'bigint' && !(value instanceof Decimal || value instanceof Float64))
    throw new DataError(`Cannot mask value of type ${kindOfValue(value)} with custom replacement.`);
  if (number === undefined) throw new DataError(`Unable to convert ${text} to number`);
  if (value instanceof Decimal) return rescaled(number, value.scale);
  if (typeof value === 'bigint') return BigInt.asIntN(64, whole(number));
  const size = bits[schema?.type ?? ''];
  if (size !== undefined) return Number(BigInt.asIntN(size, whole(number)));
  const isFloat = value instanceof Float64 || !Number.isSafeInteger(value);
  if (schema === null && isFloat) return Float64.of(Number(text));
  return schema?.type === 'float32' ? Math.fround(Number(text)) : Number(text);
}

const whole = ({ unscaled, scale }: Decimal): bigint =>
  scale > 0 ? unscaled / 10n ** BigInt(scale) : unscaled * 10n ** BigInt(-scale);

/** In the scale that the field has, so that it can be written; digits beyond it are cut off. */
function rescaled({ unscaled, scale }: Decimal, wanted: number): Decimal {
  return new Decimal(
    wanted >= scale ? unscaled * 10n ** BigInt(wanted - scale) : unscaled / 10n ** BigInt(scale - wanted),
    wanted,
  );
}
