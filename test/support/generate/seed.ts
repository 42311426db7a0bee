import { createHash } from 'node:crypto';

/** The seed of this run: vitest.config.ts draws one where MILLRACE_SEED is not set. */
export const runSeed = (): number => Number(process.env['MILLRACE_SEED'] ?? 0);

/** Seeds of the draws of one test file, the same again for the same run seed, on every machine. */
export function fileSeeds(url: string): () => number {
  const file = url.slice(url.lastIndexOf('/test/'));
  let draws = 0;
  return () => createHash('sha256').update(`${runSeed()} ${file} ${draws++}`).digest().readInt32BE(0);
}
