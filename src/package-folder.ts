import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The folder of package.json, in a checkout and in the published package, whose modules are in dist/. */
export function packageFolder(): string {
  let folder = import.meta.dirname;
  while (!existsSync(join(folder, 'package.json'))) {
    const parent = dirname(folder);
    if (parent === folder) throw new Error(`no package.json above ${import.meta.dirname}`);
    folder = parent;
  }
  return folder;
}
