import assert from 'node:assert/strict';
import type { ConfigSpec, Plugin, PluginComponent } from '../api/index.ts';
import { messageOf } from '../errors.ts';
import { type Check, check } from './check.ts';

type Loaded = { readonly kind?: unknown; readonly config?: ConfigSpec<unknown> } & Readonly<Record<string, unknown>>;

/** Methods that the components of each list must have. */
const methods = {
  sources: ['plan', 'task'],
  sinks: ['task'],
  transforms: ['create'],
  predicates: ['create'],
  converters: ['create'],
  headerConverters: ['create'],
  configProviders: ['create'],
} as const;

/** The contract of a plugin, the export `plugin` of its module. */
export function pluginContract(plugin: Plugin): Check[] {
  const lists = Object.entries(methods).map(([list, needed]) => ({
    list,
    needed,
    components: (plugin[list as keyof typeof methods] ??
      []) as readonly unknown[] as readonly PluginComponent<Loaded>[],
  }));
  return [
    check('it has components with distinct names', () => {
      assert.ok(
        lists.some(({ components }) => components.length > 0),
        'The plugin has no components.',
      );
      for (const { list, components } of lists) {
        const names = components.flatMap(({ className, aliases = [] }) => [className, ...aliases]);
        assert.deepEqual(names, [...new Set(names)], `A name is there twice among ${list}: ${names.join(', ')}.`);
        for (const name of names)
          assert.ok(
            /^[^\s,]+$/.test(name),
            `${JSON.stringify(name)} is no name for a class: it is empty or has blanks or commas.`,
          );
      }
    }),
    check('class names have a package, so that no other plugin has the same', () => {
      for (const { components } of lists)
        for (const { className } of components)
          assert.ok(
            /\w\.\w/.test(className),
            `${className} should have a package before it, such as com.example.${className}.`,
          );
    }),
    check('every component can be loaded and has the methods of its kind', async () => {
      for (const { list, needed, components } of lists)
        for (const { className, load } of components) {
          const loaded = await Promise.resolve()
            .then(load)
            .catch((error: unknown) => assert.fail(`${className} cannot be loaded: ${messageOf(error)}`));
          for (const method of needed)
            assert.ok(typeof loaded?.[method] === 'function', `${className}, one of ${list}, has no method ${method}.`);
          assert.ok(
            typeof loaded.config?.check === 'function',
            `${className} has no config, as defineConfig makes one.`,
          );
          const kind = list === 'sources' ? 'source' : list === 'sinks' ? 'sink' : undefined;
          assert.equal(loaded.kind, kind, `${className} is one of ${list}, and its kind is ${loaded.kind}.`);
        }
    }),
  ];
}
