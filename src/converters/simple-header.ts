import type { ByteWriter, Converter, ConverterFactory, Schema, SchemaAndValue, Value } from '../api/index.ts';
import type { Config } from '../config/spec.ts';
import { defineConfig } from '../config/spec.ts';
import { replaceUnmappable } from '../data/java-encoding.ts';
import { headerText, parseHeader } from './values/index.ts';

const config = defineConfig({});

/** Kafka Connect's SimpleHeaderConverter, the default for headers: writes values as text and infers the schema when it reads. */
export const simpleHeaderConverter: ConverterFactory<Config<typeof config>> = { config, create: () => converter };

const converter: Converter = {
  fromConnect(_topic: string, schema: Schema | null, value: Value, out: ByteWriter): boolean {
    if (value === null || value === undefined) return false;
    out.utf8(replaceUnmappable(headerText(schema, value), 'utf8'));
    return true;
  },
  toConnect(_topic: string, bytes: Uint8Array | null): SchemaAndValue {
    return bytes === null ? { schema: null, value: null } : parseHeader(Buffer.from(bytes).toString());
  },
};
