import assert from 'node:assert/strict';
import type { ConfigSpec, Plugin, PluginComponent } from '../api/index.ts';
import { messageOf } from '../errors.ts';
import { type Check, check } from './check.ts';

type LoadedComponent = { readonly kind?: unknown; readonly config?: ConfigSpec<unknown> } & Readonly<
  Record<string, unknown>
>;

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
  const lists = Object.entries(methods).map(([list, requiredMethods]) => ({
    list,
    requiredMethods,
    components: (plugin[list as keyof typeof methods] ??
      []) as readonly unknown[] as readonly PluginComponent<LoadedComponent>[],
  }));
  return [
    check('it has components with distinct names', () => {
      assert.ok(
        lists.some(({ components }) => components.length > 0),
        'The plugin has no components.',
      );
      for (const { list, components } of lists) {
        const names = components.flatMap(({ className, aliases = [] }) => [className, ...aliases]);
        assert.deepEqual(names, [...new Set(names)], `A name is used twice in ${list}: ${names.join(', ')}.`);
        for (const name of names)
          assert.ok(
            /^[^\s,]+$/.test(name),
            `${JSON.stringify(name)} is not a valid class name: it is empty or contains blanks or commas.`,
          );
      }
    }),
    check('class names have a package, so that no other plugin has the same', () => {
      for (const { components } of lists)
        for (const { className } of components)
          assert.ok(/\w\.\w/.test(className), `${className} must have a package, such as com.example.${className}.`);
    }),
    check('every component can be loaded and has the methods of its kind', async () => {
      for (const { list, requiredMethods, components } of lists)
        for (const { className, load } of components) {
          const loaded = await Promise.resolve()
            .then(load)
            .catch((error: unknown) => assert.fail(`${className} cannot be loaded: ${messageOf(error)}`));
          for (const method of requiredMethods)
            assert.ok(typeof loaded?.[method] === 'function', `${className} in ${list} has no method ${method}.`);
          assert.ok(
            typeof loaded.config?.check === 'function',
            `${className} has no config; create it with defineConfig.`,
          );
          const kind = list === 'sources' ? 'source' : list === 'sinks' ? 'sink' : undefined;
          assert.equal(loaded.kind, kind, `${className} is in ${list}, but its kind is ${loaded.kind}.`);
        }
    }),
  ];
}
