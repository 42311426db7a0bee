import type { BufferPool } from './record-batch.ts';

/** Keeps up to `capacity` bytes of buffers for use again; what is beyond is left to the garbage collector. */
export function bufferPool(capacity: number): BufferPool {
  const free: Buffer[] = [];
  let held = 0;
  let closed = false;
  return {
    take(atLeast) {
      for (let i = free.length - 1; i >= 0; i--) {
        const buffer = free[i];
        if (buffer === undefined || buffer.length < atLeast) continue;
        const last = free.pop();
        if (last !== undefined && i < free.length) free[i] = last;
        held -= buffer.length;
        return buffer;
      }
      return Buffer.allocUnsafeSlow(roundedUp(atLeast));
    },
    give(buffer) {
      if (closed || held + buffer.length > capacity) return;
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

const MIB = 1024 * 1024;

/** Few different sizes, so that what one gives back fits another. */
const roundedUp = (size: number): number =>
  size > MIB ? Math.ceil(size / MIB) * MIB : 2 ** Math.ceil(Math.log2(Math.max(size, 1)));
