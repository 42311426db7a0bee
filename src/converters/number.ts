import type {
  ByteWriter,
  Converter,
  ConverterFactory,
  PrimitiveSchema,
  Schema,
  SchemaAndValue,
  Value,
} from '../api/index.ts';
import { schemaOf } from '../api/index.ts';
import type { Config } from '../config/spec.ts';
import { defineConfig } from '../config/spec.ts';
import { kindOfValue } from '../data/schema-equality.ts';
import { DataError } from '../errors.ts';
import { converterType } from './converter-type.ts';

const config = defineConfig({ ...converterType });
type Factory = ConverterFactory<Config<typeof config>>;

/** Kafka's own serialization of a number: big-endian, as many bytes as its type has. */
interface Layout {
  /** As messages call it. */
  readonly name: string;
  readonly type: PrimitiveSchema['type'];
  readonly size: number;
  /** False where the value is not of the type. */
  write(value: Value, bytes: Buffer, at: number): boolean;
  read(bytes: Buffer): Value;
}

const whole = (name: string, type: PrimitiveSchema['type'], size: 2 | 4): Layout => ({
  name,
  type,
  size,
  write: (value, bytes, at) => {
    const shift = 32 - size * 8;
    if (typeof value !== 'number' || (value << shift) >> shift !== value) return false;
    bytes.writeIntBE(value, at, size);
    return true;
  },
  read: bytes => bytes.readIntBE(0, size),
});

const long: Layout = {
  name: 'long',
  type: 'int64',
  size: 8,
  write: (value, bytes, at) => {
    if (typeof value !== 'bigint' || BigInt.asIntN(64, value) !== value) return false;
    bytes.writeBigInt64BE(value, at);
    return true;
  },
  read: bytes => bytes.readBigInt64BE(0),
};

const float: Layout = {
  name: 'float',
  type: 'float32',
  size: 4,
  write: (value, bytes, at) => typeof value === 'number' && bytes.writeFloatBE(value, at) > 0,
  read: bytes => bytes.readFloatBE(0),
};

const double: Layout = {
  name: 'double',
  type: 'float64',
  size: 8,
  write: (value, bytes, at) => typeof value === 'number' && bytes.writeDoubleBE(value, at) > 0,
  read: bytes => bytes.readDoubleBE(0),
};

const boolean: Layout = {
  name: 'boolean',
  type: 'boolean',
  size: 1,
  write: (value, bytes, at) => typeof value === 'boolean' && bytes.writeUInt8(value ? 1 : 0, at) > 0,
  read: bytes => {
    const byte = bytes[0];
    if (byte !== 0 && byte !== 1) throw new DataError('Failed to deserialize boolean: the byte is neither 0 nor 1.');
    return byte === 1;
  },
};

function converterOf({ name, type, size, write, read }: Layout): Converter {
  const optional = schemaOf(type, { optional: true });
  return {
    fromConnect(_topic: string, _schema: Schema | null, value: Value, out: ByteWriter): boolean {
      if (value === null || value === undefined) return false;
      out.reserve(size);
      if (!write(value, out.buffer, out.length))
        throw new DataError(`Failed to serialize to ${name} (was ${kindOfValue(value)}).`);
      out.length += size;
      return true;
    },
    toConnect(_topic: string, bytes: Uint8Array | null): SchemaAndValue {
      if (bytes === null) return { schema: optional, value: null };
      if (bytes.length !== size)
        throw new DataError(`Failed to deserialize ${name}: ${size} bytes expected, ${bytes.length} found.`);
      const buffer = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
      return { schema: optional, value: read(buffer) };
    },
  };
}

function factory(layout: Layout): Factory {
  const converter = converterOf(layout);
  return { config, create: () => converter };
}

export const shortConverter: Factory = factory(whole('short', 'int16', 2));
export const integerConverter: Factory = factory(whole('integer', 'int32', 4));
export const longConverter: Factory = factory(long);
export const floatConverter: Factory = factory(float);
export const doubleConverter: Factory = factory(double);
export const booleanConverter: Factory = factory(boolean);
