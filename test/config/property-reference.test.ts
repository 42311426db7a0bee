import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { propertyFolder, propertyPages } from '../../scripts/property-reference.ts';

test('docs/reference/properties is the output of `npm run docs`', async () => {
  const pages = await propertyPages();
  expect((await readdir(propertyFolder)).sort()).toEqual([...pages.keys()].sort());
  for (const [file, text] of pages) expect(await readFile(join(propertyFolder, file), 'utf8'), file).toBe(text);
});
