import { pathToFileURL } from 'node:url';
import type { Log, Plugin } from '../api/index.ts';
import { MillraceError, messageOf } from '../errors.ts';
import { findPlugins, type PluginModule } from './find.ts';
import { resolveOwnModules } from './own-modules.ts';
import { pluginIn } from './shape.ts';

export interface LoadedPlugin {
  /** The folder or file that it came from. */
  readonly path: string;
  readonly version: string;
  readonly plugin: Plugin;
}

export interface LoadedPlugins {
  /** In the order of plugin.path, and by name within a folder. */
  readonly plugins: readonly LoadedPlugin[];
  /** How many could not be loaded. */
  readonly failed: number;
}

export interface LoadOptions {
  /** Entries of `plugin.path`. */
  readonly paths: readonly string[];
  /** Where relative paths and names of packages begin. */
  readonly cwd: string;
  readonly log: Log;
  /** How long a module may take that waits for something when it is imported. Milliseconds. */
  readonly patience?: number;
}

/** How many are read at the same time. */
const AT_ONCE = 8;

/**
 * Loads the plugins of plugin.path. One that throws, takes too long or is no plugin is logged and left out: nobody else
 * is the worse for it. Never throws.
 */
export async function loadPlugins({ paths, cwd, log, patience = 30_000 }: LoadOptions): Promise<LoadedPlugins> {
  const entries = paths.filter(path => path !== '');
  if (entries.length === 0) return { plugins: [], failed: 0 };
  resolveOwnModules();
  const found = (await Promise.all(entries.map(entry => findPlugins(entry, cwd)))).flat();
  const modules: PluginModule[] = [];
  const seen = new Set<string>();
  let failed = 0;
  for (const one of found) {
    if (!('module' in one)) {
      if (!one.java) failed++;
      log[one.java ? 'warn' : 'error']({ path: one.path, reason: one.reason }, 'no plugin, skipped');
    } else if (!seen.has(one.module)) {
      seen.add(one.module);
      modules.push(one);
    }
  }
  const results: (LoadedPlugin | undefined)[] = [];
  const next = modules.entries();
  const reader = async () => {
    for (const [index, module] of next) results[index] = await load(module, patience, log);
  };
  await withoutStrays(log, () => Promise.all(Array.from({ length: AT_ONCE }, reader)));
  const plugins = results.filter(one => one !== undefined);
  return { plugins, failed: failed + modules.length - plugins.length };
}

/** What a plugin has begun while it was loaded, and nobody waits for, would end the process when it fails. */
async function withoutStrays(log: Log, work: () => Promise<unknown>): Promise<void> {
  const stray = (error: unknown) =>
    log.error({ reason: messageOf(error) }, 'something that a plugin began while it was loaded has failed');
  process.on('unhandledRejection', stray);
  try {
    await work();
    // They are told of when all that was due has run.
    await new Promise(setImmediate);
  } finally {
    process.off('unhandledRejection', stray);
  }
}

async function load(
  { path, module, version }: PluginModule,
  patience: number,
  log: Log,
): Promise<LoadedPlugin | undefined> {
  try {
    const plugin = pluginIn(await within(patience, import(pathToFileURL(module).href)));
    const loaded = { path, version: plugin.version ?? version ?? UNVERSIONED, plugin };
    log.info({ path, version: loaded.version, components: countOf(plugin) }, 'plugin loaded');
    return loaded;
  } catch (error) {
    log.error({ path, reason: reasonOf(error) }, 'plugin cannot be loaded, skipped');
    return undefined;
  }
}

/** Connect's word for a plugin that says none. */
const UNVERSIONED = 'undefined';

const countOf = (plugin: Plugin): number =>
  Object.values(plugin).reduce((sum: number, list: unknown) => sum + (Array.isArray(list) ? list.length : 0), 0);

async function within<T>(milliseconds: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const error = new MillraceError(
      'CONFIG_INVALID',
      `Its module has not been loaded within ${milliseconds / 1000} s.`,
    );
    timer = setTimeout(() => reject(error), milliseconds);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

function reasonOf(error: unknown): string {
  const { code } = (error ?? {}) as { readonly code?: unknown };
  if (code === 'ERR_UNSUPPORTED_NODE_MODULES_TYPE_STRIPPING')
    return 'It is TypeScript below a node_modules, where Node runs JavaScript alone: build it, and let exports name what was built.';
  return messageOf(error);
}
