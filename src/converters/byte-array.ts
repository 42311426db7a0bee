import type { ByteWriter, Converter, ConverterFactory, Schema, SchemaAndValue, Value } from '../api/index.ts';
import { schemaOf } from '../api/index.ts';
import type { Config } from '../config/spec.ts';
import { defineConfig } from '../config/spec.ts';
import { kindOfValue } from '../data/schema-equality.ts';
import { DataError } from '../errors.ts';
import { converterType } from './converter-type.ts';

const config = defineConfig({ ...converterType });
const optionalBytes = schemaOf('bytes', { optional: true });

/** Kafka Connect's ByteArrayConverter: passes bytes through unchanged. */
export const byteArrayConverter: ConverterFactory<Config<typeof config>> = { config, create: () => converter };

const converter: Converter = {
  fromConnect(_topic: string, schema: Schema | null, value: Value, out: ByteWriter): boolean {
    if (schema !== null && schema.type !== 'bytes')
      throw new DataError(`Invalid schema type for ByteArrayConverter: ${schema.type.toUpperCase()}`);
    if (value === null || value === undefined) return false;
    if (!(value instanceof Uint8Array))
      throw new DataError(`ByteArrayConverter is not compatible with objects of type ${kindOfValue(value)}`);
    out.raw(value);
    return true;
  },
  toConnect(_topic: string, bytes: Uint8Array | null): SchemaAndValue {
    return { schema: optionalBytes, value: bytes };
  },
};
