import {
  type Config,
  type ConverterFactory,
  DataError,
  defineConfig,
  enumKey,
  isStruct,
  javaString,
  type Schema,
  type Value,
} from 'millrace/api';

const config = defineConfig({
  // Set by the worker: the use of the converter.
  'converter.type': enumKey(['key', 'value', 'header'], { doc: 'How this converter is used.', default: 'value' }),
});

/** `application/x-www-form-urlencoded`: `name=Ada&city=London` ↔ an object of texts. */
export const formConverter: ConverterFactory<Config<typeof config>> = {
  config,
  create: () => ({
    fromConnect(_topic, schema, value, out) {
      if (value === null) return false;
      out.ascii(new URLSearchParams(pairsOf(schema, value)).toString());
      return true;
    },
    toConnect(_topic, bytes) {
      if (bytes === null) return { schema: null, value: null };
      return { schema: null, value: Object.fromEntries(new URLSearchParams(Buffer.from(bytes).toString())) };
    },
  }),
};

function pairsOf(schema: Schema | null, value: Value): [string, string][] {
  if (isStruct(value))
    return value.schema.fields.map(field => [field.name, javaString(field.schema, value.at(field.index))]);
  if (schema !== null || typeof value !== 'object' || Object.getPrototypeOf(value) !== Object.prototype)
    throw new DataError('FormConverter takes structs, and objects without a schema.');
  return Object.entries(value as object).map(([name, item]) => [name, javaString(null, item as Value)]);
}
