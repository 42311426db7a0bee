import {
  type Config,
  type ConverterFactory,
  DataError,
  defineConfig,
  enumKey,
  javaString,
  schemaOf,
} from 'millrace/api';

const config = defineConfig({
  // Set by the worker.
  'converter.type': enumKey(['key', 'value', 'header'], { doc: 'What this converter is used for.', default: 'value' }),
});

const text = schemaOf('string', { optional: true });

/** Texts as hexadecimal digits of their UTF-8. */
export const converter: ConverterFactory<Config<typeof config>> = {
  config,
  create: () => ({
    fromConnect(_topic, schema, value, out) {
      // Kafka's null.
      if (value === null) return false;
      out.ascii(Buffer.from(javaString(schema, value)).toString('hex'));
      return true;
    },
    toConnect(_topic, bytes) {
      if (bytes === null) return { schema: text, value: null };
      const digits = Buffer.from(bytes).toString('latin1');
      if (!/^([0-9a-f]{2})*$/i.test(digits)) throw new DataError('The bytes are no hexadecimal digits.');
      return { schema: text, value: Buffer.from(digits, 'hex').toString() };
    },
  }),
};
