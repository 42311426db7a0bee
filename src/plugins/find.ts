import { readdir, readFile, stat } from 'node:fs/promises';
import { findPackageJSON } from 'node:module';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { MillraceError, messageOf } from '../errors.ts';

/** A module that should export a plugin. */
export interface PluginModule {
  /** The plugin's folder or file. */
  readonly path: string;
  readonly module: string;
  /** The version in its package.json. */
  readonly version: string | undefined;
}

/** An entry of plugin.path without a plugin. */
export interface NoPlugin {
  readonly path: string;
  readonly reason: string;
  /** A plugin of Kafka Connect, which is not an error. */
  readonly java?: true;
}

const isModule = (name: string): boolean => /\.[cm]?[jt]s$/.test(name) && !/\.d\.[cm]?ts$/.test(name);
const indexes = ['index.js', 'index.mjs', 'index.cjs', 'index.ts', 'index.mts'];

/**
 * Finds the plugins of one entry of plugin.path. As in Kafka Connect, the entry is a folder of plugins, each a folder or a
 * file. It may also be a plugin itself, or the name of an npm package that a module in `cwd` could import. Never throws.
 */
export async function findPlugins(entry: string, cwd: string): Promise<readonly (PluginModule | NoPlugin)[]> {
  const path = resolve(cwd, entry);
  try {
    const status = await stat(path).catch(() => undefined);
    if (status === undefined) return [await findPackage(entry, cwd)];
    if (status.isFile()) return [{ path, module: path, version: undefined }];
    const names = (await readdir(path)).toSorted();
    if (names.includes('package.json')) return [await readPackage(path)];
    const children = names.filter(name => !name.startsWith('.') && name !== 'node_modules');
    const results = await Promise.all(
      children.map(name => findChild(join(path, name)).catch(noPlugin(join(path, name)))),
    );
    const plugins = results.filter(result => result !== undefined);
    // JAR files of Connect's plugins may be in the entry itself.
    return plugins.length === 0 && names.some(isJar) ? [javaPlugin(path)] : plugins;
  } catch (error) {
    return [noPlugin(path)(error)];
  }
}

const noPlugin =
  (path: string) =>
  (error: unknown): NoPlugin => ({ path, reason: messageOf(error) });

const isJar = (name: string): boolean => name.endsWith('.jar');
const javaPlugin = (path: string): NoPlugin => ({
  path,
  reason: 'It contains JAR files: plugins for the Java virtual machine do not run in Millrace.',
  java: true,
});

/** Reads one file or folder of a plugin folder. Undefined for a file that is not a module. */
async function findChild(path: string): Promise<PluginModule | NoPlugin | undefined> {
  if (!(await stat(path)).isDirectory()) return isModule(path) ? { path, module: path, version: undefined } : undefined;
  const names = await readdir(path);
  if (names.includes('package.json')) return readPackage(path);
  const index = indexes.find(name => names.includes(name));
  if (index !== undefined) return { path, module: join(path, index), version: undefined };
  if (names.some(isJar) || (names.includes('lib') && (await readdir(join(path, 'lib'))).some(isJar)))
    return javaPlugin(path);
  return { path, reason: `It has no package.json and no ${indexes.join(', ')}.` };
}

async function findPackage(name: string, cwd: string): Promise<PluginModule | NoPlugin> {
  const isPackageName = /^(@[a-z0-9~._-]+\/)?[a-z0-9~_-][a-z0-9~._-]*$/i.test(name);
  if (!isPackageName) return { path: resolve(cwd, name), reason: 'There is no such folder or file.' };
  try {
    const manifest = findPackageJSON(name, pathToFileURL(join(cwd, 'worker.js')));
    if (manifest !== undefined) return await readPackage(resolve(manifest, '..'));
  } catch {
    // The reason below is clearer than Node's error.
  }
  return {
    path: name,
    reason: `There is no such folder in ${cwd}, and no package of that name in a node_modules above it.`,
  };
}

type Target = string | null | { readonly [condition: string]: Target } | readonly Target[];

async function readPackage(folder: string): Promise<PluginModule> {
  const text = await readFile(join(folder, 'package.json'), 'utf8');
  let manifest: { readonly version?: unknown; readonly main?: unknown; readonly exports?: Target };
  try {
    manifest = JSON.parse(text);
  } catch (error) {
    throw new MillraceError('CONFIG_INVALID', `Its package.json is not JSON: ${messageOf(error)}`);
  }
  const names = await readdir(folder);
  const main =
    mainOf(manifest.exports) ??
    (typeof manifest.main === 'string' ? manifest.main : undefined) ??
    indexes.find(name => names.includes(name));
  if (main === undefined)
    throw new MillraceError('CONFIG_INVALID', 'Its package.json names no module: neither exports nor main.');
  return {
    path: folder,
    module: join(folder, main),
    version: typeof manifest.version === 'string' ? manifest.version : undefined,
  };
}

/** Conditions that apply to `import` in Node; the first one in the package's own order is used. */
const conditions = ['node', 'import', 'module-sync', 'default'];

/** Returns the module that `exports` names for the package itself: https://nodejs.org/api/packages.html#conditional-exports */
function mainOf(target: Target | undefined): string | undefined {
  if (typeof target === 'string') return target;
  if (target === null || target === undefined) return undefined;
  if (Array.isArray(target)) return target.map(mainOf).find(path => path !== undefined);
  for (const [key, value] of Object.entries(target as Readonly<Record<string, Target>>)) {
    if (key !== '.' && !conditions.includes(key)) continue;
    const main = mainOf(value);
    if (main !== undefined) return main;
  }
  return undefined;
}
