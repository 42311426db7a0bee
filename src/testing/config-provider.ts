import assert from 'node:assert/strict';
import type { ConfigProps, ConfigProviderFactory } from '../api/index.ts';
import { type Check, check, soon } from './check.ts';
import { configContract, configured } from './config.ts';

export interface ConfigProviderSubject<C> {
  readonly factory: ConfigProviderFactory<C>;
  /** `config.providers.<name>.param.*`. */
  readonly config?: ConfigProps;
  /** Something that is there: at least two keys below one path. */
  readonly path: string;
  readonly values: Readonly<Record<string, string>>;
}

/** What every configuration provider has to do. */
export function configProviderContract<C>({ factory, config = {}, path, values }: ConfigProviderSubject<C>): Check[] {
  const make = () => factory.create(configured(factory.config, config));
  const keys = Object.keys(values);
  const absent = 'no.such.key.4711';
  return [
    ...configContract(factory.config, config),
    check('it gives the values of the keys that it is asked for, and no others', async () => {
      assert.ok(keys.length >= 2, 'At least two keys are needed.');
      const provider = make();
      const all = await soon('get', provider.get(path, keys));
      assert.deepEqual(Object.fromEntries(all), values, 'get of all keys does not answer their values.');
      for (const key of keys) {
        const one = await soon('get', provider.get(path, [key]));
        assert.deepEqual([...one], [[key, values[key]]], `get of ${key} alone does not answer its value alone.`);
      }
      assert.equal((await soon('get', provider.get(path, []))).size, 0, 'get of no keys answers something.');
    }),
    check('a key that is not there is left out', async () => {
      const [key = ''] = keys;
      const found = await soon('get', make().get(path, [absent, key]));
      assert.ok(!found.has(absent), 'get answers something for a key that is not there.');
      assert.equal(
        found.get(key),
        values[key],
        'Beside a key that is not there, get does not answer the value of one that is.',
      );
    }),
    check('it is asked by many at once', async () => {
      const provider = make();
      const answers = await soon(
        'ten calls of get at once',
        Promise.all(Array.from({ length: 10 }, () => provider.get(path, keys))),
      );
      for (const answer of answers)
        assert.deepEqual(Object.fromEntries(answer), values, 'Asked by many at once, get answers something else.');
    }),
  ];
}
