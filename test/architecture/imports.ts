import { readFile } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { packageFolder } from '../../src/package-folder.ts';

export interface Import {
  /** A path relative to the repository, `node:fs`, or a package name: `pg`, `@temporalio/client`. */
  readonly target: string;
  /** Erased at run time: `import type`, `export type`. */
  readonly typeOnly: boolean;
  /** `import('…')`: loaded on demand. */
  readonly dynamic: boolean;
}

/** Imports and re-exports of a module. `file`: its path relative to the repository. */
export function importsOf(file: string, source: string): Import[] {
  const code = withoutComments(source);
  const statements = code.matchAll(/^\s*(?:import|export)\b(\s+type\b)?(?:[^'"`;]*?\bfrom)?\s*['"]([^'"]+)['"]/gm);
  const calls = code.matchAll(/\bimport\(\s*['"`]([^'"`]+)['"`]/g);
  return [
    ...[...statements].map(([, type, name = '']) => ({
      target: targetOf(file, name),
      typeOnly: type !== undefined,
      dynamic: false,
    })),
    ...[...calls].map(([, name = '']) => ({ target: targetOf(file, name), typeOnly: false, dynamic: true })),
  ];
}

/** Imports of each of these files. */
export async function readImports(files: readonly string[]): Promise<Map<string, Import[]>> {
  const entries = files.map(async file => {
    const source = await readFile(join(packageFolder(), file), 'utf8');
    return [file, importsOf(file, source)] as const;
  });
  return new Map(await Promise.all(entries));
}

function targetOf(file: string, name: string): string {
  if (name.startsWith('.')) return posix.join(posix.dirname(file), name);
  if (name.startsWith('node:')) return name;
  return name
    .split('/')
    .slice(0, name.startsWith('@') ? 2 : 1)
    .join('/');
}

/**
 * Source without comments, which may contain import statements. Strings that look like comments never contain imports.
 */
function withoutComments(source: string): string {
  return source.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|[^:'"`])\/\/.*$/gm, '$1');
}
