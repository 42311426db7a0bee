import type { BufferPool } from './record-batch.ts';

const MIB = 1024 * 1024;
/** Largest buffer to keep. Larger ones would be used for small batches afterwards and never be freed. */
const MAX_BUFFER_BYTES = 4 * MIB;
/** Acquisitions between two searches for idle buffers. */
const ROUND = 256;

/**
 * Pool of up to `capacity` bytes of buffers. Buffers beyond that, large buffers and buffers that were idle for a while are left
 * to the garbage collector.
 */
export function bufferPool(capacity: number): BufferPool {
  const free: Buffer[] = [];
  let freeBytes = 0;
  let closed = false;
  let acquired = 0;
  /** Least number of free buffers in this round: that many, at the start of the list, were not needed. */
  let idle = 0;
  const trim = (): void => {
    for (const buffer of free.splice(0, idle)) freeBytes -= buffer.length;
    acquired = 0;
    idle = free.length;
  };
  return {
    acquire(atLeast) {
      if (++acquired > ROUND) trim();
      for (let i = free.length - 1; i >= 0; i--) {
        const buffer = free[i];
        if (buffer === undefined || buffer.length < atLeast) continue;
        const last = free.pop();
        if (last !== undefined && i < free.length) free[i] = last;
        freeBytes -= buffer.length;
        if (free.length < idle) idle = free.length;
        return buffer;
      }
      return Buffer.allocUnsafeSlow(roundUp(atLeast));
    },
    release(buffer) {
      if (closed || buffer.length > MAX_BUFFER_BYTES || freeBytes + buffer.length > capacity) return;
      freeBytes += buffer.length;
      free.push(buffer);
    },
    close() {
      closed = true;
      freeBytes = 0;
      free.length = 0;
    },
  };
}

/** Rounds to few different sizes, so that released buffers can be reused. */
const roundUp = (size: number): number =>
  size > MIB ? Math.ceil(size / MIB) * MIB : 2 ** Math.ceil(Math.log2(Math.max(size, 1)));
