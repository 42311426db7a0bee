import { pathToFileURL } from 'node:url';
import type { Log, Plugin } from '../api/index.ts';
import { MillraceError, messageOf } from '../errors.ts';
import { findPlugins, type PluginModule } from './find.ts';
import { resolveOwnModules } from './own-modules.ts';
import { pluginIn } from './shape.ts';

export interface LoadedPlugin {
  /** The plugin's folder or file. */
  readonly path: string;
  readonly version: string;
  readonly plugin: Plugin;
}

export interface LoadedPlugins {
  /** In the order of plugin.path, and by name within a folder. */
  readonly plugins: readonly LoadedPlugin[];
  /** Number of plugins that could not be loaded. */
  readonly failed: number;
}

export interface LoadOptions {
  /** Entries of `plugin.path`. */
  readonly paths: readonly string[];
  /** Folder in which relative paths and package names are resolved. */
  readonly cwd: string;
  readonly log: Log;
  /** Timeout for importing one module. */
  readonly loadTimeoutMs?: number;
}

/** Modules to import at the same time. */
const MAX_CONCURRENT_IMPORTS = 8;

/**
 * Loads the plugins of plugin.path. One that throws, takes too long or exports no plugin is logged and skipped; the others
 * are not affected. Never throws.
 */
export async function loadPlugins({ paths, cwd, log, loadTimeoutMs = 30_000 }: LoadOptions): Promise<LoadedPlugins> {
  const entries = paths.filter(path => path !== '');
  if (entries.length === 0) return { plugins: [], failed: 0 };
  resolveOwnModules();
  const candidates = (await Promise.all(entries.map(entry => findPlugins(entry, cwd)))).flat();
  const modules: PluginModule[] = [];
  const modulePaths = new Set<string>();
  let failed = 0;
  for (const candidate of candidates) {
    if (!('module' in candidate)) {
      if (!candidate.java) failed++;
      log[candidate.java ? 'warn' : 'error']({ path: candidate.path, reason: candidate.reason }, 'no plugin, skipped');
    } else if (!modulePaths.has(candidate.module)) {
      modulePaths.add(candidate.module);
      modules.push(candidate);
    }
  }
  const results: (LoadedPlugin | undefined)[] = [];
  const next = modules.entries();
  const loadNext = async () => {
    for (const [index, module] of next) results[index] = await load(module, loadTimeoutMs, log);
  };
  await withRejectionsLogged(log, () => Promise.all(Array.from({ length: MAX_CONCURRENT_IMPORTS }, loadNext)));
  const plugins = results.filter(plugin => plugin !== undefined);
  return { plugins, failed: failed + modules.length - plugins.length };
}

/** Logs unhandled rejections of code that plugins start while they are imported; otherwise these end the process. */
async function withRejectionsLogged(log: Log, work: () => Promise<unknown>): Promise<void> {
  const onRejection = (error: unknown) =>
    log.error({ reason: messageOf(error) }, 'asynchronous code that a plugin started while it was loaded has failed');
  process.on('unhandledRejection', onRejection);
  try {
    await work();
    // Node reports rejections after the pending microtasks.
    await new Promise(setImmediate);
  } finally {
    process.off('unhandledRejection', onRejection);
  }
}

async function load(
  { path, module, version }: PluginModule,
  timeoutMs: number,
  log: Log,
): Promise<LoadedPlugin | undefined> {
  try {
    const plugin = pluginIn(await withTimeout(timeoutMs, import(pathToFileURL(module).href)));
    const loaded = { path, version: plugin.version ?? version ?? UNVERSIONED, plugin };
    log.info({ path, version: loaded.version, components: countOf(plugin) }, 'plugin loaded');
    return loaded;
  } catch (error) {
    log.error({ path, reason: reasonOf(error) }, 'plugin cannot be loaded, skipped');
    return undefined;
  }
}

/** Kafka Connect's version of a plugin without a version. */
const UNVERSIONED = 'undefined';

const countOf = (plugin: Plugin): number =>
  Object.values(plugin).reduce((sum: number, list: unknown) => sum + (Array.isArray(list) ? list.length : 0), 0);

async function withTimeout<T>(milliseconds: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const error = new MillraceError('CONFIG_INVALID', `Its module was not loaded within ${milliseconds / 1000} s.`);
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
    return 'It is TypeScript below a node_modules folder, where Node runs JavaScript only: build it, and name the built module in exports.';
  return messageOf(error);
}
