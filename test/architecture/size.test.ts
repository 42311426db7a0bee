import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { packageFolder } from '../../src/package-folder.ts';
import { LIMITS, longFunctions } from './size.ts';

const files = globSync('{src,workflows,activities,connectors}/**/*.ts', { cwd: packageFolder() });
const textOf = (file: string): string => readFileSync(join(packageFolder(), file), 'utf8');

/** Longer files and functions, with the reason. */
const exceptions: Readonly<Record<string, string>> = {
  'src/data/json/json-reader.ts': 'one cursor over the text, on the hot path of every sink',
  'connectors/postgresql/stream/change-decoder.ts': 'one decoder, on the hot path of every change',
  'connectors/jdbc-sink/values/encoder-for.ts binaryEncoder': 'one table of kinds and column types, as a switch',
  'connectors/jdbc-sink/table/column-types.ts columnTypes': 'one table of kinds and column types, as a switch',
  'src/testing/sink.ts sinkContract': 'a contract is one list of checks',
  'src/testing/source.ts sourceContract': 'a contract is one list of checks',
  'src/testing/convert.ts converterContract': 'a contract is one list of checks',
  'src/testing/config.ts configContract': 'a contract is one list of checks',
};
const isExcepted = (name: string): boolean => Object.hasOwn(exceptions, name);

test(`no source file has more than ${LIMITS.file} lines`, () => {
  const long = files.map(file => ({ file, lines: textOf(file).split('\n').length - 1 }));
  expect(long.filter(({ file, lines }) => lines > LIMITS.file && !isExcepted(file))).toEqual([]);
});

test(`no function has more than ${LIMITS.function} lines`, () => {
  const long = files.flatMap(file => longFunctions(textOf(file)).map(({ name, lines }) => ({ file, name, lines })));
  expect(long.filter(({ file, name }) => !isExcepted(`${file} ${name}`))).toEqual([]);
});

test(`no folder has more than ${LIMITS.folder} source files`, () => {
  const folders = Map.groupBy(files, file => dirname(file));
  expect([...folders].filter(([, each]) => each.length > LIMITS.folder).map(([folder]) => folder)).toEqual([]);
});

test('every exception is needed', () => {
  const needed = files.flatMap(file => [
    ...(textOf(file).split('\n').length - 1 > LIMITS.file ? [file] : []),
    ...longFunctions(textOf(file)).map(({ name }) => `${file} ${name}`),
  ]);
  expect(Object.keys(exceptions).filter(name => !needed.includes(name))).toEqual([]);
});

describe('long functions are found', () => {
  const body = '    work();\n'.repeat(5);
  test.each([
    ['run', `export async function run(a: string): Promise<void> {\n${body}}\n`],
    ['run', `function run(\n  a: string,\n): void {\n${body}}\n`],
    ['open', `class A {\n  async open(a: string): Promise<void> {\n${body}  }\n}\n`],
    ['#open', `class A {\n  #open(\n    a: string,\n  ): void {\n${body}  }\n}\n`],
    ['read', `export const read = async (a: string) => {\n${body}};\n`],
    ['read', `const read = each => {\n${body}};\n`],
  ])('%s', (name, source) => {
    expect(longFunctions(source, 5).map(found => found.name)).toEqual([name]);
    expect(longFunctions(source, 9)).toEqual([]);
  });

  test.each([
    `const keys = {\n${body}};\n`,
    `const one = (a: string): string => a;\nconst two = {\n${body}};\n`,
    `  if (a) {\n${body}  }\n`,
    `class A {\n${body}${body}}\n`,
  ])('nothing else: %#', source => {
    expect(longFunctions(source, 5)).toEqual([]);
  });
});
