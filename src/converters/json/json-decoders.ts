import type { Schema, StructSchema, Value } from '../../api/index.ts';
import { Bytes, Decimal, LogicalName, ValueStruct } from '../../api/index.ts';
import { decimalOf, fromTwosComplement, MAX_SCALE, scaleOf } from '../../data/decimal.ts';
import { fromBase64 } from '../../data/json/json-bytes.ts';
import { double, readInt, readLong, wrongType } from '../../data/json/json-numbers.ts';
import type { JsonReader } from '../../data/json/json-reader.ts';
import { DataError } from '../../errors.ts';

/** Decodes values of one schema. */
export interface Decoder {
  /** Reads the value at the reader's position and advances the reader past it. Throws DataError. */
  read(reader: JsonReader): Value;
  /** Value of a field that is missing in the JSON. Throws DataError if the field is required. */
  valueIfAbsent(): Value;
}

export interface DecodeOptions {
  readonly replaceNullWithDefault: boolean;
}

const LETTER_N = 0x6e;
const QUOTE = 0x22;

/** Compiles and caches one decoder for each schema object. */
export class Decoders {
  readonly #options: DecodeOptions;
  readonly #compiled = new WeakMap<Schema, Decoder>();

  constructor(options: DecodeOptions) {
    this.#options = options;
  }

  decoderOf(schema: Schema): Decoder {
    let decoder = this.#compiled.get(schema);
    if (decoder === undefined) {
      decoder = new SchemaDecoder(schema, this.#compileNonNull(schema), this.#options.replaceNullWithDefault);
      this.#compiled.set(schema, decoder);
    }
    return decoder;
  }

  #compileNonNull(schema: Schema): ReadValue {
    switch (schema.type) {
      case 'struct':
        return structReader(
          schema,
          schema.fields.map(field => this.decoderOf(field.schema)),
        );
      case 'array':
        return arrayReader(this.decoderOf(schema.items));
      case 'map':
        return schema.keys.type === 'string'
          ? stringMapReader(this.decoderOf(schema.values))
          : mapReader(this.decoderOf(schema.keys), this.decoderOf(schema.values));
      default:
        return logicalReader(schema) ?? primitiveReader(schema);
    }
  }
}

type ReadValue = (reader: JsonReader) => Value;

class SchemaDecoder implements Decoder {
  readonly #schema: Schema;
  readonly #readNonNull: ReadValue;
  readonly #default: Value;

  constructor(schema: Schema, readNonNull: ReadValue, replaceNullWithDefault: boolean) {
    this.#schema = schema;
    this.#readNonNull = readNonNull;
    this.#default = replaceNullWithDefault ? (schema.default ?? null) : null;
  }

  read(reader: JsonReader): Value {
    if (reader.peek() !== LETTER_N) return this.#readNonNull(reader);
    reader.word();
    return this.valueIfAbsent();
  }

  valueIfAbsent(): Value {
    if (this.#default === null && !this.#schema.optional)
      throw new DataError(`Invalid null value for required ${this.#schema.type.toUpperCase()} field`);
    return this.#default;
  }
}

function structReader(schema: StructSchema, decoders: readonly Decoder[]): ReadValue {
  const count = decoders.length;
  // Jackson and most other writers emit members in the schema's order without blanks; then matching a name is one
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
    for (let i = inOrder; i < count; i++)
      if (values[i] === undefined) values[i] = (decoders[i] as Decoder).valueIfAbsent();
    return new ValueStruct(schema, values as Value[]);
  };
}

/** `"name":` of each field, as slices of one buffer. */
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

/** Reads a member name and its colon. Returns the index of the field, or -1. */
function memberIndex(schema: StructSchema, reader: JsonReader): number {
  const name = reader.string();
  reader.space();
  reader.expect(0x3a);
  return schema.byName.get(name)?.index ?? -1;
}

const arrayReader =
  (item: Decoder): ReadValue =>
  reader => {
    const type = reader.nodeType();
    if (type !== 'ARRAY') throw new DataError(`Arrays should be encoded as JSON arrays, but found ${type}`);
    const items: Value[] = [];
    reader.array(() => {
      items.push(item.read(reader));
    });
    return items;
  };

const stringMapReader =
  (item: Decoder): ReadValue =>
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

const mapReader =
  (key: Decoder, item: Decoder): ReadValue =>
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

function logicalReader(schema: Schema): ReadValue | undefined {
  switch (schema.name) {
    case LogicalName.Decimal:
      return decimalReader(schema);
    case LogicalName.Date:
      return reader => new Date(readInteger(reader, 'Date', 'integer', 1e8) * DAY_MS);
    case LogicalName.Time:
      return reader => {
        const ms = readInteger(reader, 'Time', 'integer', 2 ** 31);
        if (ms < 0 || ms > DAY_MS)
          throw new DataError('Time values must use number of milliseconds greater than 0 and less than 86400000');
        return new Date(ms);
      };
    case LogicalName.Timestamp:
      return reader => new Date(readInteger(reader, 'Timestamp', 'integral', 8.64e15));
    default:
      return undefined;
  }
}

const DAY_MS = 86_400_000;

/** Reads the integer that represents a value of a logical type, in the range of a JavaScript Date. */
function readInteger(reader: JsonReader, name: string, kind: string, limit: number): number {
  const type = reader.nodeType();
  const text = type === 'NUMBER' ? reader.number() : '';
  const value = Number(text);
  if (!/^-?\d+$/.test(text) || value < -limit || value > limit)
    throw new DataError(`Invalid type for ${name}, underlying representation should be ${kind} but was ${type}`);
  return value;
}

function decimalReader(schema: Schema): ReadValue {
  const scale = scaleOf(schema);
  return reader => {
    const type = reader.nodeType();
    if (type === 'NUMBER') {
      const decimal = decimalOf(reader.number());
      // The digits of a larger scale would not fit into memory.
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

function primitiveReader(schema: Schema): ReadValue {
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
