import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readConfigFile, readConfigFileSync } from '../../../src/config/worker-config/config-file.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-config-file-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe.each([
  ['readConfigFile', readConfigFile],
  ['readConfigFileSync', async (path: string) => readConfigFileSync(path)],
])('%s', (_, read) => {
  test.each([0, 1, 70_000, 1 << 20])('reads a file of %i bytes', async size => {
    const path = join(folder, String(size));
    const bytes = Buffer.alloc(size, 'é');
    await writeFile(path, bytes);
    expect((await read(path)).equals(bytes)).toBe(true);
  });

  test('rejects larger files, folders, devices and missing files', async () => {
    const path = join(folder, 'large');
    await writeFile(path, '');
    await truncate(path, (1 << 20) + 1);
    await expect(read(path)).rejects.toThrow('has more than 1048576 bytes');
    for (const other of [folder, '/dev/zero'])
      await expect(read(other)).rejects.toThrow(`${other} is not a regular file`);
    await expect(read(join(folder, 'absent'))).rejects.toThrow('ENOENT');
  });
});
