import { createHash } from 'node:crypto';

/** Seed of this run; vitest.config.ts generates one if MILLRACE_SEED is not set. */
export const runSeed = (): number => Number(process.env['MILLRACE_SEED'] ?? 0);

/** Seeds for the draws of one test file; the same run seed gives the same on every machine. */
export function fileSeeds(url: string): () => number {
  const file = url.slice(url.lastIndexOf('/test/'));
  let draws = 0;
  return () => createHash('sha256').update(`${runSeed()} ${file} ${draws++}`).digest().readInt32BE(0);
}
