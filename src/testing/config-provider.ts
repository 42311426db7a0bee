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
      assert.ok(keys.length >= 2, 'values must contain at least two keys.');
      const provider = create();
      const all = await withTimeout('get', provider.get(path, keys));
      assert.deepEqual(Object.fromEntries(all), values, 'get of all keys does not return their values.');
      for (const key of keys) {
        const one = await withTimeout('get', provider.get(path, [key]));
        assert.deepEqual([...one], [[key, values[key]]], `get of ${key} does not return exactly its value.`);
      }
      assert.equal((await withTimeout('get', provider.get(path, []))).size, 0, 'get of no keys returns a value.');
    }),
    check('a missing key is omitted', async () => {
      const [key = ''] = keys;
      const result = await withTimeout('get', create().get(path, [absent, key]));
      assert.ok(!result.has(absent), 'get returns a value for a missing key.');
      assert.equal(
        result.get(key),
        values[key],
        'With a missing key in the request, get does not return the value of the other key.',
      );
    }),
    check('get may be called concurrently', async () => {
      const provider = create();
      const results = await withTimeout(
        'ten concurrent calls of get',
        Promise.all(Array.from({ length: 10 }, () => provider.get(path, keys))),
      );
      for (const result of results)
        assert.deepEqual(Object.fromEntries(result), values, 'Concurrent calls of get return different values.');
    }),
  ];
}
