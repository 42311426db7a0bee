import { setTimeout } from 'node:timers/promises';

/**
 * Asks until `condition` answers something truthy, and answers that. What it throws counts as "not yet"; after the
 * deadline the error names `what` and the last thing seen.
 */
export async function eventually<T>(
  what: string,
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
      const seen = last instanceof Error ? last.message : JSON.stringify(last);
      throw new Error(`not within ${within} ms: ${what}; last seen: ${seen}`, { cause: last });
    }
    await setTimeout(every);
  }
}
