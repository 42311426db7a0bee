import { MillraceError } from '../../src/errors.ts';

/** Builds an input of about `size` characters, bytes or elements. */
export type InputBuilder<T> = (size: number) => T;

const SMALLEST = 1 << 10;
/** Ratio of compared sizes. The time of a linear parser grows by 8, that of a quadratic one by 64. */
const SIZE_RATIO = 8;
/** 8^1.6. */
const MAX_TIME_RATIO = 28;
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
  buildInput: InputBuilder<T>,
  largest = SMALLEST * SIZE_RATIO ** 3,
): string | undefined {
  let previousMs = 0;
  for (let size = SMALLEST; size <= largest; size *= SIZE_RATIO) {
    const input = buildInput(size);
    const allowedMs = Math.max(NOISE_MS, previousMs * MAX_TIME_RATIO);
    const ms = fastest(run, input, allowedMs);
    if (ms > allowedMs)
      return `${size} elements take ${ms.toFixed(1)} ms, ${size / SIZE_RATIO} take ${previousMs.toFixed(2)} ms`;
    previousMs = ms;
  }
  return undefined;
}

/** CPU time of this thread only, independent of other processes. */
function fastest<T>(run: (input: T) => unknown, input: T, enough: number): number {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round++) {
    const before = process.threadCpuUsage();
    runTolerant(run, input);
    const { user, system } = process.threadCpuUsage(before);
    best = Math.min(best, (user + system) / 1000);
    // The first run includes compilation; a fast result needs no second run.
    if (best <= enough) break;
  }
  return best;
}

function runTolerant<T>(run: (input: T) => unknown, input: T): void {
  try {
    run(input);
  } catch (error) {
    if (!(error instanceof MillraceError) && !(error instanceof SyntaxError)) throw error;
  }
}
