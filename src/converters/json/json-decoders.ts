import type { ArraySchema, MapSchema, Schema, StructSchema, Value } from '../../api/index.ts';
import { Bytes, Decimal, LogicalName, ValueStruct } from '../../api/index.ts';
import { decimalOf, fromTwosComplement, MAX_SCALE, scaleOf } from '../../data/decimal.ts';
import { fromBase64 } from '../../data/json/json-bytes.ts';
import { double, readInt, readLong, wrongType } from '../../data/json/json-numbers.ts';
import type { JsonReader } from '../../data/json/json-reader.ts';
import { DataError } from '../../errors.ts';

/** Reads values of one schema. */
export interface Decoder {
  /** Reads the value that the reader stands on and leaves it behind that. Throws DataError. */
  read(reader: JsonReader): Value;
  /** What a field that is not there stands for. Throws DataError where it is required. */
  absent(): Value;
}

export interface DecodeOptions {
  readonly replaceNullWithDefault: boolean;
}

const N = 0x6e;
const QUOTE = 0x22;

/** Decoders compiled once for each schema object. */
export class Decoders {
  readonly #options: DecodeOptions;
  readonly #compiled = new WeakMap<Schema, Decoder>();

  constructor(options: DecodeOptions) {
    this.#options = options;
  }

  of(schema: Schema): Decoder {
    let decoder = this.#compiled.get(schema);
    if (decoder === undefined) {
      decoder = new SchemaDecoder(schema, this.#present(schema), this.#options.replaceNullWithDefault);
      this.#compiled.set(schema, decoder);
    }
    return decoder;
  }

  #present(schema: Schema): Read {
    switch (schema.type) {
      case 'struct':
        return readStruct(
          schema,
          schema.fields.map(field => this.of(field.schema)),
        );
      case 'array':
        return readArray(schema, this.of(schema.items));
      case 'map':
        return schema.keys.type === 'string'
          ? readObject(schema, this.of(schema.values))
          : readPairs(schema, this.of(schema.keys), this.of(schema.values));
      default:
        return logical(schema) ?? primitive(schema);
    }
  }
}

type Read = (reader: JsonReader) => Value;

class SchemaDecoder implements Decoder {
  readonly #schema: Schema;
  readonly #present: Read;
  readonly #default: Value;

  constructor(schema: Schema, present: Read, replaceNull: boolean) {
    this.#schema = schema;
    this.#present = present;
    this.#default = replaceNull ? (schema.default ?? null) : null;
  }

  read(reader: JsonReader): Value {
    if (reader.peek() !== N) return this.#present(reader);
    reader.word();
    return this.absent();
  }

  absent(): Value {
    if (this.#default === null && !this.#schema.optional)
      throw new DataError(`Invalid null value for required ${this.#schema.type.toUpperCase()} field`);
    return this.#default;
  }
}

function readStruct(schema: StructSchema, decoders: readonly Decoder[]): Read {
  const count = decoders.length;
  // Jackson and most other writers put members in the schema's order and no blank between: then a name costs one
  // comparison of bytes.
  const names = memberNames(schema);
  return reader => {
    if (!reader.take(0x7b))
      throw new DataError(`Structs should be encoded as JSON objects, but found ${reader.nodeType()}`);
    reader.enter();
    const values = new Array<Value | undefined>(count);
    let expected = 0;
    let inOrder = 0;
    reader.space();
    if (!reader.take(0x7d)) {
      do {
        reader.space();
        let index = expected;
        if (index >= count || !reader.takeBytes(names[index] as Buffer)) index = memberIndex(schema, reader);
        reader.space();
        if (index < 0) reader.skip();
        else {
          values[index] = (decoders[index] as Decoder).read(reader);
          if (index === inOrder) inOrder++;
          expected = index + 1;
        }
        reader.space();
      } while (reader.take(0x2c));
      reader.expect(0x7d);
    }
    reader.leave();
    for (let i = inOrder; i < count; i++) if (values[i] === undefined) values[i] = (decoders[i] as Decoder).absent();
    return new ValueStruct(schema, values as Value[]);
  };
}

/** `"name":` of each field, all in one piece of memory. */
function memberNames({ fields }: StructSchema): readonly Buffer[] {
  const bytes = new Bytes(64 * fields.length);
  const ends = fields.map(({ name }) => {
    bytes.jsonText(name);
    bytes.ascii(':');
    return bytes.length;
  });
  const all = bytes.take();
  return ends.map((end, i) => all.subarray(ends[i - 1] ?? 0, end));
}

/** Reads any member name and its colon: the field's index, or -1. */
function memberIndex(schema: StructSchema, reader: JsonReader): number {
  const name = reader.string();
  reader.space();
  reader.expect(0x3a);
  return schema.byName.get(name)?.index ?? -1;
}

const readArray =
  (_schema: ArraySchema, item: Decoder): Read =>
  reader => {
    const type = reader.nodeType();
    if (type !== 'ARRAY') throw new DataError(`Arrays should be encoded as JSON arrays, but found ${type}`);
    const items: Value[] = [];
    reader.array(() => {
      items.push(item.read(reader));
    });
    return items;
  };

const readObject =
  (_schema: MapSchema, item: Decoder): Read =>
  reader => {
    const type = reader.nodeType();
    if (type !== 'OBJECT')
      throw new DataError(`Maps with string fields should be encoded as JSON objects, but found ${type}`);
    const map = new Map<Value, Value>();
    reader.object(name => {
      map.set(name, item.read(reader));
    });
    return map;
  };

const readPairs =
  (_schema: MapSchema, key: Decoder, item: Decoder): Read =>
  reader => {
    const type = reader.nodeType();
    if (type !== 'ARRAY')
      throw new DataError(`Maps with non-string fields should be encoded as JSON array of tuples, but found ${type}`);
    const map = new Map<Value, Value>();
    reader.array(() => {
      const entry = reader.nodeType();
      if (entry !== 'ARRAY') throw new DataError(`Found invalid map entry instead of array tuple: ${entry}`);
      const pair: Value[] = [];
      reader.array(() => {
        pair.push((pair.length === 0 ? key : item).read(reader));
      });
      if (pair.length !== 2)
        throw new DataError(`Found invalid map entry, expected length 2 but found :${pair.length}`);
      map.set(pair[0] as Value, pair[1] as Value);
    });
    return map;
  };

function logical(schema: Schema): Read | undefined {
  switch (schema.name) {
    case LogicalName.Decimal:
      return readDecimal(schema);
    case LogicalName.Date:
      return reader => new Date(wholeNumber(reader, 'Date', 'integer', 1e8) * DAY);
    case LogicalName.Time:
      return reader => {
        const ms = wholeNumber(reader, 'Time', 'integer', 2 ** 31);
        if (ms < 0 || ms > DAY)
          throw new DataError('Time values must use number of milliseconds greater than 0 and less than 86400000');
        return new Date(ms);
      };
    case LogicalName.Timestamp:
      return reader => new Date(wholeNumber(reader, 'Timestamp', 'integral', 8.64e15));
    default:
      return undefined;
  }
}

const DAY = 86_400_000;

/** A number behind one of Connect's logical types, in the range that a Date holds. */
function wholeNumber(reader: JsonReader, name: string, kind: string, limit: number): number {
  const type = reader.nodeType();
  const text = type === 'NUMBER' ? reader.number() : '';
  const value = Number(text);
  if (!/^-?\d+$/.test(text) || value < -limit || value > limit)
    throw new DataError(`Invalid type for ${name}, underlying representation should be ${kind} but was ${type}`);
  return value;
}

function readDecimal(schema: Schema): Read {
  const scale = scaleOf(schema);
  return reader => {
    const type = reader.nodeType();
    if (type === 'NUMBER') {
      const decimal = decimalOf(reader.number());
      // Its digits written out would not fit into memory.
      if (Math.abs(decimal.scale) > MAX_SCALE) throw new DataError('A number is out of the range of Decimal');
      return decimal;
    }
    if (type !== 'STRING')
      throw new DataError(
        `Invalid type for Decimal, underlying representation should be numeric or bytes but was ${type}`,
      );
    const short = scale === undefined ? undefined : reader.base64Integer();
    if (short !== undefined) return new Decimal(BigInt(short), scale as number);
    const bytes = fromBase64(reader.string());
    if (bytes === undefined || bytes.length === 0 || scale === undefined)
      throw new DataError('Invalid bytes for Decimal field');
    return new Decimal(fromTwosComplement(bytes), scale);
  };
}

function primitive(schema: Schema): Read {
  switch (schema.type) {
    case 'int8':
      return readInt(schema, -128, 127);
    case 'int16':
      return readInt(schema, -32768, 32767);
    case 'int32':
      return readInt(schema, -(2 ** 31), 2 ** 31 - 1);
    case 'int64':
      return readLong(schema);
    case 'float32':
      return reader => Math.fround(double(schema, reader));
    case 'float64':
      return reader => double(schema, reader);
    case 'boolean':
      return reader => {
        const type = reader.nodeType();
        if (type !== 'BOOLEAN') throw wrongType(schema, type);
        return reader.word();
      };
    case 'string':
      return reader => {
        if (reader.peek() !== QUOTE) throw wrongType(schema, reader.nodeType());
        return reader.string();
      };
    default:
      return reader => {
        const bytes = reader.nodeType() === 'STRING' ? fromBase64(reader.string()) : undefined;
        if (bytes === undefined) throw new DataError('Invalid bytes field');
        return bytes;
      };
  }
}
