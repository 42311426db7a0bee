import { pluginContract, sinkRecord, transformContract } from 'millrace/testing';
import { describe, expect, test } from 'vitest';
import { plugin } from '../src/index.ts';
import { transform } from '../src/transform.ts';

describe('the plugin', () => {
  for (const { name, run } of pluginContract(plugin)) test(name, run);
});

describe('the transform', () => {
  for (const { name, run } of transformContract({ factory: transform, config: { prefix: 'eu.' } })) test(name, run);

  test('puts a prefix before the topic', () => {
    const record = sinkRecord({ topic: 'orders', value: 'text' });
    expect(transform.create({ prefix: 'eu.' }).apply(record)).toEqual({ ...record, topic: 'eu.orders' });
  });
});
