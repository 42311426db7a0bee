import { readdir, readFile, stat } from 'node:fs/promises';
import { findPackageJSON } from 'node:module';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { MillraceError, messageOf } from '../errors.ts';

/** A module that should export a plugin. */
export interface PluginModule {
  /** The folder or file that it was found by. */
  readonly path: string;
  readonly module: string;
  /** Of its package.json. */
  readonly version: string | undefined;
}

/** Something in plugin.path that is no plugin. */
export interface NoPlugin {
  readonly path: string;
  readonly reason: string;
  /** Made for Kafka Connect: nothing is wrong with it. */
  readonly java?: true;
}

const isModule = (name: string): boolean => /\.[cm]?[jt]s$/.test(name) && !/\.d\.[cm]?ts$/.test(name);
const indexes = ['index.js', 'index.mjs', 'index.cjs', 'index.ts', 'index.mts'];

/**
 * What one entry of plugin.path holds, as Kafka Connect has it: a folder of plugins, each a folder or a file of its own.
 * The entry may also be a plugin itself, or the name of an npm package that a module in `cwd` could import. Never throws.
 */
export async function findPlugins(entry: string, cwd: string): Promise<readonly (PluginModule | NoPlugin)[]> {
  const path = resolve(cwd, entry);
  try {
    const found = await stat(path).catch(() => undefined);
    if (found === undefined) return [await packageOf(entry, cwd)];
    if (found.isFile()) return [{ path, module: path, version: undefined }];
    const names = (await readdir(path)).toSorted();
    if (names.includes('package.json')) return [await ofPackage(path)];
    const children = names.filter(name => !name.startsWith('.') && name !== 'node_modules');
    const within = await Promise.all(children.map(name => child(join(path, name)).catch(none(join(path, name)))));
    const plugins = within.filter(one => one !== undefined);
    // Connect's plugins may lie in the entry itself, as JAR files.
    return plugins.length === 0 && names.some(isJar) ? [java(path)] : plugins;
  } catch (error) {
    return [none(path)(error)];
  }
}

const none =
  (path: string) =>
  (error: unknown): NoPlugin => ({ path, reason: messageOf(error) });

const isJar = (name: string): boolean => name.endsWith('.jar');
const java = (path: string): NoPlugin => ({
  path,
  reason: 'It holds JAR files: plugins for the Java virtual machine do not run here.',
  java: true,
});

/** undefined: something that lies about. */
async function child(path: string): Promise<PluginModule | NoPlugin | undefined> {
  if (!(await stat(path)).isDirectory()) return isModule(path) ? { path, module: path, version: undefined } : undefined;
  const names = await readdir(path);
  if (names.includes('package.json')) return ofPackage(path);
  const index = indexes.find(name => names.includes(name));
  if (index !== undefined) return { path, module: join(path, index), version: undefined };
  if (names.some(isJar) || (names.includes('lib') && (await readdir(join(path, 'lib'))).some(isJar))) return java(path);
  return { path, reason: `It has no package.json and no ${indexes.join(', ')}.` };
}

async function packageOf(name: string, cwd: string): Promise<PluginModule | NoPlugin> {
  const looksLikeOne = /^(@[a-z0-9~._-]+\/)?[a-z0-9~_-][a-z0-9~._-]*$/i.test(name);
  if (!looksLikeOne) return { path: resolve(cwd, name), reason: 'There is no such folder or file.' };
  try {
    const manifest = findPackageJSON(name, pathToFileURL(join(cwd, 'worker.js')));
    if (manifest !== undefined) return await ofPackage(resolve(manifest, '..'));
  } catch {
    // What follows tells it better.
  }
  return {
    path: name,
    reason: `There is no such folder in ${cwd}, and no package of that name in a node_modules above it.`,
  };
}

type Target = string | null | { readonly [condition: string]: Target } | readonly Target[];

async function ofPackage(folder: string): Promise<PluginModule> {
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

/** The conditions that hold for `import` in Node, in the order in which a package gives them. */
const conditions = ['node', 'import', 'module-sync', 'default'];

/** What `exports` has for the package itself: https://nodejs.org/api/packages.html#conditional-exports */
function mainOf(target: Target | undefined): string | undefined {
  if (typeof target === 'string') return target;
  if (target === null || target === undefined) return undefined;
  if (Array.isArray(target)) return target.map(mainOf).find(one => one !== undefined);
  for (const [key, value] of Object.entries(target as Readonly<Record<string, Target>>)) {
    if (key !== '.' && !conditions.includes(key)) continue;
    const found = mainOf(value);
    if (found !== undefined) return found;
  }
  return undefined;
}
