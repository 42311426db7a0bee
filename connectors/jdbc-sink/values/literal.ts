import { Decimal, get, isStruct, type Struct, type Value } from '../../../src/api/index.ts';
import { typeDescription } from './encoder.ts';

/** Converts a value to the text format of a PostgreSQL type. Error messages never contain the value. */
export type Literal = (value: NonNullable<Value>) => string;

/** Literal of values that pass a type guard. expected: the type, for the error. */
export function checked<T>(
  guard: (value: unknown) => value is T,
  expected: string,
  print: (value: T) => string,
): Literal {
  return value => {
    if (!guard(value)) throw new Error(`${typeDescription(value)} but the schema requires ${expected}`);
    return print(value);
  };
}

export const isNumber = (value: unknown): value is number => typeof value === 'number';
export const isWhole = (value: unknown): value is number | bigint =>
  typeof value === 'bigint' || Number.isSafeInteger(value);
export const isBoolean = (value: unknown): value is boolean => typeof value === 'boolean';
export const isString = (value: unknown): value is string => typeof value === 'string';
export const isBytes = (value: unknown): value is Uint8Array => value instanceof Uint8Array;
export const isDate = (value: unknown): value is Date => value instanceof Date && !Number.isNaN(value.getTime());
export const isDecimal = (value: unknown): value is Decimal => value instanceof Decimal;
export const isList = (value: unknown): value is readonly Value[] => Array.isArray(value);
export const isMap = (value: unknown): value is ReadonlyMap<Value, Value> => value instanceof Map;

export const hex = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');

/** Field of a struct; undefined for other values. */
export function fieldOf(value: Value, name: string): Value | undefined {
  return isStruct(value) ? get(value as Struct, name) : undefined;
}

/** Text of a number; preserves the sign of -0. */
export const numberText = (value: number): string => (Object.is(value, -0) ? '-0' : String(value));

/** True for objects without a class, such as those of schemaless JSON. */
export const isPlainObject = (value: unknown): value is Readonly<Record<string, Value>> =>
  typeof value === 'object' &&
  value !== null &&
  (Object.getPrototypeOf(value) === Object.prototype || Object.getPrototypeOf(value) === null);
