import type { Decimal } from '../api/index.ts';

/**
 * Numbers as Java prints them (`Double.toString` and `Float.toString` since JDK 19, `BigDecimal.toString`), which is how
 * Connect's converters and transforms write them.
 */
export function javaDouble(value: number): string {
  const size = Math.abs(value);
  if ((size >= 1e-3 && size < 1e7) || value === 0) return plain(value);
  if (!Number.isFinite(value)) return String(value);
  let text = value.toExponential();
  if (!text.includes('.')) {
    // Java prints two digits where the second brings it closer (only among the smallest doubles).
    const longer = value.toExponential(1);
    if (Number(longer) === value) text = longer;
  }
  return scientific(text);
}

/** value: a float32, as `Math.fround` leaves it. */
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
  // Six digits hold every shorter decimal of a normal float32; below that, digits fade.
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

/** From JavaScript's `1e+23`, `1.5e-7` to Java's `1.0E23`, `1.5E-7`. */
function scientific(text: string): string {
  const [mantissa = '', exponent = ''] = text.split('e');
  return `${mantissa.includes('.') ? mantissa : `${mantissa}.0`}E${exponent.replace('+', '')}`;
}

/** `BigDecimal.toString`: plain unless the scale is negative or more than six zeros follow the point. */
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
