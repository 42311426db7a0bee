import type { ByteWriter, MapSchema, PrimitiveSchema, Schema, StructSchema, Value } from '../../api/index.ts';
import { Bytes, Decimal, isStruct, javaBigDecimal, javaDouble, javaFloat, LogicalName } from '../../api/index.ts';
import { scaleOf, twosComplement } from '../../data/decimal.ts';
import { base64, byte, integer } from '../../data/json/json-bytes.ts';
import { kindOfValue, sameStruct, someSchema } from '../../data/schema-equality.ts';
import { DataError } from '../../errors.ts';

/** Appends one value as JSON. Throws DataError. */
export type Encode = (value: Value, out: ByteWriter) => void;

export interface EncodeOptions {
  /** `decimal.format=NUMERIC`: writes decimals as JSON numbers instead of base64 of their two's complement. */
  readonly numericDecimals: boolean;
  readonly replaceNullWithDefault: boolean;
}

const TRUE = Buffer.from('true');
const FALSE = Buffer.from('false');
const NULL = Buffer.from('null');
const [OPEN, CLOSE, OPEN_LIST, CLOSE_LIST, COMMA, COLON] = [0x7b, 0x7d, 0x5b, 0x5d, 0x2c, 0x3a] as const;
const LONG_MIN = -(2n ** 63n);
const LONG_MAX = 2n ** 63n - 1n;

/** Compiles and caches one encoder for each schema object, so that no decision about the schema is made per record. */
export class Encoders {
  readonly #options: EncodeOptions;
  readonly #compiled = new WeakMap<Schema, Encode>();

  constructor(options: EncodeOptions) {
    this.#options = options;
  }

  encoderOf(schema: Schema): Encode {
    let encode = this.#compiled.get(schema);
    if (encode === undefined) {
      encode = this.#compile(schema);
      this.#compiled.set(schema, encode);
    }
    return encode;
  }

  #compile(schema: Schema): Encode {
    const encode = this.#compileNonNull(schema);
    const nullReplacement = this.#nullReplacement(schema, encode);
    if (nullReplacement === undefined)
      return (value, out) => {
        if (value === null || value === undefined)
          throw new DataError('Conversion error: null value for field that is required and has no default value');
        encode(value, out);
      };
    return (value, out) => {
      if (value === null || value === undefined) out.raw(nullReplacement);
      else encode(value, out);
    };
  }

  /** Bytes to write for null; undefined if null is an error. */
  #nullReplacement(schema: Schema, encode: Encode): Uint8Array | undefined {
    if (schema.default !== undefined && schema.default !== null && this.#options.replaceNullWithDefault) {
      const bytes = new Bytes(64);
      encode(schema.default, bytes);
      return bytes.take();
    }
    return schema.optional ? NULL : undefined;
  }

  #compileNonNull(schema: Schema): Encode {
    switch (schema.type) {
      case 'struct':
        return this.#compileStruct(schema);
      case 'map':
        return this.#compileMap(schema);
      case 'array': {
        const item = this.encoderOf(schema.items);
        return (value, out) => {
          if (!Array.isArray(value)) throw invalidType(schema, value);
          byte(out, OPEN_LIST);
          for (let i = 0; i < value.length; i++) {
            if (i > 0) byte(out, COMMA);
            item(value[i] as Value, out);
          }
          byte(out, CLOSE_LIST);
        };
      }
      default:
        return logicalEncoder(schema, this.#options) ?? primitiveEncoder(schema);
    }
  }

  #compileStruct(schema: StructSchema): Encode {
    const names = schema.fields.map((field, i) => {
      const bytes = new Bytes(64);
      bytes.ascii(i === 0 ? '{' : ',');
      bytes.jsonText(field.name);
      bytes.ascii(':');
      return bytes.take();
    });
    const encoders = schema.fields.map(field => this.encoderOf(field.schema));
    const count = encoders.length;
    const usesOwnJson = this.#isUnaffectedBySettings(schema);
    return (value, out) => {
      if (!isStruct(value)) throw invalidType(schema, value);
      if (value.schema !== schema && !sameStruct(value.schema, schema)) throw new DataError('Mismatching schema.');
      if (usesOwnJson && value.json !== undefined) {
        value.json(out);
        return;
      }
      if (count === 0) byte(out, OPEN);
      for (let i = 0; i < count; i++) {
        out.raw(names[i] as Uint8Array);
        (encoders[i] as Encode)(value.at(i), out);
      }
      byte(out, CLOSE);
    };
  }

  /** True if the settings make no difference for this schema, so that a struct's own `json` can be used. */
  #isUnaffectedBySettings(schema: StructSchema): boolean {
    const { numericDecimals, replaceNullWithDefault } = this.#options;
    return !someSchema(
      schema,
      inner =>
        (numericDecimals && inner.name === LogicalName.Decimal) ||
        (!replaceNullWithDefault && inner.optional && (inner.default ?? null) !== null),
    );
  }

  #compileMap(schema: MapSchema): Encode {
    const encodeKey = this.encoderOf(schema.keys);
    const encodeValue = this.encoderOf(schema.values);
    if (schema.keys.type === 'string')
      return (value, out) => {
        if (!(value instanceof Map)) throw invalidType(schema, value);
        byte(out, OPEN);
        let first = true;
        for (const [key, item] of value) {
          if (!first) byte(out, COMMA);
          first = false;
          if (key === null) out.ascii('"null"');
          else encodeKey(key, out);
          byte(out, COLON);
          encodeValue(item, out);
        }
        byte(out, CLOSE);
      };
    return (value, out) => {
      if (!(value instanceof Map)) throw invalidType(schema, value);
      byte(out, OPEN_LIST);
      let first = true;
      for (const [key, item] of value) {
        if (!first) byte(out, COMMA);
        first = false;
        byte(out, OPEN_LIST);
        encodeKey(key, out);
        byte(out, COMMA);
        encodeValue(item, out);
        byte(out, CLOSE_LIST);
      }
      byte(out, CLOSE_LIST);
    };
  }
}

/** Encoder of Connect's logical types; undefined for other schemas. */
function logicalEncoder(schema: PrimitiveSchema | Schema, options: EncodeOptions): Encode | undefined {
  switch (schema.name) {
    case LogicalName.Decimal:
      return decimalEncoder(schema, options.numericDecimals);
    case LogicalName.Date:
      return (value, out) => {
        const ms = epochMillis(value, 'Date');
        if (ms % 86_400_000 !== 0)
          throw new DataError('Kafka Connect Date type should not have any time fields set to non-zero values.');
        integer(out, ms / 86_400_000);
      };
    case LogicalName.Time:
      return (value, out) => {
        const ms = epochMillis(value, 'Time');
        if (ms < 0 || ms >= 86_400_000)
          throw new DataError('Kafka Connect Time type should not have any date fields set to non-zero values.');
        integer(out, ms);
      };
    case LogicalName.Timestamp:
      return (value, out) => integer(out, epochMillis(value, 'Timestamp'));
    default:
      return undefined;
  }
}

function epochMillis(value: Value, name: string): number {
  const ms = value instanceof Date ? value.getTime() : Number.NaN;
  if (Number.isNaN(ms)) throw new DataError(`Invalid type for ${name}, expected Date but was ${kindOfValue(value)}`);
  return ms;
}

function decimalEncoder(schema: Schema, numeric: boolean): Encode {
  const scale = scaleOf(schema);
  return (value, out) => {
    if (!(value instanceof Decimal))
      throw new DataError(`Invalid type for Decimal, expected BigDecimal but was ${kindOfValue(value)}`);
    if (numeric) out.ascii(javaBigDecimal(value));
    else {
      if (scale === undefined) throw new DataError('Invalid Decimal schema: scale parameter not found.');
      if (value.scale !== scale)
        throw new DataError(
          `Decimal value has mismatching scale for given Decimal schema. Schema has scale ${scale}, value has scale ${value.scale}.`,
        );
      base64(out, twosComplement(value.unscaled));
    }
  };
}

function primitiveEncoder(schema: Schema): Encode {
  switch (schema.type) {
    case 'int8':
      return integerEncoder(schema, 8);
    case 'int16':
      return integerEncoder(schema, 16);
    case 'int32':
      return integerEncoder(schema, 32);
    case 'int64':
      return (value, out) => {
        if (typeof value === 'bigint' && value >= LONG_MIN && value <= LONG_MAX) out.ascii(value.toString());
        else if (typeof value === 'number' && Number.isSafeInteger(value)) integer(out, value);
        else throw invalidType(schema, value);
      };
    case 'float32':
      return floatEncoder(schema, value => javaFloat(Math.fround(value)));
    case 'float64':
      return floatEncoder(schema, javaDouble);
    case 'boolean':
      return (value, out) => {
        if (typeof value !== 'boolean') throw invalidType(schema, value);
        out.raw(value ? TRUE : FALSE);
      };
    case 'string':
      return (value, out) => {
        if (typeof value !== 'string') throw invalidType(schema, value);
        out.jsonText(value);
      };
    case 'bytes':
      return (value, out) => {
        if (!(value instanceof Uint8Array)) throw new DataError(`Invalid type for bytes type: ${kindOfValue(value)}`);
        base64(out, value);
      };
    default:
      throw new DataError(`Couldn't translate unsupported schema type ${schema.type}.`);
  }
}

const integerEncoder = (schema: Schema, bits: 8 | 16 | 32): Encode => {
  const shift = 32 - bits;
  return (value, out) => {
    if (typeof value !== 'number' || (value << shift) >> shift !== value) throw invalidType(schema, value);
    integer(out, value);
  };
};

const floatEncoder =
  (schema: Schema, text: (value: number) => string): Encode =>
  (value, out) => {
    if (typeof value !== 'number') throw invalidType(schema, value);
    // Jackson quotes NaN and infinities, which JSON has no numbers for.
    out.ascii(Number.isFinite(value) ? text(value) : `"${value}"`);
  };

function invalidType(schema: Schema, value: Value): DataError {
  return new DataError(`Invalid type for ${schema.type.toUpperCase()}: ${kindOfValue(value)}`);
}
