import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { packageFolder } from '../package-folder.ts';

let registered = false;

/**
 * From now on `millrace` and `millrace/…` are this process's own modules to whoever imports them, wherever a plugin lies
 * and whatever copy of the package it has beside it: an error's class and a Decimal's are then the worker's. Idempotent.
 */
export function resolveOwnModules(): void {
  if (registered) return;
  registered = true;
  const urls = ownModules();
  registerHooks({
    resolve(specifier, context, next) {
      const url = urls.get(specifier);
      return url === undefined ? next(specifier, context) : { url, shortCircuit: true };
    },
  });
}

interface Manifest {
  readonly name: string;
  readonly exports: Readonly<Record<string, string | { readonly default: string }>>;
}

/** What the package exports, by name. A checkout runs the sources that a published package's modules are built from. */
export function ownModules(): ReadonlyMap<string, string> {
  const folder = packageFolder();
  const { name, exports } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;
  const sources = import.meta.url.endsWith('.ts');
  return new Map(
    Object.entries(exports).map(([subpath, target]) => {
      const path = typeof target === 'string' ? target : target.default;
      const source = path.replace(/^\.\/dist\/(.*)\.js$/, './$1.ts');
      return [name + subpath.slice(1), pathToFileURL(join(folder, sources ? source : path)).href];
    }),
  );
}
