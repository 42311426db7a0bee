import type { Schema, Value } from '../../api/index.ts';
import { Decimal, Float64, javaString, LogicalName } from '../../api/index.ts';
import { headerText } from '../../converters/values/index.ts';
import { floatOf } from '../../data/decimal.ts';
import { javaTrim } from '../../data/java-trim.ts';
import { kindOfValue } from '../../data/schema-equality.ts';
import { DataError } from '../../errors.ts';
import type { CastTarget } from '../connect/cast.ts';

/** Converts a value to another type like Connect's Cast, with Java's rules for numbers. Throws DataError. */
export function castValue(schema: Schema | null, value: Value, target: CastTarget): Value {
  if (value === null) return null;
  if (schema?.type === 'array' || schema?.type === 'map' || schema?.type === 'struct')
    throw new DataError(`Cast transformation does not support casting from ${schema.type.toUpperCase()}`);
  if (target === 'string') return toText(schema, value);
  const scalar = value instanceof Date ? toEpoch(schema, value) : value;
  if (
    typeof scalar !== 'number' &&
    typeof scalar !== 'bigint' &&
    typeof scalar !== 'boolean' &&
    typeof scalar !== 'string' &&
    !(scalar instanceof Decimal || scalar instanceof Float64)
  )
    throw new DataError(`Unexpected type in Cast transformation: ${kindOfValue(value)}`);
  if (target === 'boolean') return toBoolean(schema, scalar);
  if (target === 'float32' || target === 'float64') {
    const float = toFloat(scalar, target);
    return schema === null ? Float64.of(float) : float;
  }
  const bits = Number(target.slice(3));
  const integer = toInteger(schema, scalar, bits);
  // Without a schema only integers beyond 2^53 are bigint.
  return bits < 64 || (schema === null && Number.isSafeInteger(Number(integer))) ? Number(integer) : integer;
}

type Scalar = number | bigint | boolean | string | Decimal | Float64;

function toText(schema: Schema | null, value: Value): string {
  if (value instanceof Date || value instanceof Uint8Array) return headerText(schema, value);
  if (typeof value === 'object' && !(value instanceof Decimal || value instanceof Float64))
    throw new DataError(`Cast transformation does not support casting from ${kindOfValue(value).toUpperCase()}`);
  return javaString(schema, value);
}

/** The integer that represents a date or time of Connect. */
function toEpoch(schema: Schema | null, value: Date): number | bigint {
  if (schema?.name === LogicalName.Date) return value.getTime() / 86_400_000;
  return schema?.name === LogicalName.Timestamp ? BigInt(value.getTime()) : value.getTime();
}

const outOfRange = (type: string) => new DataError(`A value was out of range for requested data type ${type}`);

function toInteger(schema: Schema | null, value: Scalar, bits: number): bigint {
  if (typeof value === 'boolean') return value ? 1n : 0n;
  if (typeof value === 'string') {
    if (
      !/^[+-]?0*\d{1,19}$/.test(value) ||
      BigInt.asIntN(bits, BigInt(value.replace('+', ''))) !== BigInt(value.replace('+', ''))
    )
      throw outOfRange(`int${bits}`);
    return BigInt(value.replace('+', ''));
  }
  if (value instanceof Decimal) return BigInt.asIntN(bits, truncate(value));
  if (typeof value === 'bigint') return BigInt.asIntN(bits, value);
  // Java saturates a float to the range of int or long first, then truncates it to the smaller type.
  const limit = bits === 64 ? 64n : 32n;
  if (value instanceof Float64) return BigInt.asIntN(bits, saturate(value.value, limit));
  const isFloat = schema === null ? !Number.isSafeInteger(value) : schema.type.startsWith('float');
  return BigInt.asIntN(bits, isFloat ? saturate(value, limit) : BigInt(value));
}

function saturate(value: number, bits: bigint): bigint {
  if (Number.isNaN(value)) return 0n;
  const limit = 2n ** (bits - 1n);
  if (value >= Number(limit)) return limit - 1n;
  return value <= -Number(limit) ? -limit : BigInt(Math.trunc(value));
}

const truncate = ({ unscaled, scale }: Decimal): bigint =>
  scale > 0 ? unscaled / 10n ** BigInt(scale) : unscaled * 10n ** BigInt(-scale);

const javaFloatSyntax = /^[+-]?(NaN|Infinity|(\d+(?:\.\d*)?|\.\d+)([eE][+-]?\d+)?[fFdD]?)$/;

function toFloat(value: Scalar, target: 'float32' | 'float64'): number {
  if (typeof value === 'string') {
    const text = javaTrim(value);
    if (!javaFloatSyntax.test(text)) throw outOfRange('float');
    if (/[nN]/.test(text)) return Number(text);
    const digits = text.replace(/[fFdD]$/, '');
    return target === 'float32' ? floatOf(digits) : Number(digits);
  }
  if (typeof value === 'bigint' || value instanceof Decimal)
    return target === 'float32' ? floatOf(value.toString()) : Number(value.toString());
  return target === 'float32' ? Math.fround(Number(value)) : Number(value);
}

function toBoolean(schema: Schema | null, value: Scalar): boolean {
  if (typeof value === 'boolean') return value;
  if (typeof value === 'string') return value.toLowerCase() === 'true';
  return toInteger(schema, value, 64) !== 0n;
}
