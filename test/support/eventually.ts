import { setTimeout } from 'node:timers/promises';

/**
 * Polls until `condition` returns a truthy value, and returns that. An exception counts as "not yet"; after the
 * deadline the error contains `description` and the last result.
 */
export async function eventually<T>(
  description: string,
  condition: () => T | Promise<T>,
  { within = 30_000, every = 50 }: { /** Milliseconds. */ within?: number; every?: number } = {},
): Promise<Exclude<T, undefined | null | false | 0 | ''>> {
  const deadline = performance.now() + within;
  let last: unknown;
  for (;;) {
    try {
      last = await condition();
      if (last) return last as Exclude<T, undefined | null | false | 0 | ''>;
    } catch (error) {
      last = error;
    }
    if (performance.now() >= deadline) {
      const result = last instanceof Error ? last.message : JSON.stringify(last);
      throw new Error(`not within ${within} ms: ${description}; last result: ${result}`, { cause: last });
    }
    await setTimeout(every);
  }
}
