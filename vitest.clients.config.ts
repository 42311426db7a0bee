import { defineConfig } from 'vitest/config';
import base from './vitest.config.ts';

const { projects: _, ...shared } = base.test ?? {};

/** `npm run test:clients`: clients of Kafka Connect against one Millrace and one Kafka Connect, a file at a time. */
export default defineConfig({
  ...base,
  test: {
    ...shared,
    include: ['test/clients/**/*.test.ts'],
    globalSetup: ['test/setup/global.ts', 'test/clients/setup.ts'],
    fileParallelism: false,
    testTimeout: 180_000,
    hookTimeout: 180_000,
  },
});
