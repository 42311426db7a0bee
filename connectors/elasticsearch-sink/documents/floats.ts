import type { ByteWriter } from '../../../src/api/index.ts';

/**
 * Appends a double, always with a fraction: Elasticsearch maps a new field by the format of its first number. Values that
 * JSON does not support are strings, like in Jackson.
 */
export function double(out: ByteWriter, value: number): void {
  if (Number.isInteger(value) && Math.abs(value) < 1e21) out.ascii(Object.is(value, -0) ? '-0.0' : `${value}.0`);
  else out.ascii(Number.isFinite(value) ? String(value) : `"${value}"`);
}

/** Appends a float32 with the fewest digits that identify it. */
export function float(out: ByteWriter, value: number): void {
  const single = Math.fround(value);
  if (!Number.isInteger(single) && Number.isFinite(single))
    // Six digits represent every shorter decimal of a normal float32; subnormal numbers have fewer digits.
    for (let digits = Math.abs(single) < 1.2e-38 ? 1 : 6; digits < 9; digits++) {
      const shorter = Number(single.toPrecision(digits));
      if (Math.fround(shorter) === single) {
        double(out, shorter);
        return;
      }
    }
  double(out, single);
}
