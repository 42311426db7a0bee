import { join, resolve } from 'node:path';
import { packageFolder } from '../package-folder.ts';

/** Folders of the package with code, both in a checkout and as published. */
const packageFolders = ['activities', 'bin', 'connectors', 'dist', 'node_modules', 'src', 'workflows'];

export interface CodeFoldersOptions {
  /** Entries of plugin.path, and the plugins found there. */
  readonly plugins: readonly string[];
  readonly cwd: string;
  /** Folder of compiled workflows. */
  readonly cache: string;
}

/** Folders and files from which a worker loads code. */
export const codeFolders = ({ plugins, cwd, cache }: CodeFoldersOptions): string[] => [
  ...plugins.map(entry => resolve(cwd, entry)),
  ...packageFolders.map(folder => join(packageFolder(), folder)),
  cache,
];
