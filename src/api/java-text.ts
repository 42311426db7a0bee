import type { Schema, Value } from './schema.ts';
import { Decimal, Float64, isStruct } from './schema.ts';

/**
 * Formats a double like Java: `Double.toString` since JDK 19. Connect's converters and transforms write numbers in Java's
 * form.
 */
export function javaDouble(value: number): string {
  const size = Math.abs(value);
  if ((size >= 1e-3 && size < 1e7) || value === 0) return plain(value);
  if (!Number.isFinite(value)) return String(value);
  let text = value.toExponential();
  if (!text.includes('.')) {
    // Java prints two digits when the second makes the text more exact, which occurs only for the smallest doubles.
    const longer = value.toExponential(1);
    if (Number(longer) === value) text = longer;
  }
  return scientific(text);
}

/** Formats a float like Java: `Float.toString` since JDK 19. value: a float32, the result of `Math.fround`. */
export function javaFloat(value: number): string {
  const size = Math.abs(value);
  if (!Number.isFinite(value)) return String(value);
  if (Number.isInteger(value) && size < 1e7) return plain(value);
  const shortest = Number(shortestFloat(value, size));
  if (size >= 1e-3 && size < 1e7) return plain(shortest);
  let text = shortest.toExponential();
  if (!text.includes('.')) {
    const longer = value.toExponential(1);
    if (Math.fround(Number(longer)) === value) text = longer;
  }
  return scientific(text);
}

function shortestFloat(value: number, size: number): string {
  // Every normal float32 represents six digits exactly; subnormal ones have fewer.
  for (let digits = size < 1.2e-38 ? 1 : 6; digits < 9; digits++) {
    const text = value.toPrecision(digits);
    if (Math.fround(Number(text)) === value) return text;
  }
  return value.toPrecision(9);
}

function plain(value: number): string {
  const text = Object.is(value, -0) ? '-0' : String(value);
  return Number.isInteger(value) ? `${text}.0` : text;
}

/** Changes JavaScript's `1e+23`, `1.5e-7` to Java's `1.0E23`, `1.5E-7`. */
function scientific(text: string): string {
  const [mantissa = '', exponent = ''] = text.split('e');
  return `${mantissa.includes('.') ? mantissa : `${mantissa}.0`}E${exponent.replace('+', '')}`;
}

/** Formats like `BigDecimal.toString`: plain unless the scale is negative or more than five zeros follow the point. */
export function javaBigDecimal({ unscaled, scale }: Decimal): string {
  const negative = unscaled < 0n;
  const digits = String(negative ? -unscaled : unscaled);
  const sign = negative ? '-' : '';
  const exponent = digits.length - 1 - scale;
  if (scale === 0) return sign + digits;
  if (scale > 0 && exponent >= -6) {
    const padded = digits.padStart(scale + 1, '0');
    return `${sign}${padded.slice(0, -scale)}.${padded.slice(-scale)}`;
  }
  const mantissa = digits.length > 1 ? `${digits[0]}.${digits.slice(1)}` : digits;
  return `${sign}${mantissa}${exponent === 0 ? '' : `E${exponent > 0 ? '+' : ''}${exponent}`}`;
}

/** Formats a value like `toString` of the Java object; bytes, whose `toString` is not their content, as base64. */
export function javaString(schema: Schema | null, value: Value): string {
  if (value === null) return 'null';
  if (typeof value === 'number') return numberText(schema, value);
  if (typeof value !== 'object') return String(value);
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (value instanceof Decimal) return javaBigDecimal(value);
  if (value instanceof Float64) return javaDouble(value.value);
  if (value instanceof Date) return javaDate(value);
  if (Array.isArray(value)) {
    const items = schema?.type === 'array' ? schema.items : null;
    return `[${value.map((item: Value) => javaString(items, item)).join(', ')}]`;
  }
  if (value instanceof Map) {
    const [keys, values] = schema?.type === 'map' ? [schema.keys, schema.values] : [null, null];
    const entries = [...(value as ReadonlyMap<Value, Value>)].map(
      ([key, item]) => `${javaString(keys, key)}=${javaString(values, item)}`,
    );
    return `{${entries.join(', ')}}`;
  }
  if (isStruct(value)) {
    const present = value.schema.fields.filter(field => value.at(field.index) !== null);
    return `Struct{${present.map(f => `${f.name}=${javaString(f.schema, value.at(f.index))}`).join(',')}}`;
  }
  const members = Object.entries(value).map(([name, item]) => `${name}=${javaString(null, item as Value)}`);
  return `{${members.join(', ')}}`;
}

function numberText(schema: Schema | null, value: number): string {
  if (schema?.type === 'float32') return javaFloat(value);
  if (schema?.type === 'float64') return javaDouble(value);
  return Number.isSafeInteger(value) ? String(value) : javaDouble(value);
}

const days = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** Formats like `java.util.Date.toString` in UTC: `Thu Jan 01 20:14:03 UTC 1970`. */
function javaDate(date: Date): string {
  const two = (n: number) => String(n).padStart(2, '0');
  const time = [date.getUTCHours(), date.getUTCMinutes(), date.getUTCSeconds()].map(two).join(':');
  const day = `${days[date.getUTCDay()]} ${months[date.getUTCMonth()]} ${two(date.getUTCDate())}`;
  return `${day} ${time} UTC ${date.getUTCFullYear()}`;
}
