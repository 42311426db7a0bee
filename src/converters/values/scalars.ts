import type { Decimal, PrimitiveSchema, Value } from '../../api/index.ts';
import { LogicalName, schemaOf } from '../../api/index.ts';
import { floatOf, parseDecimal } from '../../data/decimal.ts';
import { dateReader, dateWriter } from '../../transforms/date-format/index.ts';

/** A value that is no array or map, with its own type. */
export interface Scalar {
  readonly schema: PrimitiveSchema;
  readonly value: Value;
}

/** One schema object for each type; types are compared by identity. */
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

/** The schema of decimals of a scale, of which there are as many as `parseDecimal` reads. */
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

const temporal = (schema: PrimitiveSchema, form: RegExp, pattern: string) => ({
  schema,
  form,
  read: dateReader(pattern),
  write: dateWriter(pattern),
});
const temporals = [
  temporal(schemas.date, /^\d{4}-\d\d-\d\d$/, DATE),
  temporal(schemas.time, /^\d\d:\d\d:\d\d\.\d{3}Z$/, TIME),
  temporal(schemas.timestamp, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/, `${DATE}'T'${TIME}`),
];

/**
 * A date, time or timestamp in ISO 8601 and UTC, in the calendar of `java.util.GregorianCalendar`; a backslash may stand
 * before its colons. undefined for other text, and for days and times that do not exist, which Connect reads leniently.
 */
export function parseTemporal(text: string): Scalar | undefined {
  const plain = text.replaceAll('\\:', ':');
  const kind = temporals.find(({ form }) => form.test(plain));
  if (kind === undefined) return undefined;
  const value = kind.read(plain);
  return kind.write(value) === plain ? { schema: kind.schema, value } : undefined;
}

/** A number as the smallest type that holds it; undefined for other text and beyond the limits of `parseDecimal`. */
export function parseNumber(text: string): Scalar | undefined {
  if (/^[+-]?\d{1,15}$/.test(text)) return integer(BigInt(Number(text)));
  // A point comes first only after a sign.
  const decimal = text.startsWith('.') ? undefined : parseDecimal(text);
  if (decimal === undefined) return undefined;
  const whole = wholeOf(decimal);
  if (whole !== undefined && BigInt.asIntN(64, whole) === whole) return integer(whole);
  if (decimal.scale !== 0) {
    const float = floatOf(text);
    if (Number.isFinite(float)) return { schema: schemas.float32, value: float };
    const double = Number(text);
    if (Number.isFinite(double)) return { schema: schemas.float64, value: double };
  }
  return { schema: decimalSchema(decimal.scale), value: decimal };
}

function integer(whole: bigint): Scalar {
  const value = Number(whole);
  if (value !== value >> 0) return { schema: schemas.int64, value: whole };
  const fits = (bits: number) => (value << (32 - bits)) >> (32 - bits) === value;
  return { schema: fits(8) ? schemas.int8 : fits(16) ? schemas.int16 : schemas.int32, value };
}

/** undefined for a fraction, and for what is far beyond 64 bits. */
function wholeOf({ unscaled, scale }: Decimal): bigint | undefined {
  if (unscaled === 0n) return 0n;
  if (scale < -20 || scale > 1000) return undefined;
  if (scale <= 0) return unscaled * 10n ** BigInt(-scale);
  const unit = 10n ** BigInt(scale);
  return unscaled % unit === 0n ? unscaled / unit : undefined;
}
