import type { Column } from '../table/catalogue.ts';
import { allEqual, exact, type KeyForm, type KeyKind } from './key-normalizer.ts';

const counts = new Set<KeyKind>(['int', 'long', 'date', 'time', 'micro-time', 'timestamp', 'micro-timestamp']);
const floats = new Set<KeyKind>(['float', 'double']);

/** The form of a number's column; undefined for others. */
export function numberForm({ type, modifier }: Column, kind: KeyKind): KeyForm | undefined {
  switch (type) {
    case 'int2':
    case 'int4':
    case 'int8':
    case 'oid':
      if (counts.has(kind)) return exact;
      if (floats.has(kind)) return halfToEven;
      return kind === 'decimal' ? key => rounded(key, 0) : integerForm;
    case 'numeric': {
      const scale = scaleOf(modifier);
      if (scale === undefined) return counts.has(kind) || kind === 'decimal' ? exact : decimalForm;
      return counts.has(kind) && scale >= 0 ? exact : key => rounded(key, scale);
    }
    case 'float4':
      return kind === 'float' ? exact : key => String(Math.fround(Number(key)));
    case 'float8':
      return floats.has(kind) || kind === 'int' ? exact : key => String(Number(key));
    case 'money':
      return counts.has(kind) ? exact : allEqual;
    default:
      return undefined;
  }
}

/** numeric(p, s): ((p << 16) | s) + 4, s with a sign in eleven bits; undefined without one. */
const scaleOf = (modifier: number): number | undefined =>
  modifier < 4 ? undefined : (((modifier - 4) & 0x7ff) ^ 1024) - 1024;

/** As float8 becomes an integer. */
function halfToEven(key: string): string {
  const value = Number(key);
  const below = Math.floor(value);
  if (value - below !== 0.5) return String(Math.round(value) + 0);
  return String((below % 2 === 0 ? below : below + 1) + 0);
}

/** Text of a whole number in any of PostgreSQL's spellings. */
function integerForm(key: string): string {
  const match = /^\s*([+-]?)([\da-fobx_]+)\s*$/i.exec(key);
  if (match === null) return '';
  try {
    const value = BigInt((match[2] ?? '').replaceAll('_', ''));
    return String(match[1] === '-' ? -value : value);
  } catch {
    return '';
  }
}

const decimal = /^\s*([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,4}))?\s*$/;
/** Digits that are written out at most. */
const MOST_DIGITS = 20_000;

/** Sign, digits and the place of the point, counted from the digits' end; undefined for what is no number here. */
function readDecimal(text: string): { negative: boolean; digits: string; scale: number } | undefined {
  const match = decimal.exec(text);
  const [, sign, whole = '', fraction = '', exponent = '0'] = match ?? [];
  if (match === null || whole + fraction === '') return undefined;
  return { negative: sign === '-', digits: whole + fraction, scale: fraction.length - Number(exponent) };
}

/** Without zeros that say nothing; NaN and infinities are one. */
function decimalForm(key: string): string {
  const read = readDecimal(key);
  if (read === undefined) return '';
  const digits = read.digits.replace(/^0+/, '');
  const short = digits.replace(/0+$/, '');
  if (short === '') return '0';
  return `${read.negative ? '-' : ''}${short}e${digits.length - short.length - read.scale}`;
}

/** As numeric becomes numeric(p, s): half away from zero. */
function rounded(key: string, scale: number): string {
  const read = readDecimal(key);
  if (read === undefined || read.digits.length > MOST_DIGITS) return '';
  const shift = scale - read.scale;
  const value = BigInt(read.digits);
  const unit = 10n ** BigInt(Math.abs(shift));
  const units = shift >= 0 ? value * unit : (value * 2n + unit) / (unit * 2n);
  return String(read.negative ? -units : units);
}
