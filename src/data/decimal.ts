import type { Schema } from '../api/index.ts';
import { Decimal } from '../api/index.ts';

/** Limit of the characters of a number, like Jackson's. */
export const MAX_NUMBER_LENGTH = 1000;
/** Limit of a decimal's digits after the point, and of zeros before it: PostgreSQL's limit of digits after the point. */
export const MAX_SCALE = 16_383;

/** Scale that a Decimal schema declares; undefined if it is missing, not a number, or beyond `MAX_SCALE`. */
export function scaleOf(schema: Schema): number | undefined {
  const text = schema.parameters?.['scale'];
  const scale = text !== undefined && /^[+-]?\d+$/.test(text) ? Number(text) : Number.NaN;
  return Math.abs(scale) <= MAX_SCALE ? scale : undefined;
}

/** Parses a JSON number with the scale of its digits, like BigDecimal. */
export function decimalOf(text: string): Decimal {
  const [mantissa = '', exponent = '0'] = text.split(/[eE]/);
  const [whole = '', fraction = ''] = mantissa.split('.');
  return new Decimal(BigInt(whole + fraction), fraction.length - Number(exponent));
}

const number = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/;

/** Parses a number in any notation; undefined for other text and for a number beyond the limits. */
export function parseDecimal(text: string): Decimal | undefined {
  if (text.length > MAX_NUMBER_LENGTH || !number.test(text)) return undefined;
  const decimal = decimalOf(text.replace('+', ''));
  return Math.abs(decimal.scale) <= MAX_SCALE ? decimal : undefined;
}

/**
 * Parses the float32 nearest to a number in decimal notation, like Java's `Float.parseFloat`. `Math.fround` of a double rounds
 * twice: the double may be halfway between two floats while the number is not.
 */
export function floatOf(text: string): number {
  const double = Number(text);
  const float = Math.fround(double);
  const [low, high] = [1 - Number.EPSILON, 1 + Number.EPSILON]
    .map(factor => Math.min(Math.max(Math.fround(double * factor), -BEYOND_FLOAT), BEYOND_FLOAT))
    .toSorted((a, b) => a - b) as [number, number];
  if (low === high || double - low !== high - double) return float;
  const order = compareToDouble(decimalOf(text.replace('+', '')), double);
  return order === 0 ? float : Math.fround(order < 0 ? low : high);
}

/** The float after the largest finite one. */
const BEYOND_FLOAT = 2 ** 128;

/** Compares a decimal to a finite double: negative, 0 or positive. */
function compareToDouble({ unscaled, scale }: Decimal, double: number): number {
  let mantissa = double;
  let exponent = 0n;
  for (; !Number.isInteger(mantissa); exponent++) mantissa *= 2;
  const left = (unscaled << exponent) * 10n ** BigInt(Math.max(-scale, 0));
  const right = BigInt(mantissa) * 10n ** BigInt(Math.max(scale, 0));
  return left < right ? -1 : left > right ? 1 : 0;
}

/** Big-endian two's complement with the fewest bytes, like `BigInteger.toByteArray`. */
export function twosComplement(value: bigint): Uint8Array {
  const small = Number(value);
  if (small >= -(2 ** 47) && small < 2 ** 47) return smallTwosComplement(small);
  const bits = (value < 0n ? -value - 1n : value).toString(2).replace(/^0$/, '').length + 1;
  const length = Math.ceil(bits / 8);
  const hex = BigInt.asUintN(length * 8, value)
    .toString(16)
    .padStart(length * 2, '0');
  return Buffer.from(hex, 'hex');
}

function smallTwosComplement(value: number): Uint8Array {
  let length = 1;
  for (let limit = 128; value < -limit || value >= limit; limit *= 256) length++;
  const bytes = new Uint8Array(length);
  let rest = value;
  for (let i = length - 1; i >= 0; i--) {
    const byte = ((rest % 256) + 256) % 256;
    bytes[i] = byte;
    rest = (rest - byte) / 256;
  }
  return bytes;
}

/** Reads big-endian two's complement; requires at least one byte. */
export function fromTwosComplement(bytes: Buffer): bigint {
  return bytes.length <= 6
    ? BigInt(bytes.readIntBE(0, bytes.length))
    : BigInt.asIntN(bytes.length * 8, BigInt(`0x${bytes.toString('hex')}`));
}
