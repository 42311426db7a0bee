import type { ConnectRecord, JsonObject, Schema, Struct, Transform, TransformFactory, Value } from '../../api/index.ts';
import { Decimal, Float64, isStruct, ValueStruct } from '../../api/index.ts';
import type { Config } from '../../config/spec.ts';
import { defineConfig, listKey, nonEmpty, stringKey, validList } from '../../config/spec.ts';
import { parseDecimal } from '../../data/decimal.ts';
import { kindOfValue } from '../../data/schema-equality.ts';
import { DataError } from '../../errors.ts';
import { fieldValue, replaceNullKey } from '../record/field-value.ts';
import type { RecordPart } from '../record/record-part.ts';
import { changeMembers, isObject, keyPart, requireObject, requireStruct, valuePart } from '../record/record-part.ts';

const config = defineConfig({
  fields: listKey({ doc: 'Names of the fields to mask.', importance: 'high', check: validList('fields') }),
  replacement: stringKey({
    doc: 'Replacement for numbers and strings; without it, 0 and the empty string.',
    default: null,
    importance: 'low',
    check: text => (text === null ? undefined : nonEmpty(text)),
  }),
  ...replaceNullKey,
});
type Settings = Config<typeof config>;

/** Kafka Connect's MaskField: replaces fields of the key or value with an empty or a fixed value. */
const maskField = (part: RecordPart): TransformFactory<Settings> => ({
  config,
  create: settings => new MaskField(part, settings),
});
export const maskFieldKey = maskField(keyPart);
export const maskFieldValue = maskField(valuePart);

const purpose = 'mask fields';

class MaskField implements Transform {
  readonly #part: RecordPart;
  readonly #fields: ReadonlySet<string>;
  readonly #replacement: string | null;
  readonly #replaceNull: boolean;

  constructor(part: RecordPart, settings: Settings) {
    this.#part = part;
    this.#fields = new Set(settings.fields);
    this.#replacement = settings.replacement;
    this.#replaceNull = settings['replace.null.with.default'];
  }

  apply<R extends ConnectRecord>(record: R): R {
    const schema = this.#part.schema(record);
    const value = this.#part.value(record);
    return this.#part.newRecord(
      record,
      schema,
      schema === null
        ? this.#maskObject(requireObject(value, purpose))
        : this.#maskStruct(requireStruct(value, purpose)),
    );
  }

  #maskObject(value: JsonObject): Value {
    const mask = (member: Value) => this.#maskValue(member, null);
    return changeMembers(
      value,
      [...this.#fields].map(name => [name, mask]),
    );
  }

  #maskStruct(struct: Struct): Struct {
    const values = struct.schema.fields.map(field => {
      const value = fieldValue(struct, field, this.#replaceNull);
      return this.#fields.has(field.name) ? this.#maskValue(value, field.schema) : value;
    });
    return new ValueStruct(struct.schema, values);
  }

  #maskValue(value: Value, schema: Schema | null): Value {
    if (value === null) return null;
    return this.#replacement === null ? emptyValue(value, schema) : replacementValue(value, schema, this.#replacement);
  }
}

function emptyValue(value: Value, schema: Schema | null): Value {
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

function replacementValue(value: Value, schema: Schema | null, text: string): Value {
  if (typeof value === 'string') return text;
  const number = parseDecimal(text);
  if (typeof value !== 'number' && typeof value !== 'bigint' && !(value instanceof Decimal || value instanceof Float64))
    throw new DataError(`Cannot mask value of type ${kindOfValue(value)} with custom replacement.`);
  if (number === undefined) throw new DataError(`Unable to convert ${text} to number`);
  if (value instanceof Decimal) return rescale(number, value.scale);
  if (typeof value === 'bigint') return BigInt.asIntN(64, truncate(number));
  const size = bits[schema?.type ?? ''];
  if (size !== undefined) return Number(BigInt.asIntN(size, truncate(number)));
  const isFloat = value instanceof Float64 || !Number.isSafeInteger(value);
  if (schema === null && isFloat) return Float64.of(Number(text));
  return schema?.type === 'float32' ? Math.fround(Number(text)) : Number(text);
}

const truncate = ({ unscaled, scale }: Decimal): bigint =>
  scale > 0 ? unscaled / 10n ** BigInt(scale) : unscaled * 10n ** BigInt(-scale);

/** Truncates or extends a decimal to the scale of its field, because converters reject other scales. */
function rescale({ unscaled, scale }: Decimal, targetScale: number): Decimal {
  return new Decimal(
    targetScale >= scale
      ? unscaled * 10n ** BigInt(targetScale - scale)
      : unscaled / 10n ** BigInt(scale - targetScale),
    targetScale,
  );
}
