import { MillraceError } from '../../src/errors.ts';

/** Builds an input of about `size` characters, bytes or elements. */
export type Shape<T> = (size: number) => T;

const SMALLEST = 1 << 10;
/** Ratio of compared sizes. The time of a linear parser grows by 8, that of a quadratic one by 64. */
const STEP = 8;
/** 8^1.6. */
const MOST = 28;
/** CPU times below this are noise of the clock or the garbage collector. */
const NOISE_MS = 25;
const ROUNDS = 3;

/**
 * Returns undefined when the CPU time of `run` grows more slowly than the square of its input, else a sentence with the
 * figures. Sizes grow up to `largest`, stopping at the first that is too slow, so that a quadratic parser fails fast.
 * `run` may reject its input with a MillraceError or SyntaxError; other errors are rethrown.
 */
export function growthProblem<T>(
  run: (input: T) => unknown,
  shape: Shape<T>,
  largest = SMALLEST * STEP ** 3,
): string | undefined {
  let before = 0;
  for (let size = SMALLEST; size <= largest; size *= STEP) {
    const input = shape(size);
    const allowed = Math.max(NOISE_MS, before * MOST);
    const ms = fastest(run, input, allowed);
    if (ms > allowed) return `${size} elements take ${ms.toFixed(1)} ms, ${size / STEP} take ${before.toFixed(2)} ms`;
    before = ms;
  }
  return undefined;
}

/** CPU time of this thread only, independent of other processes. */
function fastest<T>(run: (input: T) => unknown, input: T, enough: number): number {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round++) {
    const before = process.threadCpuUsage();
    tolerated(run, input);
    const { user, system } = process.threadCpuUsage(before);
    best = Math.min(best, (user + system) / 1000);
    // The first run includes compilation; a fast result needs no second run.
    if (best <= enough) break;
  }
  return best;
}

function tolerated<T>(run: (input: T) => unknown, input: T): void {
  try {
    run(input);
  } catch (error) {
    if (!(error instanceof MillraceError) && !(error instanceof SyntaxError)) throw error;
  }
}
