import type { Schema } from '../../api/index.ts';
import { DataError } from '../../errors.ts';
import { decimalOf } from '../decimal.ts';
import type { JsonReader } from './json-reader.ts';

const MINUS = 0x2d;

/** Error for a value of another type than `schema` declares. */
export function wrongType(schema: Schema, found: string): DataError {
  return new DataError(`Invalid type for ${schema.type.toUpperCase()} field: found ${found}`);
}

/** Creates a reader of integers of up to 32 bits. */
export const readInt =
  (schema: Schema, min: number, max: number) =>
  (reader: JsonReader): number => {
    const value = shortInteger(reader) ?? Number(integerText(schema, reader));
    if (value < min || value > max) throw new DataError(`A number is out of the range of ${schema.type.toUpperCase()}`);
    return value;
  };

/** Creates a reader of 64-bit integers, without loss of precision. */
export const readLong =
  (schema: Schema) =>
  (reader: JsonReader): bigint => {
    const value = shortInteger(reader);
    if (value !== undefined) return BigInt(value);
    const long = BigInt(integerText(schema, reader));
    if (BigInt.asIntN(64, long) !== long) throw new DataError('A number is out of the range of INT64');
    return long;
  };

/** Reads an integer of at most 15 digits; returns undefined and consumes nothing for anything else. */
function shortInteger(reader: JsonReader): number | undefined {
  const { bytes, end } = reader;
  let { at } = reader;
  const isNegative = at < end && bytes[at] === MINUS;
  if (isNegative) at++;
  const first = at;
  let value = 0;
  let byte = -1;
  while (at < end) {
    byte = bytes[at] as number;
    if (byte < 0x30 || byte > 0x39) break;
    value = value * 10 + (byte - 0x30);
    at++;
  }
  if (at === first || at - first > 15 || byte === 0x2e || byte === 0x65 || byte === 0x45) return undefined;
  reader.at = at;
  return isNegative && value !== 0 ? -value : value;
}

/** Reads a number as the digits of an integer. `1e3` and `1.0` are integers. */
function integerText(schema: Schema, reader: JsonReader): string {
  if (!reader.isNumber()) throw wrongType(schema, reader.nodeType());
  const text = reader.number();
  if (/^-?\d+$/.test(text)) return text;
  const { unscaled, scale } = decimalOf(text);
  if (scale < -400 || scale > 400) throw new DataError(`A number is out of the range of ${schema.type.toUpperCase()}`);
  if (scale <= 0) return String(unscaled * 10n ** BigInt(-scale));
  const unit = 10n ** BigInt(scale);
  if (unscaled % unit !== 0n)
    throw new DataError(`A number with a fraction is invalid for ${schema.type.toUpperCase()}`);
  return String(unscaled / unit);
}

/** NaN and infinities, which Jackson writes as strings. */
const specialValues = new Map([
  ['NaN', Number.NaN],
  ['Infinity', Number.POSITIVE_INFINITY],
  ['-Infinity', Number.NEGATIVE_INFINITY],
]);

/** Reads a float: a number, or the name of a value that is not a JSON number. */
export function double(schema: Schema, reader: JsonReader): number {
  if (reader.isNumber()) return Number(reader.number());
  const type = reader.nodeType();
  const value = type === 'STRING' ? specialValues.get(reader.string()) : undefined;
  if (value === undefined) throw wrongType(schema, type);
  return value;
}
