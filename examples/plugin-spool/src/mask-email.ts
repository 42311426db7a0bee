import {
  type Config,
  type ConnectRecord,
  DataError,
  defineConfig,
  get,
  isStruct,
  type JsonObject,
  stringKey,
  type TransformFactory,
  type Value,
  ValueStruct,
} from 'millrace/api';

const config = defineConfig({
  field: stringKey({
    doc: 'The field that holds text with addresses; without one, the whole value is that text.',
    default: '',
  }),
  mask: stringKey({ doc: 'What stands in the place of what is before the @.', default: '***' }),
});

/** `ada@example.com` becomes `***@example.com`, anywhere in a text. Records without an address are not changed. */
export const maskEmail: TransformFactory<Config<typeof config>> = {
  config,
  create({ field, mask }) {
    const masked = (text: string) => text.replace(/[\w.+-]+(?=@[\w-]+\.)/g, () => mask);
    return {
      apply<R extends ConnectRecord>(record: R): R {
        const { value } = record;
        const old = field === '' ? value : memberOf(value, field);
        if (old === null || old === undefined) return record;
        if (typeof old !== 'string') throw new DataError(`${field === '' ? 'The value' : field} is no text.`);
        const text = masked(old);
        if (text === old) return record;
        return { ...record, value: field === '' ? text : withMember(value, field, text) };
      },
    };
  },
};

function memberOf(value: Value, field: string): Value | undefined {
  if (value === null) return null;
  if (isStruct(value)) return get(value, field);
  if (isObject(value)) return value[field];
  throw new DataError(`The value has no fields, and ${field} was to be masked.`);
}

/** Masks a field of a value that has it. */
function withMember(value: Value, field: string, text: string): Value {
  if (!isStruct(value)) return { ...(value as JsonObject), [field]: text };
  const values = value.schema.fields.map(({ name, index }) => (name === field ? text : value.at(index)));
  return new ValueStruct(value.schema, values);
}

const isObject = (value: Value): value is JsonObject =>
  typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
