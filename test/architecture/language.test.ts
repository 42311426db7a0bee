import { globSync, readFileSync } from 'node:fs';
import { join, matchesGlob } from 'node:path';
import { describe, expect, test } from 'vitest';
import { packageFolder } from '../../src/package-folder.ts';
import { languageErrors, languageRules } from './language.ts';

/** Texts that rules and tests quote, and the pages of published releases. */
const exempt = ['test/architecture/language*.ts', 'CHANGELOG.md', 'test/histories/**', '**/node_modules/**'];

const checkedFiles = globSync(
  [
    '*.md',
    'docs/**/*.md',
    '{src,workflows,activities,connectors,test,bench,scripts,examples,templates}/**/*.{ts,mjs,md}',
  ],
  { cwd: packageFolder() },
).filter(file => !exempt.some(glob => matchesGlob(file, glob)));

test('code and documentation are written in the terms of the field', () => {
  expect(
    checkedFiles.flatMap(file => languageErrors(file, readFileSync(join(packageFolder(), file), 'utf8'))).slice(0, 50),
  ).toEqual([]);
});

describe('every rule can fail', () => {
  test.each([
    ['a comment that opens with a question word or a preposition', '/** What is read next. */\nconst next = 1;'],
    ['a comment that opens with a question word or a preposition', '// Of a table without key.\nconst next = 1;'],
    ['a comment that opens with a question word or a preposition', 'const next = 1; // How often.'],
    ['"behind" in place of "after"', "throw new Error('nothing comes behind it');"],
    ['"anew"', '/** Reads the table anew. */'],
    ['a program as a person', '/** Called by whoever waits. */'],
    ['a program that talks', '/** Tells the observer. */'],
    ['a name with a trailing underscore', 'const run_ = 1;'],
    ['a participle or an adjective as a name', 'const kept = 1;'],
    ['private', 'class A {\n  private count = 0;\n}'],
  ])('%s: %s', (name, source) => {
    expect(languageErrors('src/engine/example.ts', source)).toEqual([expect.stringContaining(`: ${name} (`)]);
  });

  test('file names and pages', () => {
    expect(languageErrors('src/engine/news.ts', '')).toEqual([expect.stringContaining('a file that is named by')]);
    expect(languageErrors('docs/a.md', 'The table is read anew.\n')).toEqual([expect.stringContaining('"anew"')]);
  });

  test('no rule is without an example here', () => {
    const page = readFileSync(join(import.meta.dirname, 'language.test.ts'), 'utf8');
    const body = page.slice(page.indexOf('every rule can fail'));
    const shown = (name: string) => body.includes(`['${name}'`) || body.includes(name.slice(0, 23));
    expect(languageRules.filter(({ name }) => !shown(name)).map(({ name }) => name)).toEqual([]);
  });
});

test.each([
  'The consumer group lags behind by 5 records.',
  'Millrace runs behind a reverse proxy.',
  'Write `anew` in code.',
  '```\nanew\n```',
])('right in a page: %s', text => {
  expect(languageErrors('docs/a.md', text)).toEqual([]);
});

test.each([
  "const url = 'http://example.org/what'; ",
  "const text = '// What is here';",
  'const pattern = /\\/\\/ What/;',
])('right in a source: %s', source => {
  expect(languageErrors('src/engine/example.ts', source)).toEqual([]);
});
