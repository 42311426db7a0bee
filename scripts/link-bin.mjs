// Links `millrace` in node_modules/.bin of a checkout: npm links only the commands of dependencies.
import { lstatSync, mkdirSync, symlinkSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('../node_modules/.bin/', import.meta.url));
const link = `${folder}millrace`;

if (lstatSync(link, { throwIfNoEntry: false }) === undefined) {
  mkdirSync(folder, { recursive: true });
  symlinkSync('../../bin/millrace', link);
}
