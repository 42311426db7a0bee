import { findComponent } from '../../../src/config/connector-config/class-names.ts';
import { loadPlugins } from '../../../src/plugins/load.ts';
import { pluginRegistry } from '../../../src/plugins.ts';
import { Decimal, MillraceError } from '../../../src/public.ts';

/**
 * Loads plugins like a worker, in a separate Node process (the test runner's module loader would interfere), and prints
 * the result as JSON. Arguments: the working directory, the timeout in milliseconds, entries of plugin.path.
 */
const [cwd = '', loadTimeoutMs = '', ...paths] = process.argv.slice(2);
const lines: unknown[] = [];
const line = (level: string) => (fields: Readonly<Record<string, unknown>>, message: string) => {
  lines.push({ level, message, ...fields });
};
const log = { debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') };

const { plugins, failed } = await loadPlugins({ paths, cwd, log, loadTimeoutMs: Number(loadTimeoutMs) });
const registry = pluginRegistry({ plugins, log });

/** Checks that errors and values of a plugin are instances of this process's classes. */
async function sameClasses(name: string): Promise<unknown> {
  const record = { topic: 't', partition: null, key: null, keySchema: null, value: null, valueSchema: null };
  try {
    const transform = (await registry.transform(name))?.factory.create({});
    const value: unknown = transform?.apply({ ...record, timestamp: null, headers: [] })?.value;
    return value instanceof Decimal;
  } catch (error) {
    return { error: error instanceof MillraceError, kind: (error as MillraceError).kind };
  }
}
const builtInClasses = new Set(
  pluginRegistry()
    .list(false)
    .map(one => one.class),
);
const pluginComponents = registry.list(false).filter(one => !builtInClasses.has(one.class));
console.log(
  JSON.stringify({
    failed,
    list: pluginComponents,
    providers: registry.configProviders.flatMap(one => (one.origin === undefined ? [] : [one.names])),
    same: Object.fromEntries(
      await Promise.all(
        pluginComponents
          .filter(one => one.type === 'transformation')
          .map(async one => [one.class, await sameClasses(one.class)]),
      ),
    ),
    short: findComponent(registry.configProviders, 'Vault', 'ConfigProvider')?.names[0],
    lines,
  }),
);
