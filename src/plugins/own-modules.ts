import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { packageFolder } from '../package-folder.ts';

let registered = false;

/**
 * Resolves imports of `millrace` and `millrace/…` to the modules of this process, for plugins in any folder and with any
 * copy of the package: their errors and Decimals are then instances of the worker's classes. Idempotent.
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

/** URLs of the package's exported modules by specifier; in a checkout those of the sources instead of the built files. */
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
