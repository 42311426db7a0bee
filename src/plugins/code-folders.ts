import { join, resolve } from 'node:path';
import { packageFolder } from '../package-folder.ts';

/** Parts of the package, of a checkout and as published, that hold code. */
const own = ['activities', 'bin', 'connectors', 'dist', 'node_modules', 'src', 'workflows'];

export interface CodeFoldersOptions {
  /** Entries of plugin.path, and what was found by them. */
  readonly plugins: readonly string[];
  readonly cwd: string;
  /** Where compiled workflows are kept. */
  readonly cache: string;
}

/** Folders and files from which a worker loads code. */
export const codeFolders = ({ plugins, cwd, cache }: CodeFoldersOptions): string[] => [
  ...plugins.map(entry => resolve(cwd, entry)),
  ...own.map(folder => join(packageFolder(), folder)),
  cache,
];
