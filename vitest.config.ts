import { randomInt } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/** Of everything that tests draw: MILLRACE_SEED, or another one for each run. */
const seed = process.env['MILLRACE_SEED'] || String(randomInt(1 << 30));
process.env['MILLRACE_SEED'] = seed;

/** As a plugin imports it. */
const own = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** Tests that kill servers and workers, watch clocks or take every CPU: one file at a time, with time to spare. */
const alone = ['test/chaos/**/*.test.ts', 'test/issues/worker-short-of-cpu.test.ts'];

export default defineConfig({
  resolve: { alias: { 'millrace/api': own('src/public.ts'), 'millrace/testing': own('src/testing/index.ts') } },
  test: {
    pool: 'forks',
    // kafkajs's timers; see bin/millrace.
    execArgv: ['--disable-warning=TimeoutNegativeWarning'],
    globalSetup: ['test/setup/global.ts'],
    setupFiles: ['test/setup/seed.ts'],
    env: { MILLRACE_SEED: seed },
    // For a machine with two cores that does something else as well; what takes long by itself says so at the test.
    testTimeout: 60_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 30_000 } },
    projects: [
      {
        extends: true,
        test: {
          name: 'main',
          include: ['test/**/*.test.ts', '{examples/*,templates/*/*}/test/**/*.test.ts'],
          // test/clients has a configuration of its own.
          exclude: [...alone, 'test/clients/**', 'test/soak/**'],
          // Files mostly wait for servers: three at a time keep two cores busy.
          maxWorkers: 3,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: 'chaos',
          include: alone,
          fileParallelism: false,
          testTimeout: 300_000,
          hookTimeout: 120_000,
          sequence: { groupOrder: 2 },
        },
      },
      ...(process.env['MILLRACE_SOAK'] === undefined
        ? []
        : [
            {
              extends: true as const,
              test: { name: 'soak', include: ['test/soak/**/*.test.ts'], fileParallelism: false },
            },
          ]),
    ],
  },
});
