import { setTimeout as delay } from 'node:timers/promises';

/** Milliseconds between two requests. The first interval is short, since visibility usually lags by less. */
const FIRST_WAIT_MS = 20;
const LAST_WAIT_MS = 200;

interface Waiter {
  readonly name: string;
  readonly isListed: boolean;
  /** Deadline, as a value of performance.now(). */
  readonly deadline: number;
  resolve(): void;
}

/**
 * Waits until Temporal's visibility, which is eventually consistent, lists a name or no longer lists it, at most `ms`
 * milliseconds. All waiters share one request.
 */
export function visibilityWait(list: () => Promise<readonly string[]>) {
  let waiters: Waiter[] = [];
  let isPolling = false;

  async function poll(): Promise<void> {
    isPolling = true;
    try {
      for (let wait = FIRST_WAIT_MS; waiters.length > 0; wait = Math.min(wait * 2, LAST_WAIT_MS)) {
        const count = waiters.length;
        const names = new Set(await list());
        const settled = waiters.filter(
          // The answer may be older than a waiter that was added during the request.
          ({ name, isListed, deadline }, i) =>
            performance.now() > deadline || (i < count && names.has(name) === isListed),
        );
        waiters = waiters.filter(waiter => !settled.includes(waiter));
        for (const { resolve } of settled) resolve();
        if (settled.length > 0) wait = FIRST_WAIT_MS;
        await delay(wait);
      }
    } finally {
      isPolling = false;
      // Also after a failed request: the change itself has succeeded.
      for (const { resolve } of waiters) resolve();
      waiters = [];
    }
  }

  return (name: string, isListed: boolean, ms: number): Promise<void> =>
    new Promise(resolve => {
      waiters.push({ name, isListed, deadline: performance.now() + ms, resolve });
      if (!isPolling) poll().catch(() => {});
    });
}
