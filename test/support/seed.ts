import { randomInt } from 'node:crypto';

/** Numbers that look random and are the same again for the same seed (mulberry32). */
export interface Seeded {
  readonly seed: number;
  /** In [0, 1). */
  next(): number;
  /** A whole number in [from, to). */
  between(from: number, to: number): number;
}

/** The seed is MILLRACE_SEED where that is set; a failing run is repeated by setting it to what the run printed. */
export function seeded(seed = Number(process.env['MILLRACE_SEED'] ?? randomInt(1 << 30))): Seeded {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return { seed, next, between: (from, to) => from + Math.floor(next() * (to - from)) };
}
