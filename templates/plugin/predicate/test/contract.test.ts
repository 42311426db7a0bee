import { pluginContract, predicateContract, sinkRecord } from 'millrace/testing';
import { describe, expect, test } from 'vitest';
import { plugin } from '../src/index.ts';
import { predicate } from '../src/predicate.ts';

describe('the plugin', () => {
  for (const { name, run } of pluginContract(plugin)) test(name, run);
});

describe('the predicate', () => {
  for (const { name, run } of predicateContract({ factory: predicate, config: { prefix: 'eu.' } })) test(name, run);

  test.each([
    ['eu.orders', true],
    ['us.orders', false],
  ])('%s: %s', (topic, holds) => {
    expect(predicate.create({ prefix: 'eu.' }).test(sinkRecord({ topic }))).toBe(holds);
  });
});
