import { setTimeout as delay } from 'node:timers/promises';

/** Milliseconds between two questions whether something has come true. */
const EVERY = 100;

/** Asks until the answer is not false. patience: milliseconds. */
export async function until<T>(what: string, patience: number, ask: () => Promise<T | false>): Promise<T> {
  const deadline = performance.now() + patience;
  for (;;) {
    const answer = await ask();
    if (answer !== false) return answer;
    if (performance.now() > deadline) throw new Error(`not within ${patience / 1000} s: ${what}`);
    await delay(EVERY);
  }
}
