import type { ByteWriter } from '../../../src/api/index.ts';

/** Appends one byte. */
export function byte(out: ByteWriter, value: number): void {
  out.reserve(1);
  out.buffer[out.length++] = value;
}

/** Appends a whole number. */
export function integer(out: ByteWriter, value: number): void {
  if (value < 0 || value > 0x7fffffff) {
    out.ascii(String(value));
    return;
  }
  let rest = value | 0;
  let digits = 1;
  for (let limit = 10; digits < 10 && rest >= limit; limit *= 10) digits++;
  out.reserve(digits);
  const { buffer } = out;
  let at = out.length + digits;
  out.length = at;
  do {
    const tens = (rest / 10) | 0;
    buffer[--at] = 0x30 + rest - tens * 10;
    rest = tens;
  } while (rest > 0);
}

/**
 * Appends a double, with a fraction where it is whole: Elasticsearch maps a new field by how its first number is written. As
 * a string, like Jackson, where JSON has no number for it.
 */
export function double(out: ByteWriter, value: number): void {
  if (Number.isInteger(value) && Math.abs(value) < 1e21) out.ascii(Object.is(value, -0) ? '-0.0' : `${value}.0`);
  else out.ascii(Number.isFinite(value) ? String(value) : `"${value}"`);
}

/** Appends a float32 with as few digits as bring it back. */
export function float(out: ByteWriter, value: number): void {
  const single = Math.fround(value);
  if (!Number.isInteger(single) && Number.isFinite(single))
    // Six digits hold every shorter decimal of a normal float32; below that, digits fade.
    for (let digits = Math.abs(single) < 1.2e-38 ? 1 : 6; digits < 9; digits++) {
      const shorter = Number(single.toPrecision(digits));
      if (Math.fround(shorter) === single) {
        double(out, shorter);
        return;
      }
    }
  double(out, single);
}

/** Appends a string of standard base64. */
export function base64(out: ByteWriter, bytes: Uint8Array): void {
  const view = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  out.ascii(`"${view.toString('base64')}"`);
}
