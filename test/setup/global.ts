import type { TestProject } from 'vitest/node';
import { serversInEnvironment } from './addresses.ts';

/** Gives the tests their servers: `inject('stack')`, or rather `servers()` of test/support. */
export default async function setup(project: TestProject): Promise<void> {
  const { kafka, postgres, temporal } = serversInEnvironment();
  if (kafka && postgres && temporal) project.provide('stack', { kafka, postgres, temporal });
}
