/**
 * Connect's schema and data model (Apache Kafka `org.apache.kafka.connect.data`).
 *
 * A schema is immutable and created once for each table, format or message type. Encoders and column maps are cached by the
 * schema object, so never create a schema for each record.
 */

export type SchemaType =
  | 'int8'
  | 'int16'
  | 'int32'
  | 'int64'
  | 'float32'
  | 'float64'
  | 'boolean'
  | 'string'
  | 'bytes'
  | 'array'
  | 'map'
  | 'struct';

interface SchemaBase {
  readonly optional: boolean;
  /** Logical or struct name, such as `org.apache.kafka.connect.data.Decimal`. */
  readonly name?: string;
  readonly version?: number;
  readonly doc?: string;
  readonly parameters?: Readonly<Record<string, string>>;
  /** A value of this schema. */
  readonly default?: Value;
}

export interface PrimitiveSchema extends SchemaBase {
  readonly type: Exclude<SchemaType, 'array' | 'map' | 'struct'>;
}
export interface ArraySchema extends SchemaBase {
  readonly type: 'array';
  readonly items: Schema;
}
export interface MapSchema extends SchemaBase {
  readonly type: 'map';
  readonly keys: Schema;
  readonly values: Schema;
}
export interface Field {
  readonly name: string;
  readonly index: number;
  readonly schema: Schema;
}
export interface StructSchema extends SchemaBase {
  readonly type: 'struct';
  readonly fields: readonly Field[];
  /** Fields by name. */
  readonly byName: ReadonlyMap<string, Field>;
}

export type Schema = PrimitiveSchema | ArraySchema | MapSchema | StructSchema;

/**
 * A value in Connect's data model.
 *
 * | schema | JavaScript |
 * |---|---|
 * | int8, int16, int32, float32, float64 | number |
 * | int64 | bigint |
 * | boolean, string | boolean, string |
 * | bytes | Uint8Array |
 * | array | Value[] |
 * | map | Map |
 * | struct | Struct |
 * | bytes named …data.Decimal | Decimal |
 * | int32 named …data.Date or …data.Time, int64 named …data.Timestamp | Date |
 * | no schema | any JSON value: objects and arrays like those of JSON.parse |
 *
 * Debezium's logical types (`io.debezium.time.*`, `io.debezium.data.*`) are numbers, bigints or strings.
 */
export type Value =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | Date
  | Decimal
  | Float64
  | readonly Value[]
  | ReadonlyMap<Value, Value>
  | Struct
  | JsonObject;

/** An object in a value without a schema. */
export interface JsonObject {
  readonly [key: string]: Value | undefined;
}

/** unscaled × 10^-scale, like `java.math.BigDecimal`. */
export class Decimal {
  readonly unscaled: bigint;
  readonly scale: number;
  constructor(unscaled: bigint, scale: number) {
    this.unscaled = unscaled;
    this.scale = scale;
  }

  /** Plain notation, never an exponent: `-12.30`. */
  toString(): string {
    const digits = (this.unscaled < 0n ? -this.unscaled : this.unscaled).toString();
    const sign = this.unscaled < 0n ? '-' : '';
    if (this.scale <= 0) return sign + (digits === '0' ? digits : digits + '0'.repeat(-this.scale));
    const padded = digits.padStart(this.scale + 1, '0');
    return `${sign}${padded.slice(0, -this.scale)}.${padded.slice(-this.scale)}`;
  }
}

/**
 * A float without a schema whose value is an integer, such as 10.0 in JSON; a JavaScript number would be written as 10.
 * Every other float is a number. Arithmetic works on it directly; `Number(value)` converts it.
 */
export class Float64 {
  readonly value: number;
  constructor(value: number) {
    this.value = value;
  }

  /** Creates a float without a schema. */
  static of(value: number): number | Float64 {
    return Number.isSafeInteger(value) ? new Float64(value) : value;
  }

  valueOf(): number {
    return this.value;
  }

  /** Plain notation, never an exponent: `-12.0`. */
  toString(): string {
    return `${Object.is(this.value, -0) ? '-0' : this.value}.0`;
  }
}

/**
 * A row: values in the order of its schema's fields. Immutable.
 *
 * `json` is an optional capability for values that contain the text from the database: it writes the struct like
 * JsonConverter with its default settings, without creating JavaScript values. A property test checks that it writes the
 * values that `at` returns.
 */
export interface Struct {
  readonly schema: StructSchema;
  /** Returns the value of a field; null for a missing optional field. */
  at(index: number): Value;
  json?(out: ByteWriter): void;
}

/** A buffer to which converters append; see `bytes.ts`. */
export interface ByteWriter {
  /** Grows `buffer` so that n bytes fit after `length`. Read `buffer` again after every call. */
  reserve(n: number): void;
  buffer: Buffer;
  /** Number of written bytes; increase it after writing to `buffer`. */
  length: number;
  /** Appends bytes unchanged. */
  raw(bytes: Uint8Array): void;
  /** Appends source[start, end) unchanged. */
  copy(source: Uint8Array, start: number, end: number): void;
  /** Appends one-byte characters. */
  ascii(text: string): void;
  /** Appends text as UTF-8. */
  utf8(text: string): void;
  /** Appends a JSON string literal, quotes included, of UTF-8 bytes source[start, end). */
  jsonBytes(source: Uint8Array, start: number, end: number): void;
  /** Appends a JSON string literal, quotes included. */
  jsonText(text: string): void;
}

/** A struct of JavaScript values. */
export class ValueStruct implements Struct {
  readonly schema: StructSchema;
  readonly values: readonly Value[];
  constructor(schema: StructSchema, values: readonly Value[]) {
    this.schema = schema;
    this.values = values;
  }
  at(index: number): Value {
    return this.values[index] ?? null;
  }
}

export function isStruct(value: unknown): value is Struct {
  return typeof value === 'object' && value !== null && 'schema' in value && typeof (value as Struct).at === 'function';
}

/** Returns the value of a field by name; undefined when the schema has no such field. */
export function get(struct: Struct, name: string): Value | undefined {
  const field = struct.schema.byName.get(name);
  return field === undefined ? undefined : struct.at(field.index);
}

export interface SchemaOptions {
  readonly optional?: boolean;
  readonly name?: string;
  readonly version?: number;
  readonly doc?: string;
  readonly parameters?: Readonly<Record<string, string>>;
  readonly default?: Value;
}

const base = (options: SchemaOptions) => ({ optional: false, ...options });

export const schemaOf = (type: PrimitiveSchema['type'], options: SchemaOptions = {}): PrimitiveSchema => ({
  type,
  ...base(options),
});
export const arrayOf = (items: Schema, options: SchemaOptions = {}): ArraySchema => ({
  type: 'array',
  items,
  ...base(options),
});
export const mapOf = (keys: Schema, values: Schema, options: SchemaOptions = {}): MapSchema => ({
  type: 'map',
  keys,
  values,
  ...base(options),
});
export function structOf(fields: Readonly<Record<string, Schema>>, options: SchemaOptions = {}): StructSchema {
  const list = Object.entries(fields).map(([name, schema], index): Field => ({ name, index, schema }));
  return structOfFields(list, options);
}
/** Like `structOf`, for names whose order object keys do not preserve, such as digits. */
export function structOfFields(
  fields: readonly { readonly name: string; readonly schema: Schema }[],
  options: SchemaOptions = {},
): StructSchema {
  const list = fields.map(({ name, schema }, index): Field => ({ name, index, schema }));
  return { type: 'struct', fields: list, byName: new Map(list.map(f => [f.name, f])), ...base(options) };
}

/** Returns the schema with `optional` set. */
export function withOptional<S extends Schema>(schema: S, optional: boolean): S {
  return schema.optional === optional ? schema : { ...schema, optional };
}

export const LogicalName = {
  Decimal: 'org.apache.kafka.connect.data.Decimal',
  Date: 'org.apache.kafka.connect.data.Date',
  Time: 'org.apache.kafka.connect.data.Time',
  Timestamp: 'org.apache.kafka.connect.data.Timestamp',
} as const;
