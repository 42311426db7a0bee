import type { Schema, SchemaAndValue, Value } from '../api/index.ts';
import { Decimal, Float64, isStruct, javaString, LogicalName, schemaOf } from '../api/index.ts';
import { parseDecimal } from './decimal.ts';

/** A header's text as Connect's `Values.convertToString` writes it. */
export function headerText(schema: Schema | null, value: Value): string {
  return typeof value === 'string' ? value : embedded(schema, value, value instanceof Uint8Array ? '' : '"');
}

function embedded(schema: Schema | null, value: Value, quote = '"'): string {
  if (value === null) return 'null';
  if (typeof value === 'string') return `"${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
  if (value instanceof Uint8Array) return quote + Buffer.from(value).toString('base64') + quote;
  if (typeof value !== 'object' || value instanceof Decimal || value instanceof Float64)
    return javaString(schema, value);
  if (value instanceof Date) return isoText(value);
  if (Array.isArray(value)) {
    const items = schema?.type === 'array' ? schema.items : null;
    return `[${value.map((item: Value) => embedded(items, item)).join(',')}]`;
  }
  const entry = (name: Value, keys: Schema | null, item: Value, values: Schema | null) =>
    `${embedded(keys, name)}:${embedded(values, item)}`;
  if (value instanceof Map) {
    const [keys, values] = schema?.type === 'map' ? [schema.keys, schema.values] : [null, null];
    return `{${[...(value as ReadonlyMap<Value, Value>)].map(([k, v]) => entry(k, keys, v, values)).join(',')}}`;
  }
  if (isStruct(value))
    return `{${value.schema.fields.map(f => entry(f.name, null, value.at(f.index), f.schema)).join(',')}}`;
  return `{${Object.entries(value)
    .map(([k, v]) => entry(k, null, v as Value, null))
    .join(',')}}`;
}

/** Time of day before the second day of 1970, a date at midnight, else both. */
function isoText(date: Date): string {
  const text = date.toISOString().replace(/^\+0*/, '');
  if (date.getTime() < 86_400_000) return text.slice(-13);
  return date.getTime() % 86_400_000 === 0 ? text.slice(0, -14) : text;
}

const schemas = {
  string: schemaOf('string'),
  boolean: schemaOf('boolean'),
  int8: schemaOf('int8'),
  int16: schemaOf('int16'),
  int32: schemaOf('int32'),
  int64: schemaOf('int64'),
  float32: schemaOf('float32'),
  float64: schemaOf('float64'),
  date: schemaOf('int32', { name: LogicalName.Date, version: 1 }),
  time: schemaOf('int32', { name: LogicalName.Time, version: 1 }),
  timestamp: schemaOf('int64', { name: LogicalName.Timestamp, version: 1 }),
};

/**
 * The schema and value that Connect's `Values.parseString` sees in a header's text: null, booleans, the smallest number
 * type that holds it, ISO 8601 dates and times. Anything else is a string: also lists and maps in brackets, text that
 * only begins with a number, of which Connect keeps just that number, and numbers beyond the limits of a decimal.
 */
export function parseHeader(text: string): SchemaAndValue {
  const token = text.trim();
  if (token === 'null') return { schema: null, value: null };
  if (token === 'true' || token === 'false') return { schema: schemas.boolean, value: token === 'true' };
  return parseTemporal(token) ?? parseNumber(token) ?? { schema: schemas.string, value: text };
}

function parseTemporal(token: string): SchemaAndValue | undefined {
  const match = /^(\d{4}-\d{2}-\d{2})?(T)?(\d{2}:\d{2}:\d{2}\.\d{3}Z)?$/.exec(token);
  if (match === null || token === '') return undefined;
  const [, date, separator, time] = match;
  if ((date !== undefined && time !== undefined) !== (separator !== undefined)) return undefined;
  const value = new Date(`${date ?? '1970-01-01'}T${time ?? '00:00:00.000Z'}`);
  if (Number.isNaN(value.getTime())) return undefined;
  const schema = date === undefined ? schemas.time : time === undefined ? schemas.date : schemas.timestamp;
  return { schema, value };
}

function parseNumber(token: string): SchemaAndValue | undefined {
  // A point comes first only after a sign.
  const decimal = token.startsWith('.') ? undefined : parseDecimal(token);
  if (decimal === undefined) return undefined;
  const whole = wholeOf(decimal);
  if (whole !== undefined && BigInt.asIntN(64, whole) === whole) {
    if (BigInt.asIntN(32, whole) !== whole) return { schema: schemas.int64, value: whole };
    const value = Number(whole);
    const fits = (bits: number) => (value << (32 - bits)) >> (32 - bits) === value;
    return { schema: fits(8) ? schemas.int8 : fits(16) ? schemas.int16 : schemas.int32, value };
  }
  const double = Number(token);
  const float = Math.fround(double);
  if (decimal.scale !== 0 && Number.isFinite(float)) return { schema: schemas.float32, value: float };
  if (decimal.scale !== 0 && Number.isFinite(double)) return { schema: schemas.float64, value: double };
  const parameters = { scale: String(decimal.scale) };
  return { schema: schemaOf('bytes', { name: LogicalName.Decimal, version: 1, parameters }), value: decimal };
}

/** undefined for a fraction, and for what is far beyond 64 bits. */
function wholeOf({ unscaled, scale }: Decimal): bigint | undefined {
  if (scale < -20) return unscaled === 0n ? 0n : undefined;
  if (scale <= 0) return unscaled * 10n ** BigInt(-scale);
  if (scale > 400) return unscaled === 0n ? 0n : undefined;
  const unit = 10n ** BigInt(scale);
  return unscaled % unit === 0n ? unscaled / unit : undefined;
}
