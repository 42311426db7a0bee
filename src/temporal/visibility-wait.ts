import { setTimeout as delay } from 'node:timers/promises';

/** Milliseconds between two looks: the first comes soon, as the index mostly trails by less than that. */
const FIRST_WAIT = 20;
const LAST_WAIT = 200;

interface Wanted {
  readonly name: string;
  readonly there: boolean;
  /** Deadline, as a value of performance.now(). */
  readonly until: number;
  done(): void;
}

/**
 * Waits for Temporal's index, which trails by a moment, to have a name or to have it no longer; for so many milliseconds
 * at the most. All who wait share one look.
 */
export function indexWatch(names: () => Promise<readonly string[]>) {
  let waiting: Wanted[] = [];
  let looking = false;

  async function look(): Promise<void> {
    looking = true;
    try {
      for (let wait = FIRST_WAIT; waiting.length > 0; wait = Math.min(wait * 2, LAST_WAIT)) {
        const asked = waiting.length;
        const found = new Set(await names());
        const settled = waiting.filter(
          // Whoever came while the list was on its way may have missed it.
          ({ name, there, until }, i) => performance.now() > until || (i < asked && found.has(name) === there),
        );
        waiting = waiting.filter(one => !settled.includes(one));
        for (const { done } of settled) done();
        if (settled.length > 0) wait = FIRST_WAIT;
        await delay(wait);
      }
    } finally {
      looking = false;
      // Also where it cannot be asked: who waits has done what it came for.
      for (const { done } of waiting) done();
      waiting = [];
    }
  }

  return (name: string, there: boolean, ms: number): Promise<void> =>
    new Promise(resolve => {
      waiting.push({ name, there, until: performance.now() + ms, done: resolve });
      if (!looking) look().catch(() => {});
    });
}
