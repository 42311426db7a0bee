/**
 * Limits concurrency; waiters run in FIFO order. A server that receives hundreds of requests at the same moment answers none
 * of them in time.
 */
export function limitConcurrency(max: number): <T>(act: () => Promise<T>) => Promise<T> {
  let free = max;
  const waiters: (() => void)[] = [];
  return async act => {
    if (free > 0) free--;
    else await new Promise<void>(resolve => waiters.push(resolve));
    try {
      return await act();
    } finally {
      // Passes the slot to the next waiter directly, so that no later call overtakes it.
      const next = waiters.shift();
      if (next === undefined) free++;
      else next();
    }
  };
}
