import type { Column } from '../table/catalogue.ts';
import { anyKey, exactKey, type KeyKind, type KeyNormalizer } from './key-normalizer.ts';

const integerKinds = new Set<KeyKind>(['int', 'long', 'date', 'time', 'micro-time', 'timestamp', 'micro-timestamp']);
const floatKinds = new Set<KeyKind>(['float', 'double']);

/** Normalizer of the keys of a numeric column; undefined for other types. */
export function numberNormalizer({ type, modifier }: Column, kind: KeyKind): KeyNormalizer | undefined {
  switch (type) {
    case 'int2':
    case 'int4':
    case 'int8':
    case 'oid':
      if (integerKinds.has(kind)) return exactKey;
      if (floatKinds.has(kind)) return roundHalfToEven;
      return kind === 'decimal' ? key => roundToScale(key, 0) : normalizeInteger;
    case 'numeric': {
      const scale = scaleOf(modifier);
      if (scale === undefined) return integerKinds.has(kind) || kind === 'decimal' ? exactKey : normalizeDecimal;
      return integerKinds.has(kind) && scale >= 0 ? exactKey : key => roundToScale(key, scale);
    }
    case 'float4':
      return kind === 'float' ? exactKey : key => String(Math.fround(Number(key)));
    case 'float8':
      return floatKinds.has(kind) || kind === 'int' ? exactKey : key => String(Number(key));
    case 'money':
      return integerKinds.has(kind) ? exactKey : anyKey;
    default:
      return undefined;
  }
}

/** Scale of numeric(p, s), whose modifier is ((p << 16) | s) + 4 with s in eleven bits, signed; undefined without a scale. */
const scaleOf = (modifier: number): number | undefined =>
  modifier < 4 ? undefined : (((modifier - 4) & 0x7ff) ^ 1024) - 1024;

/** PostgreSQL's rounding from float8 to an integer. */
function roundHalfToEven(key: string): string {
  const value = Number(key);
  const below = Math.floor(value);
  if (value - below !== 0.5) return String(Math.round(value) + 0);
  return String((below % 2 === 0 ? below : below + 1) + 0);
}

/** Normalizes a whole number in any of PostgreSQL's spellings. */
function normalizeInteger(key: string): string {
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
/** Maximum number of digits to calculate with. */
const MAX_DIGITS = 20_000;

/** Sign, digits and scale of a decimal; undefined for other text. */
function parseDecimal(text: string): { negative: boolean; digits: string; scale: number } | undefined {
  const match = decimal.exec(text);
  const [, sign, whole = '', fraction = '', exponent = '0'] = match ?? [];
  if (match === null || whole + fraction === '') return undefined;
  return { negative: sign === '-', digits: whole + fraction, scale: fraction.length - Number(exponent) };
}

/** Removes insignificant zeros; NaN and the infinities become the same text. */
function normalizeDecimal(key: string): string {
  const parsed = parseDecimal(key);
  if (parsed === undefined) return '';
  const digits = parsed.digits.replace(/^0+/, '');
  const short = digits.replace(/0+$/, '');
  if (short === '') return '0';
  return `${parsed.negative ? '-' : ''}${short}e${digits.length - short.length - parsed.scale}`;
}

/** PostgreSQL's rounding to numeric(p, s): half away from zero. */
function roundToScale(key: string, scale: number): string {
  const parsed = parseDecimal(key);
  if (parsed === undefined || parsed.digits.length > MAX_DIGITS) return '';
  const shift = scale - parsed.scale;
  const value = BigInt(parsed.digits);
  const unit = 10n ** BigInt(Math.abs(shift));
  const units = shift >= 0 ? value * unit : (value * 2n + unit) / (unit * 2n);
  return String(parsed.negative ? -units : units);
}
