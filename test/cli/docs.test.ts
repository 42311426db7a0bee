import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { expect, test } from 'vitest';
import { commands } from '../../src/cli/commands.ts';
import { packageFolder } from '../../src/package-folder.ts';

const page = readFileSync(join(packageFolder(), 'docs/reference/cli.md'), 'utf8');

/** Options without an effect, which the page omits. */
const undocumented = ['--detach'];

test.each(commands)('the page documents $name, its subcommands and their options', async ({ name, load }) => {
  const { command } = await load();
  const top = command();
  expect(page).toContain(`## millrace ${name}`);
  const missing = (one: Command, path: string): string[] => [
    ...(new RegExp(`\`(${path}|${one.name()})[ \`]`).test(page) ? [] : [path]),
    ...one.options.flatMap(({ long }) =>
      long == null || undocumented.includes(long) || page.includes(`${long}`) ? [] : [`${path} ${long}`],
    ),
    ...one.commands.flatMap(sub => missing(sub as Command, `${path} ${sub.name()}`)),
  ];
  expect(top.commands.flatMap(sub => missing(sub as Command, `${name} ${sub.name()}`))).toEqual([]);
  expect(top.options.flatMap(({ long }) => (long != null && !page.includes(long) ? [long] : []))).toEqual([]);
});
