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

/** Kafka's serialization of a primitive type: big-endian, with a fixed number of bytes. */
interface PrimitiveCodec {
  /** Name of the type in error messages. */
  readonly name: string;
  readonly type: PrimitiveSchema['type'];
  /** Length in bytes. */
  readonly size: number;
  /** Returns false if the value is not of this type. */
  write(value: Value, bytes: Buffer, offset: number): boolean;
  read(bytes: Buffer): Value;
}

const integerCodec = (name: string, type: PrimitiveSchema['type'], size: 2 | 4): PrimitiveCodec => ({
  name,
  type,
  size,
  write: (value, bytes, offset) => {
    const shift = 32 - size * 8;
    if (typeof value !== 'number' || (value << shift) >> shift !== value) return false;
    bytes.writeIntBE(value, offset, size);
    return true;
  },
  read: bytes => bytes.readIntBE(0, size),
});

const longCodec: PrimitiveCodec = {
  name: 'long',
  type: 'int64',
  size: 8,
  write: (value, bytes, offset) => {
    if (typeof value !== 'bigint' || BigInt.asIntN(64, value) !== value) return false;
    bytes.writeBigInt64BE(value, offset);
    return true;
  },
  read: bytes => bytes.readBigInt64BE(0),
};

const floatCodec: PrimitiveCodec = {
  name: 'float',
  type: 'float32',
  size: 4,
  write: (value, bytes, offset) => typeof value === 'number' && bytes.writeFloatBE(value, offset) > 0,
  read: bytes => bytes.readFloatBE(0),
};

const doubleCodec: PrimitiveCodec = {
  name: 'double',
  type: 'float64',
  size: 8,
  write: (value, bytes, offset) => typeof value === 'number' && bytes.writeDoubleBE(value, offset) > 0,
  read: bytes => bytes.readDoubleBE(0),
};

const booleanCodec: PrimitiveCodec = {
  name: 'boolean',
  type: 'boolean',
  size: 1,
  write: (value, bytes, offset) => typeof value === 'boolean' && bytes.writeUInt8(value ? 1 : 0, offset) > 0,
  read: bytes => {
    const byte = bytes[0];
    if (byte !== 0 && byte !== 1) throw new DataError('Failed to deserialize boolean: the byte is neither 0 nor 1.');
    return byte === 1;
  },
};

function createConverter({ name, type, size, write, read }: PrimitiveCodec): Converter {
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

function createFactory(codec: PrimitiveCodec): Factory {
  const converter = createConverter(codec);
  return { config, create: () => converter };
}

export const shortConverter: Factory = createFactory(integerCodec('short', 'int16', 2));
export const integerConverter: Factory = createFactory(integerCodec('integer', 'int32', 4));
export const longConverter: Factory = createFactory(longCodec);
export const floatConverter: Factory = createFactory(floatCodec);
export const doubleConverter: Factory = createFactory(doubleCodec);
export const booleanConverter: Factory = createFactory(booleanCodec);
