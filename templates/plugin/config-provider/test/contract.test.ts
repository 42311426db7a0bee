import { configProviderContract, pluginContract } from 'millrace/testing';
import { describe, test } from 'vitest';
import { configProvider } from '../src/config-provider.ts';
import { plugin } from '../src/index.ts';

describe('the plugin', () => {
  for (const { name, run } of pluginContract(plugin)) test(name, run);
});

describe('the configuration provider', () => {
  const values = { user: 'me', password: 's3cret' };
  for (const [key, value] of Object.entries(values)) process.env[`TEST_${key}`] = value;
  const checks = configProviderContract({ factory: configProvider, config: { prefix: 'TEST_' }, path: '', values });
  for (const { name, run } of checks) test(name, run);
});
