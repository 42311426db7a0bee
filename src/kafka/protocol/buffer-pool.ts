import type { BufferPool } from './record-batch.ts';

const MIB = 1024 * 1024;
/** A larger buffer is not kept: it would serve small batches from then on, and stay for good. */
const KEPT_BYTES = 4 * MIB;
/** Buffers that are taken between two looks at which of the kept ones were not. */
const ROUND = 256;

/**
 * Keeps up to `capacity` bytes of buffers for use again. The rest is left to the garbage collector: what is beyond, large
 * buffers, and those that were not needed for a while.
 */
export function bufferPool(capacity: number): BufferPool {
  const free: Buffer[] = [];
  let held = 0;
  let closed = false;
  let taken = 0;
  /** Least number of free buffers since the round began: so many, at the bottom, were not needed. */
  let idle = 0;
  const trim = (): void => {
    for (const buffer of free.splice(0, idle)) held -= buffer.length;
    taken = 0;
    idle = free.length;
  };
  return {
    take(atLeast) {
      if (++taken > ROUND) trim();
      for (let i = free.length - 1; i >= 0; i--) {
        const buffer = free[i];
        if (buffer === undefined || buffer.length < atLeast) continue;
        const last = free.pop();
        if (last !== undefined && i < free.length) free[i] = last;
        held -= buffer.length;
        if (free.length < idle) idle = free.length;
        return buffer;
      }
      return Buffer.allocUnsafeSlow(roundedUp(atLeast));
    },
    give(buffer) {
      if (closed || buffer.length > KEPT_BYTES || held + buffer.length > capacity) return;
      held += buffer.length;
      free.push(buffer);
    },
    close() {
      closed = true;
      held = 0;
      free.length = 0;
    },
  };
}

/** Few different sizes, so that what one gives back fits another. */
const roundedUp = (size: number): number =>
  size > MIB ? Math.ceil(size / MIB) * MIB : 2 ** Math.ceil(Math.log2(Math.max(size, 1)));
