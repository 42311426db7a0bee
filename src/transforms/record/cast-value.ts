import type { Schema, Value } from '../../api/index.ts';
import { Decimal, Float64, javaString, LogicalName } from '../../api/index.ts';
import { headerText } from '../../converters/values/index.ts';
import { floatOf } from '../../data/decimal.ts';
import { javaTrim } from '../../data/java-trim.ts';
import { kindOfValue } from '../../data/schema-equality.ts';
import { DataError } from '../../errors.ts';
import type { CastTarget } from '../connect/cast.ts';

/** A value as Connect's Cast makes it of another type, with Java's own rules for numbers. Throws DataError. */
export function castValue(schema: Schema | null, value: Value, target: CastTarget): Value {
  if (value === null) return null;
  if (schema?.type === 'array' || schema?.type === 'map' || schema?.type === 'struct')
    throw new DataError(`Cast transformation does not support casting from ${schema.type.toUpperCase()}`);
  if (target === 'string') return textOf(schema, value);
  const plain = value instanceof Date ? encoded(schema, value) : value;
  if (
    typeof plain !== 'number' &&
    typeof plain !== 'bigint' &&
    typeof plain !== 'boolean' &&
    typeof plain !== 'string' &&
    !(plain instanceof Decimal || plain instanceof Float64)
  )
    throw new DataError(`Unexpected type in Cast transformation: ${kindOfValue(value)}`);
  if (target === 'boolean') return toBoolean(schema, plain);
  if (target === 'float32' || target === 'float64') {
    const float = toFloating(plain, target);
    return schema === null ? Float64.of(float) : float;
  }
  const bits = Number(target.slice(3));
  const whole = toWhole(schema, plain, bits);
  // Without a schema a whole number is a bigint only beyond 2^53.
  return bits < 64 || (schema === null && Number.isSafeInteger(Number(whole))) ? Number(whole) : whole;
}

type Plain = number | bigint | boolean | string | Decimal | Float64;

function textOf(schema: Schema | null, value: Value): string {
  if (value instanceof Date || value instanceof Uint8Array) return headerText(schema, value);
  if (typeof value === 'object' && !(value instanceof Decimal || value instanceof Float64))
    throw new DataError(`Cast transformation does not support casting from ${kindOfValue(value).toUpperCase()}`);
  return javaString(schema, value);
}

/** What stands behind Connect's dates and times. */
function encoded(schema: Schema | null, value: Date): number | bigint {
  if (schema?.name === LogicalName.Date) return value.getTime() / 86_400_000;
  return schema?.name === LogicalName.Timestamp ? BigInt(value.getTime()) : value.getTime();
}

const outOfRange = (type: string) => new DataError(`A value was out of range for requested data type ${type}`);

function toWhole(schema: Schema | null, value: Plain, bits: number): bigint {
  if (typeof value === 'boolean') return value ? 1n : 0n;
  if (typeof value === 'string') {
    if (
      !/^[+-]?0*\d{1,19}$/.test(value) ||
      BigInt.asIntN(bits, BigInt(value.replace('+', ''))) !== BigInt(value.replace('+', ''))
    )
      throw outOfRange(`int${bits}`);
    return BigInt(value.replace('+', ''));
  }
  if (value instanceof Decimal) return BigInt.asIntN(bits, cut(value));
  if (typeof value === 'bigint') return BigInt.asIntN(bits, value);
  // Java takes a float into the range of its int or long first, then cuts off what is too much for less.
  const limit = bits === 64 ? 64n : 32n;
  if (value instanceof Float64) return BigInt.asIntN(bits, saturated(value.value, limit));
  const floating = schema === null ? !Number.isSafeInteger(value) : schema.type.startsWith('float');
  return BigInt.asIntN(bits, floating ? saturated(value, limit) : BigInt(value));
}

function saturated(value: number, bits: bigint): bigint {
  if (Number.isNaN(value)) return 0n;
  const limit = 2n ** (bits - 1n);
  if (value >= Number(limit)) return limit - 1n;
  return value <= -Number(limit) ? -limit : BigInt(Math.trunc(value));
}

const cut = ({ unscaled, scale }: Decimal): bigint =>
  scale > 0 ? unscaled / 10n ** BigInt(scale) : unscaled * 10n ** BigInt(-scale);

const javaFloating = /^[+-]?(NaN|Infinity|(\d+(?:\.\d*)?|\.\d+)([eE][+-]?\d+)?[fFdD]?)$/;

function toFloating(value: Plain, target: 'float32' | 'float64'): number {
  if (typeof value === 'string') {
    const text = javaTrim(value);
    if (!javaFloating.test(text)) throw outOfRange('float');
    if (/[nN]/.test(text)) return Number(text);
    const digits = text.replace(/[fFdD]$/, '');
    return target === 'float32' ? floatOf(digits) : Number(digits);
  }
  if (typeof value === 'bigint' || value instanceof Decimal)
    return target === 'float32' ? floatOf(value.toString()) : Number(value.toString());
  return target === 'float32' ? Math.fround(Number(value)) : Number(value);
}

function toBoolean(schema: Schema | null, value: Plain): boolean {
  if (typeof value === 'boolean') return value;
  if (typeof value === 'string') return value.toLowerCase() === 'true';
  return toWhole(schema, value, 64) !== 0n;
}
