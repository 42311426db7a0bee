import { converterContract, pluginContract } from 'millrace/testing';
import { describe, test } from 'vitest';
import { converter } from '../src/converter.ts';
import { plugin } from '../src/index.ts';

describe('the plugin', () => {
  for (const { name, run } of pluginContract(plugin)) test(name, run);
});

describe('the converter', () => {
  const samples = [
    { schema: null, value: 'text' },
    { schema: null, value: 'é' },
    // The result of reading, if it differs from the written value.
    { schema: null, value: true, back: 'true' },
  ];
  for (const { name, run } of converterContract({ factory: converter, samples })) test(name, run);
});
