import assert from 'node:assert/strict';
import type { ConfigProps, ConfigProviderFactory } from '../api/index.ts';
import { type Check, check, withTimeout } from './check.ts';
import { configContract, parseConfig } from './config.ts';

export interface ConfigProviderSubject<C> {
  readonly factory: ConfigProviderFactory<C>;
  /** `config.providers.<name>.param.*`. */
  readonly config?: ConfigProps;
  /** A path with at least two keys, whose values are `values`. */
  readonly path: string;
  readonly values: Readonly<Record<string, string>>;
}

/** The contract of configuration providers. */
export function configProviderContract<C>({ factory, config = {}, path, values }: ConfigProviderSubject<C>): Check[] {
  const create = () => factory.create(parseConfig(factory.config, config));
  const keys = Object.keys(values);
  const absent = 'no.such.key.4711';
  return [
    ...configContract(factory.config, config),
    check('get returns the values of the requested keys and no others', async () => {
      assert.ok(keys.length >= 2, 'At least two keys are needed.');
      const provider = create();
      const all = await withTimeout('get', provider.get(path, keys));
      assert.deepEqual(Object.fromEntries(all), values, 'get of all keys does not answer their values.');
      for (const key of keys) {
        const one = await withTimeout('get', provider.get(path, [key]));
        assert.deepEqual([...one], [[key, values[key]]], `get of ${key} alone does not answer its value alone.`);
      }
      assert.equal((await withTimeout('get', provider.get(path, []))).size, 0, 'get of no keys answers something.');
    }),
    check('a missing key is omitted', async () => {
      const [key = ''] = keys;
      const result = await withTimeout('get', create().get(path, [absent, key]));
      assert.ok(!result.has(absent), 'get answers something for a key that is not there.');
      assert.equal(
        result.get(key),
        values[key],
        'Beside a key that is not there, get does not answer the value of one that is.',
      );
    }),
    check('get may be called concurrently', async () => {
      const provider = create();
      const answers = await withTimeout(
        'ten calls of get at once',
        Promise.all(Array.from({ length: 10 }, () => provider.get(path, keys))),
      );
      for (const answer of answers)
        assert.deepEqual(Object.fromEntries(answer), values, 'Asked by many at once, get answers something else.');
    }),
  ];
}
