import { pluginContract, sourceContract } from 'millrace/testing';
import { describe, test } from 'vitest';
import { plugin } from '../src/index.ts';
import { source } from '../src/source.ts';

describe('the plugin', () => {
  for (const { name, run } of pluginContract(plugin)) test(name, run);
});

describe('the source', () => {
  const checks = sourceContract({
    connector: source,
    // Creates the data to read, the same each time; close removes it.
    setUp: async () => ({ config: { topic: 'numbers', last: '10' }, records: 10, close: async () => undefined }),
  });
  for (const { name, run } of checks) test(name, run);
});
