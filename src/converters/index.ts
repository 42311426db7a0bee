import type { ConverterFactory } from '../api/index.ts';
import type { NamedComponent } from '../config/connector-config/class-names.ts';

/** A converter class and its module, imported on first use. */
export interface ConverterEntry extends NamedComponent {
  /** True for converters that only support headers. */
  readonly headersOnly?: boolean;
  // biome-ignore lint/suspicious/noExplicitAny: each factory's configuration type is its own
  load(): Promise<ConverterFactory<any>>;
}

const connect = 'org.apache.kafka.connect';

/** All built-in converters. A new converter is a file and an entry here. */
export const converters: readonly ConverterEntry[] = [
  {
    names: [`${connect}.converters.BooleanConverter`],
    load: async () => (await import('./number.ts')).booleanConverter,
  },
  {
    names: [`${connect}.converters.ByteArrayConverter`],
    load: async () => (await import('./byte-array.ts')).byteArrayConverter,
  },
  { names: [`${connect}.converters.DoubleConverter`], load: async () => (await import('./number.ts')).doubleConverter },
  { names: [`${connect}.converters.FloatConverter`], load: async () => (await import('./number.ts')).floatConverter },
  {
    names: [`${connect}.converters.IntegerConverter`],
    load: async () => (await import('./number.ts')).integerConverter,
  },
  { names: [`${connect}.converters.LongConverter`], load: async () => (await import('./number.ts')).longConverter },
  { names: [`${connect}.converters.ShortConverter`], load: async () => (await import('./number.ts')).shortConverter },
  {
    names: [`${connect}.json.JsonConverter`],
    load: async () => (await import('./json/json-converter.ts')).jsonConverter,
  },
  {
    names: [`${connect}.storage.SimpleHeaderConverter`],
    headersOnly: true,
    load: async () => (await import('./simple-header.ts')).simpleHeaderConverter,
  },
  { names: [`${connect}.storage.StringConverter`], load: async () => (await import('./string.ts')).stringConverter },
];
