import type { ByteWriter, MapSchema, Schema, StructSchema, Value } from '../../../src/api/index.ts';
import { Bytes, Decimal, isStruct, LogicalName } from '../../../src/api/index.ts';
import { base64, byte, integer } from '../../../src/data/json/json-bytes.ts';
import { DataError } from '../../../src/errors.ts';
import { double, float } from './floats.ts';

/** Appends one value as JSON. Throws DataError for a value that does not fit the schema. */
export type Encode = (value: Value, out: ByteWriter) => void;

export interface EncodeOptions {
  /**
   * Writes Connect's Date in milliseconds, the format of fields mapped as `date`; otherwise in days, like JsonConverter.
   */
  readonly datesInMilliseconds: boolean;
  /** Writes maps with string keys as objects; other maps are always arrays of `{"key": …, "value": …}`. */
  readonly compactMaps: boolean;
}

const DAY_MS = 86_400_000;
const NULL = Buffer.from('null');
const TRUE = Buffer.from('true');
const FALSE = Buffer.from('false');
const [CLOSE, OPEN_LIST, CLOSE_LIST, COMMA, COLON] = [0x7d, 0x5b, 0x5d, 0x2c, 0x3a] as const;

/** Encoders of documents, compiled once for each schema object. */
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
    const encode = this.#encoderOfPresent(schema);
    const nullJson = this.#nullJson(schema, encode);
    if (nullJson === undefined)
      return (value, out) => {
        if (value === null || value === undefined)
          throw new DataError('null value for field that is required and has no default value');
        encode(value, out);
      };
    return (value, out) => {
      if (value === null || value === undefined) out.raw(nullJson);
      else encode(value, out);
    };
  }

  /** JSON of a null value: the default, like in JsonConverter; undefined if null is an error. */
  #nullJson(schema: Schema, encode: Encode): Uint8Array | undefined {
    if (schema.default !== undefined && schema.default !== null) {
      const bytes = new Bytes(64);
      encode(schema.default, bytes);
      return bytes.take();
    }
    return schema.optional ? NULL : undefined;
  }

  #encoderOfPresent(schema: Schema): Encode {
    switch (schema.type) {
      case 'struct':
        return this.#struct(schema);
      case 'map':
        return this.#options.compactMaps && schema.keys.type === 'string' ? this.#object(schema) : this.#pairs(schema);
      case 'array':
        return list(this.encoderOf(schema.items));
      default:
        return this.#logical(schema) ?? primitive(schema);
    }
  }

  #logical(schema: Schema): Encode | undefined {
    switch (schema.name) {
      case LogicalName.Decimal:
        // Exact digits: a double would round.
        return (value, out) => {
          if (!(value instanceof Decimal)) throw invalid('Decimal', value);
          out.ascii(value.toString());
        };
      case LogicalName.Date: {
        const unit = this.#options.datesInMilliseconds ? 1 : DAY_MS;
        return (value, out) => integer(out, Math.floor(time('Date', value) / unit));
      }
      case LogicalName.Time:
      case LogicalName.Timestamp:
        return (value, out) => integer(out, time('Timestamp', value));
      default:
        return undefined;
    }
  }

  #struct(schema: StructSchema): Encode {
    const names = schema.fields.map((field, i) => literal(i === 0 ? '{' : ',', field.name));
    const encoders = schema.fields.map(field => this.encoderOf(field.schema));
    const count = encoders.length;
    const usesOwnJson = this.#matchesJsonConverter(schema);
    return (value, out) => {
      if (!isStruct(value)) throw invalid('struct', value);
      if (usesOwnJson && value.json !== undefined && value.schema === schema) {
        value.json(out);
        return;
      }
      if (count === 0) out.ascii('{');
      for (let i = 0; i < count; i++) {
        out.raw(names[i] as Uint8Array);
        (encoders[i] as Encode)(value.at(i), out);
      }
      byte(out, CLOSE);
    };
  }

  /** True if a struct's own `json`, which writes JsonConverter's format, has the same result as this encoder. */
  #matchesJsonConverter(schema: Schema): boolean {
    switch (schema.type) {
      case 'struct':
        return schema.fields.every(field => this.#matchesJsonConverter(field.schema));
      case 'array':
        return this.#matchesJsonConverter(schema.items);
      case 'map':
        return this.#options.compactMaps && schema.keys.type === 'string' && this.#matchesJsonConverter(schema.values);
      default:
        return (
          schema.name !== LogicalName.Decimal &&
          (schema.name !== LogicalName.Date || !this.#options.datesInMilliseconds)
        );
    }
  }

  #object(schema: MapSchema): Encode {
    const encodeKey = this.encoderOf(schema.keys);
    const encodeValue = this.encoderOf(schema.values);
    return (value, out) => {
      if (!(value instanceof Map)) throw invalid('map', value);
      out.ascii('{');
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
  }

  #pairs(schema: MapSchema): Encode {
    const encodeKey = this.encoderOf(schema.keys);
    const encodeValue = this.encoderOf(schema.values);
    return (value, out) => {
      if (!(value instanceof Map)) throw invalid('map', value);
      byte(out, OPEN_LIST);
      let lead = '{"key":';
      for (const [key, item] of value) {
        out.ascii(lead);
        lead = ',{"key":';
        encodeKey(key, out);
        out.ascii(',"value":');
        encodeValue(item, out);
        byte(out, CLOSE);
      }
      byte(out, CLOSE_LIST);
    };
  }
}

function list(item: Encode): Encode {
  return (value, out) => {
    if (!Array.isArray(value)) throw invalid('array', value);
    byte(out, OPEN_LIST);
    for (let i = 0; i < value.length; i++) {
      if (i > 0) byte(out, COMMA);
      item(value[i] as Value, out);
    }
    byte(out, CLOSE_LIST);
  };
}

function primitive({ type }: Schema): Encode {
  switch (type) {
    case 'int8':
    case 'int16':
    case 'int32':
      return (value, out) => {
        if (typeof value !== 'number' || !Number.isInteger(value)) throw invalid(type, value);
        integer(out, value);
      };
    case 'int64':
      return (value, out) => {
        if (typeof value === 'bigint') out.ascii(value.toString());
        else if (typeof value === 'number' && Number.isSafeInteger(value)) integer(out, value);
        else throw invalid(type, value);
      };
    case 'float32':
    case 'float64': {
      const write = type === 'float32' ? float : double;
      return (value, out) => {
        if (typeof value !== 'number') throw invalid(type, value);
        write(out, value);
      };
    }
    case 'boolean':
      return (value, out) => {
        if (typeof value !== 'boolean') throw invalid(type, value);
        out.raw(value ? TRUE : FALSE);
      };
    case 'string':
      return (value, out) => {
        if (typeof value !== 'string') throw invalid(type, value);
        out.jsonText(value);
      };
    default:
      return (value, out) => {
        if (!(value instanceof Uint8Array)) throw invalid(type, value);
        base64(out, value);
      };
  }
}

function literal(lead: string, name: string): Uint8Array {
  const bytes = new Bytes(64);
  bytes.ascii(lead);
  bytes.jsonText(name);
  bytes.ascii(':');
  return bytes.take();
}

function time(name: string, value: Value): number {
  const ms = value instanceof Date ? value.getTime() : Number.NaN;
  if (Number.isNaN(ms)) throw invalid(name, value);
  return ms;
}

/** Error with the type of an invalid value, never the value. */
function invalid(type: string, value: Value): DataError {
  const actual = value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value;
  return new DataError(`Invalid type for ${type}: ${actual}`);
}
