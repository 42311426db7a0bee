import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { workerConfig } from '../../src/config/worker-config/worker-config.ts';
import { packageFolder } from '../../src/package-folder.ts';

test('the page of worker properties lists each property with its default', () => {
  const page = readFileSync(join(packageFolder(), 'docs/reference/worker-properties.md'), 'utf8');
  const rows = workerConfig.keys.map(({ name, defaultValue, documentation }) => {
    const shown = defaultValue === null || defaultValue === '' ? '' : `\`${defaultValue}\``;
    return `| \`${name}\` | ${shown} | ${documentation} |`;
  });
  expect(page.split('\n').filter(line => line.startsWith('| `'))).toEqual(rows);
});
