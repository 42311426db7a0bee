import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { installOnce, isInstalled } from '../../../src/stack/servers/install.ts';

let cache: string;

beforeEach(async () => {
  cache = await mkdtemp(join(tmpdir(), 'millrace-test-cache-'));
  vi.stubEnv('MILLRACE_CACHE', cache);
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(cache, { recursive: true });
});

test('builds once, and returns the same folder afterwards', async () => {
  const build = vi.fn((folder: string) => writeFile(join(folder, 'program'), 'x'));
  const folder = await installOnce('tool/1.0', build);
  expect(await installOnce('tool/1.0', build)).toBe(folder);
  expect(build).toHaveBeenCalledTimes(1);
  expect(await readdir(folder)).toEqual(['program']);
});

test('a failed build is not installed, and its files are removed', async () => {
  const failing = installOnce('tool/1.0', async folder => {
    await writeFile(join(folder, 'half'), 'x');
    throw new Error('no network');
  });
  await expect(failing).rejects.toThrow('no network');
  expect(isInstalled('tool/1.0')).toBe(false);
  expect(await readdir(join(cache, 'tool'))).toEqual([]);
});

test('two concurrent calls in one process build once', async () => {
  const build = vi.fn((folder: string) => writeFile(join(folder, 'program'), 'x'));
  const [one, other] = await Promise.all([installOnce('tool/1.0', build), installOnce('tool/1.0', build)]);
  expect(other).toBe(one);
  expect(build).toHaveBeenCalledTimes(1);
});

test('two concurrent processes have one result, no error and no partial folder', async () => {
  const folder = join(cache, 'tool/1.0');
  await installOnce('tool/1.0', async () => {
    // Simulates another process that finishes first.
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'theirs'), 'x');
  });
  expect(await readdir(folder)).toEqual(['theirs']);
  expect(await readdir(join(cache, 'tool'))).toEqual(['1.0']);
});

test('the partial folder of a killed process is removed; that of a running process is not', async () => {
  // Larger than any process id.
  const abandoned = join(cache, 'tool/1.0.partial-999999999');
  const alive = join(cache, `tool/1.0.partial-${process.ppid}`);
  await mkdir(abandoned, { recursive: true });
  await mkdir(alive);
  await installOnce('tool/1.0', folder => writeFile(join(folder, 'program'), 'x'));
  expect(existsSync(abandoned)).toBe(false);
  expect(existsSync(alive)).toBe(true);
});
