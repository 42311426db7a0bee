import { readFileSync } from 'node:fs';
import type { ConfigProps, Converter, Field, Schema, SchemaOptions, StructSchema, Value } from '../../src/api/index.ts';
import {
  arrayOf,
  Decimal,
  Float64,
  LogicalName,
  mapOf,
  schemaOf,
  structOfFields,
  ValueStruct,
} from '../../src/api/index.ts';
import { jsonConverter } from '../../src/converters/json/json-converter.ts';

/**
 * Notation of the golden files for schemas and values, more exact than JSON: integers and floats as text,
 * bytes as hex, decimals as [unscaled, scale], dates as milliseconds, maps as pairs, structs by position.
 */
export interface NeutralSchema {
  readonly type: Schema['type'];
  readonly optional: boolean;
  readonly name?: string;
  readonly version?: number;
  readonly doc?: string;
  readonly parameters?: readonly (readonly [string, string])[];
  readonly default?: Neutral;
  readonly items?: NeutralSchema;
  readonly keys?: NeutralSchema;
  readonly values?: NeutralSchema;
  readonly fields?: readonly (readonly [string, NeutralSchema])[];
}
export type Neutral = null | boolean | string | number | readonly Neutral[] | { readonly [key: string]: Neutral };

export interface GoldenCase {
  readonly schema: NeutralSchema;
  readonly value: Neutral;
  readonly envelope: string | { readonly error: string };
  readonly plain: string | { readonly error: string };
  /** Absent if equal to `plain`. */
  readonly numeric?: string | { readonly error: string };
  readonly nulls?: string | { readonly error: string };
}

export function readLines<T>(name: string | URL): T[] {
  return readFileSync(typeof name === 'string' ? new URL(`golden/${name}`, import.meta.url) : name, 'utf8')
    .split('\n')
    .filter(line => line !== '')
    .map(line => JSON.parse(line) as T);
}

export function schemaFrom(n: NeutralSchema): Schema {
  const options: SchemaOptions = {
    optional: n.optional,
    ...(n.name === undefined ? {} : { name: n.name }),
    ...(n.version === undefined ? {} : { version: n.version }),
    ...(n.doc === undefined ? {} : { doc: n.doc }),
    ...(n.parameters === undefined ? {} : { parameters: Object.fromEntries(n.parameters) }),
  };
  const schema = schemaWithoutDefault(n, options);
  return n.default === undefined ? schema : { ...schema, default: valueFrom(schema, n.default) };
}

function schemaWithoutDefault(n: NeutralSchema, options: SchemaOptions): Schema {
  if (n.items !== undefined) return arrayOf(schemaFrom(n.items), options);
  if (n.keys !== undefined && n.values !== undefined) return mapOf(schemaFrom(n.keys), schemaFrom(n.values), options);
  if (n.fields !== undefined)
    return structOfFields(
      n.fields.map(([name, schema]) => ({ name, schema: schemaFrom(schema) })),
      options,
    );
  return schemaOf(n.type as 'string', options);
}

export function valueFrom(schema: Schema, value: Neutral): Value {
  if (value === null) return null;
  switch (schema.name) {
    case LogicalName.Decimal: {
      const [unscaled, scale] = value as [string, number];
      return new Decimal(BigInt(unscaled), scale);
    }
    case LogicalName.Date:
    case LogicalName.Time:
    case LogicalName.Timestamp:
      return new Date(Number(value));
  }
  switch (schema.type) {
    case 'struct':
      return structFrom(schema, value as readonly Neutral[]);
    case 'array':
      return (value as readonly Neutral[]).map(item => valueFrom(schema.items, item));
    case 'map':
      return new Map(
        (value as readonly [Neutral, Neutral][]).map(([k, v]) => [
          valueFrom(schema.keys, k),
          valueFrom(schema.values, v),
        ]),
      );
    case 'bytes':
      return Buffer.from(value as string, 'hex');
    case 'int64':
      return BigInt(value as string);
    case 'boolean':
    case 'string':
      return value as boolean | string;
    case 'float32':
      return Math.fround(Number(value));
    default:
      return Number(value);
  }
}

/** A golden value without a schema. */
export function plainFrom(n: Neutral): Value {
  if (n === null || typeof n !== 'object') return n;
  if (Array.isArray(n)) return n.map(plainFrom);
  const { map, long, double } = n as { map?: readonly [string, Neutral][]; long?: string; double?: string };
  if (map !== undefined) return Object.fromEntries(map.map(([key, value]) => [key, plainFrom(value)]));
  if (long === undefined) return Float64.of(Number(double));
  return Number.isSafeInteger(Number(long)) ? Number(long) : BigInt(long);
}

/** One line of text for a value, for documented differences from Connect. */
export const showValue = (value: Value): string =>
  JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'bigint' ? `${inner}n` : typeof inner === 'number' && !Number.isFinite(inner) ? `${inner}` : inner,
  );

export const converter = (props: ConfigProps): Converter => {
  const { config, errors } = jsonConverter.config.check(props);
  if (config === undefined) throw new Error([...errors.values()].join());
  return jsonConverter.create(config, false);
};

/** Converters with the settings of the golden files. */
export const converters = () => ({
  envelope: converter({}),
  plain: converter({ 'schemas.enable': 'false' }),
  numeric: converter({ 'schemas.enable': 'false', 'decimal.format': 'numeric' }),
  nulls: converter({ 'replace.null.with.default': 'false' }),
  plainNulls: converter({ 'schemas.enable': 'false', 'replace.null.with.default': 'false' }),
  content: converter({
    'schema.content':
      '{"type":"struct","fields":[{"type":"int32","optional":false,"field":"a"},{"type":"string","optional":true,"field":"b"}],"optional":true}',
  }),
});

const structFrom = (schema: StructSchema, values: readonly Neutral[]) =>
  new ValueStruct(
    schema,
    values.map((value, i) => valueFrom((schema.fields[i] as Field).schema, value)),
  );
