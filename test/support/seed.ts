import { randomInt } from 'node:crypto';

/** Pseudorandom numbers, reproducible by seed (mulberry32). */
export interface Seeded {
  readonly seed: number;
  /** In [0, 1). */
  next(): number;
  /** An integer in [from, to). */
  between(from: number, to: number): number;
}

/** Uses MILLRACE_SEED if set; to repeat a failed run, set it to the printed seed. */
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
