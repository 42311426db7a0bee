import type { Decimal, PrimitiveSchema, Value } from '../../api/index.ts';
import { LogicalName, schemaOf } from '../../api/index.ts';
import { floatOf, parseDecimal } from '../../data/decimal.ts';
import { dateReader, dateWriter } from '../../transforms/date-format/index.ts';

/** A value other than an array or map, with its schema. */
export interface Scalar {
  readonly schema: PrimitiveSchema;
  readonly value: Value;
}

/** One schema object for each type; schemas are compared by identity. */
export const schemas = {
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

const decimalSchemas = new Map<number, PrimitiveSchema>();

/** The decimal schema with this scale. `parseDecimal` limits the number of scales and thus the size of the cache. */
function decimalSchema(scale: number): PrimitiveSchema {
  let schema = decimalSchemas.get(scale);
  if (schema === undefined) {
    schema = schemaOf('bytes', { name: LogicalName.Decimal, version: 1, parameters: { scale: String(scale) } });
    decimalSchemas.set(scale, schema);
  }
  return schema;
}

const DATE = 'yyyy-MM-dd';
const TIME = "HH:mm:ss.SSS'Z'";

const temporalFormat = (schema: PrimitiveSchema, syntax: RegExp, pattern: string) => ({
  schema,
  syntax,
  read: dateReader(pattern),
  write: dateWriter(pattern),
});
const temporalFormats = [
  temporalFormat(schemas.date, /^\d{4}-\d\d-\d\d$/, DATE),
  temporalFormat(schemas.time, /^\d\d:\d\d:\d\d\.\d{3}Z$/, TIME),
  temporalFormat(schemas.timestamp, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/, `${DATE}'T'${TIME}`),
];

/**
 * Parses a date, time or timestamp in ISO 8601 and UTC, in the calendar of `java.util.GregorianCalendar`, with or without
 * a backslash before each colon. Returns undefined for other text and for days and times that do not exist, which Connect
 * reads leniently.
 */
export function parseTemporal(text: string): Scalar | undefined {
  const plain = text.replaceAll('\\:', ':');
  const format = temporalFormats.find(({ syntax }) => syntax.test(plain));
  if (format === undefined) return undefined;
  const value = format.read(plain);
  return format.write(value) === plain ? { schema: format.schema, value } : undefined;
}

/** Parses a number as the smallest type that fits; undefined for other text and beyond the limits of `parseDecimal`. */
export function parseNumber(text: string): Scalar | undefined {
  if (/^[+-]?\d{1,15}$/.test(text)) return smallestInteger(BigInt(Number(text)));
  // Connect accepts a leading decimal point only after a sign.
  const decimal = text.startsWith('.') ? undefined : parseDecimal(text);
  if (decimal === undefined) return undefined;
  const whole = toWholeNumber(decimal);
  if (whole !== undefined && BigInt.asIntN(64, whole) === whole) return smallestInteger(whole);
  if (decimal.scale !== 0) {
    const float = floatOf(text);
    if (Number.isFinite(float)) return { schema: schemas.float32, value: float };
    const double = Number(text);
    if (Number.isFinite(double)) return { schema: schemas.float64, value: double };
  }
  return { schema: decimalSchema(decimal.scale), value: decimal };
}

function smallestInteger(whole: bigint): Scalar {
  const value = Number(whole);
  if (value !== value >> 0) return { schema: schemas.int64, value: whole };
  const fitsInto = (bits: number) => (value << (32 - bits)) >> (32 - bits) === value;
  return { schema: fitsInto(8) ? schemas.int8 : fitsInto(16) ? schemas.int16 : schemas.int32, value };
}

/** Returns undefined for fractions and for numbers far beyond 64 bits. */
function toWholeNumber({ unscaled, scale }: Decimal): bigint | undefined {
  if (unscaled === 0n) return 0n;
  if (scale < -20 || scale > 1000) return undefined;
  if (scale <= 0) return unscaled * 10n ** BigInt(-scale);
  const unit = 10n ** BigInt(scale);
  return unscaled % unit === 0n ? unscaled / unit : undefined;
}
