import { findComponent } from '../../../src/config/connector-config/class-names.ts';
import { loadPlugins } from '../../../src/plugins/load.ts';
import { pluginRegistry } from '../../../src/plugins.ts';
import { Decimal, MillraceError } from '../../../src/public.ts';

/**
 * Loads plugins as a worker does, in a Node of its own (the test runner has a loader that would come between), and tells
 * as JSON what came of it. Arguments: the folder to be in, entries of plugin.path.
 */
const [cwd = '', loadTimeoutMs = '', ...paths] = process.argv.slice(2);
const lines: unknown[] = [];
const line = (level: string) => (fields: Readonly<Record<string, unknown>>, message: string) => {
  lines.push({ level, message, ...fields });
};
const log = { debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') };

const { plugins, failed } = await loadPlugins({ paths, cwd, log, loadTimeoutMs: Number(loadTimeoutMs) });
const registry = pluginRegistry({ plugins, log });

/** Whether what a plugin throws and makes is of the classes that this process knows. */
async function sameClasses(name: string): Promise<unknown> {
  const record = { topic: 't', partition: null, key: null, keySchema: null, value: null, valueSchema: null };
  try {
    const transform = (await registry.transform(name))?.factory.create({});
    const made: unknown = transform?.apply({ ...record, timestamp: null, headers: [] })?.value;
    return made instanceof Decimal;
  } catch (error) {
    return { error: error instanceof MillraceError, kind: (error as MillraceError).kind };
  }
}
const come = new Set(
  pluginRegistry()
    .list(false)
    .map(one => one.class),
);
const own = registry.list(false).filter(one => !come.has(one.class));
console.log(
  JSON.stringify({
    failed,
    list: own,
    providers: registry.configProviders.flatMap(one => (one.origin === undefined ? [] : [one.names])),
    same: Object.fromEntries(
      await Promise.all(
        own.filter(one => one.type === 'transformation').map(async one => [one.class, await sameClasses(one.class)]),
      ),
    ),
    short: findComponent(registry.configProviders, 'Vault', 'ConfigProvider')?.names[0],
    lines,
  }),
);
