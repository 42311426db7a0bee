import { setTimeout as delay } from 'node:timers/promises';

/** Milliseconds between two polls. */
const EVERY = 100;

/** Polls until the answer is not false. timeoutMs: milliseconds. */
export async function pollUntil<T>(what: string, patience: number, ask: () => Promise<T | false>): Promise<T> {
  const deadline = performance.now() + patience;
  for (;;) {
    const answer = await ask();
    if (answer !== false) return answer;
    if (performance.now() > deadline) throw new Error(`not within ${patience / 1000} s: ${what}`);
    await delay(EVERY);
  }
}
