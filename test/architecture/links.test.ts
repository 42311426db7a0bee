import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { expect, test } from 'vitest';
import { packageFolder } from '../../src/package-folder.ts';

const root = packageFolder();
const pages = globSync(['*.md', '{docs,bench,examples,templates}/**/*.md'], { cwd: root }).filter(
  page => !page.includes('node_modules'),
);
const textOf = (page: string): string => readFileSync(join(root, page), 'utf8').replace(/^(```|~~~)[\s\S]*?^\1/gm, '');

/** Anchors of the headings of a page, as GitHub makes them. */
function anchorsOf(page: string): Set<string> {
  const headings = [...textOf(page).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => heading);
  return new Set(
    headings.map(heading =>
      heading
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  );
}

function brokenLinks(page: string): string[] {
  const targets = [...textOf(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);
  return targets
    .filter(target => !/^[a-z]+:/.test(target))
    .filter(target => {
      const [path = '', anchor] = target.split('#');
      const file = path === '' ? page : normalize(join(dirname(page), path));
      if (!existsSync(join(root, file))) return true;
      return anchor !== undefined && file.endsWith('.md') && !anchorsOf(file).has(anchor);
    })
    .map(target => `${page}: ${target}`);
}

test('links between pages of the documentation lead somewhere', () => {
  expect(pages.length).toBeGreaterThan(40);
  expect(pages.flatMap(brokenLinks)).toEqual([]);
});

test('every page of docs is linked from another page', () => {
  const linked = new Set(
    pages.flatMap(page =>
      [...textOf(page).matchAll(/\]\(([^)\s#]+)/g)].map(([, target = '']) => normalize(join(dirname(page), target))),
    ),
  );
  const isLinked = (page: string): boolean =>
    linked.has(page) || linked.has(dirname(page)) || linked.has(`${dirname(page)}/`);
  expect(pages.filter(page => page.startsWith('docs/') && page !== 'docs/README.md' && !isLinked(page))).toEqual([]);
});
