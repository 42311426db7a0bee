import fc from 'fast-check';
import { afterEach } from 'vitest';
import { runSeed } from '../support/generate/seed.ts';

fc.configureGlobal({ seed: runSeed() });

afterEach(({ task }) => {
  if (task.result?.state === 'fail') console.error(`MILLRACE_SEED=${runSeed()}`);
});
