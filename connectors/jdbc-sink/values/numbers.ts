import { Decimal, type Value } from '../../../src/api/index.ts';
import type { Messages } from '../protocol/messages.ts';
import { type Encoder, InvalidValueError, wireTypes, wrongType } from './encoder.ts';

/** Size of the longest element of fixed length: its length field and eight bytes. */
const MAX_FIXED_BYTES = 12;

export const int4: Encoder = {
  wire: wireTypes.int4,
  encode(values, count, out) {
    out.reserve(count * MAX_FIXED_BYTES);
    const { data } = out;
    let at = out.length;
    for (let i = 0; i < count; i++) {
      const value = values[i];
      if (value === null || value === undefined) {
        data.setInt32(at, -1);
        at += 4;
        continue;
      }
      if (typeof value !== 'number' || (value | 0) !== value) throw wrongType(i, value, 'a whole number of 32 bits');
      data.setInt32(at, 4);
      data.setInt32(at + 4, value);
      at += 8;
    }
    out.length = at;
  },
};

const MIN_INT8 = -(2n ** 63n);
const MAX_INT8 = 2n ** 63n - 1n;

export const int8: Encoder = {
  wire: wireTypes.int8,
  encode(values, count, out) {
    out.reserve(count * MAX_FIXED_BYTES);
    const { data } = out;
    let at = out.length;
    for (let i = 0; i < count; i++) {
      const value = values[i];
      if (value === null || value === undefined) {
        data.setInt32(at, -1);
        at += 4;
        continue;
      }
      data.setInt32(at, 8);
      if (typeof value === 'bigint') {
        if (value < MIN_INT8 || value > MAX_INT8) throw wrongType(i, value, 'a whole number of 64 bits');
        data.setBigInt64(at + 4, value);
      } else if (typeof value === 'number' && Number.isSafeInteger(value)) setSafeInteger(data, at + 4, value);
      else throw wrongType(i, value, 'a whole number of 64 bits');
      at += 12;
    }
    out.length = at;
  },
};

/** Writes a safe integer as 64 bits without creating a BigInt. */
export function setSafeInteger(data: DataView, at: number, value: number): void {
  const high = Math.floor(value / 0x100000000);
  data.setInt32(at, high);
  data.setUint32(at + 4, value - high * 0x100000000);
}

export const float8: Encoder = {
  wire: wireTypes.float8,
  encode(values, count, out) {
    out.reserve(count * MAX_FIXED_BYTES);
    const { data } = out;
    let at = out.length;
    for (let i = 0; i < count; i++) {
      const value = values[i];
      if (value === null || value === undefined) {
        data.setInt32(at, -1);
        at += 4;
        continue;
      }
      if (typeof value !== 'number') throw wrongType(i, value, 'a floating-point number');
      data.setInt32(at, 8);
      data.setFloat64(at + 4, value);
      at += 12;
    }
    out.length = at;
  },
};

export const float4: Encoder = {
  wire: wireTypes.float4,
  encode(values, count, out) {
    out.reserve(count * MAX_FIXED_BYTES);
    const { data } = out;
    let at = out.length;
    for (let i = 0; i < count; i++) {
      const value = values[i];
      if (value === null || value === undefined) {
        data.setInt32(at, -1);
        at += 4;
        continue;
      }
      if (typeof value !== 'number') throw wrongType(i, value, 'a floating-point number');
      data.setInt32(at, 4);
      data.setFloat32(at + 4, value);
      at += 8;
    }
    out.length = at;
  },
};

export const bool: Encoder = {
  wire: wireTypes.bool,
  encode(values, count, out) {
    out.reserve(count * 5);
    const { data, buffer } = out;
    let at = out.length;
    for (let i = 0; i < count; i++) {
      const value = values[i];
      if (value === null || value === undefined) {
        data.setInt32(at, -1);
        at += 4;
        continue;
      }
      if (typeof value !== 'boolean') throw wrongType(i, value, 'a boolean');
      data.setInt32(at, 1);
      buffer[at + 4] = value ? 1 : 0;
      at += 5;
    }
    out.length = at;
  },
};

/** Booleans for numeric columns: 1 and 0. */
export const boolAsInt: Encoder = {
  wire: wireTypes.int4,
  encode(values, count, out) {
    for (let i = 0; i < count; i++) {
      const value = values[i];
      if (value === null || value === undefined) {
        out.int32(-1);
        continue;
      }
      if (typeof value !== 'boolean') throw wrongType(i, value, 'a boolean');
      out.int32(4);
      out.int32(value ? 1 : 0);
    }
  },
};

/** Encoder of decimals. read: converts a value; null for a value of another type. */
export const numeric = (read: (value: Value) => Decimal | null): Encoder => ({
  wire: wireTypes.numeric,
  encode(values, count, out) {
    for (let i = 0; i < count; i++) {
      const value = values[i];
      if (value === null || value === undefined) {
        out.int32(-1);
        continue;
      }
      const decimal = read(value);
      if (decimal === null) throw wrongType(i, value, 'a decimal');
      writeNumeric(decimal, i, out);
    }
  },
});

export const decimalOrNull = (value: Value): Decimal | null => (value instanceof Decimal ? value : null);

const MAX_SCALE = 16383;
const MAX_WHOLE = 131072;
const NEGATIVE = 0x4000;
/** Below this, the rounded-down quotient by a power of ten is exact in doubles. */
const MAX_EXACT = 2 ** 50;
const BASE = 10_000;

/** Scratch space: base-10000 digits of one number, most significant first. */
const digits = new Int16Array(64);

/**
 * Writes the format of `numeric_recv`: number of base-10000 digits, weight of the first, sign, scale, digits.
 */
function writeNumeric(decimal: Decimal, row: number, out: Messages): void {
  const { scale } = decimal;
  if (scale > MAX_SCALE)
    throw new InvalidValueError(row, `a decimal with a scale of ${scale}; the maximum in PostgreSQL is ${MAX_SCALE}`);
  const unscaled = Number(decimal.unscaled);
  if (scale < 0 || scale > 12 || unscaled >= MAX_EXACT || unscaled <= -MAX_EXACT) {
    writeLongNumeric(decimal, row, out);
    return;
  }
  const magnitude = unscaled < 0 ? -unscaled : unscaled;
  const power = 10 ** scale;
  const whole = Math.floor(magnitude / power);
  const fraction = magnitude - whole * power;
  let count = 0;
  for (let rest = whole; rest > 0; rest = Math.floor(rest / BASE)) digits[count++] = rest % BASE;
  digits.subarray(0, count).reverse();
  const weight = count - 1;
  const groups = (scale + 3) >> 2;
  let rest = fraction * 10 ** (groups * 4 - scale);
  for (let group = groups - 1; group >= 0; group--) {
    digits[count + group] = rest % BASE;
    rest = Math.floor(rest / BASE);
  }
  count += groups;
  while (count > 0 && digits[count - 1] === 0) count--;
  out.reserve(12 + 2 * count);
  const { data } = out;
  const at = out.length;
  data.setInt32(at, 8 + 2 * count);
  data.setInt16(at + 4, count);
  data.setInt16(at + 6, weight);
  data.setInt16(at + 8, unscaled < 0 ? NEGATIVE : 0);
  data.setInt16(at + 10, scale);
  for (let i = 0; i < count; i++) data.setInt16(at + 12 + 2 * i, digits[i] as number);
  out.length = at + 12 + 2 * count;
}

/** Writes numbers of any length, from their decimal text. */
function writeLongNumeric({ unscaled, scale }: Decimal, row: number, out: Messages): void {
  const negative = unscaled < 0n;
  let text = (negative ? -unscaled : unscaled).toString();
  if (scale < 0 && text !== '0') text += '0'.repeat(-scale);
  const shown = Math.max(scale, 0);
  const padded = text.padStart(shown + 1, '0');
  const whole = padded.slice(0, padded.length - shown);
  if (whole.length > MAX_WHOLE)
    throw new InvalidValueError(row, `a number of ${whole.length} digits; the maximum in PostgreSQL is ${MAX_WHOLE}`);
  const wholeGroups = Math.ceil(whole.length / 4);
  const fractionGroups = Math.ceil(shown / 4);
  const all =
    whole.padStart(wholeGroups * 4, '0') + padded.slice(padded.length - shown).padEnd(fractionGroups * 4, '0');
  let first = 0;
  let last = all.length / 4;
  const group = (i: number) => Number(all.slice(i * 4, i * 4 + 4));
  while (last > first && group(last - 1) === 0) last--;
  while (first < last && group(first) === 0) first++;
  const length = out.openLength();
  out.int16(last - first);
  out.int16(last === first ? 0 : wholeGroups - 1 - first);
  out.int16(negative ? NEGATIVE : 0);
  out.int16(shown);
  for (let i = first; i < last; i++) out.int16(group(i));
  out.closeLength(length);
}
