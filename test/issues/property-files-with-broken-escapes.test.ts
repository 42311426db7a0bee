import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { millrace } from '../cli/run.ts';

/** `\u` without four hexadecimal digits, as in a Windows path, is an error as in Java, not another value. */
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-properties-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test.each([
  ['a path', 'name=x\nfile=C:\\users\\x\n', 2],
  ['a key', '# comment\n\nC:\\users=x\n', 3],
  ['the end of the file', 'a=b\\\n  c\nname=\\u00e', 3],
])('%s is reported with file and line', async (_what, text, line) => {
  const path = join(folder, 'broken.properties');
  await writeFile(path, text);
  const runs = await Promise.all([millrace(['worker', path]), millrace(['connectors', 'create', '-f', path])]);
  for (const { code, stderr } of runs) {
    expect(stderr).toContain(`${path} cannot be read: line ${line} has \\u without four hexadecimal digits`);
    expect(code).toBeGreaterThan(0);
  }
});
