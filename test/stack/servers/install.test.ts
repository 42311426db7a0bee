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

test('builds once, and answers the same folder from then on', async () => {
  const build = vi.fn((folder: string) => writeFile(join(folder, 'program'), 'x'));
  const folder = await installOnce('tool/1.0', build);
  expect(await installOnce('tool/1.0', build)).toBe(folder);
  expect(build).toHaveBeenCalledTimes(1);
  expect(await readdir(folder)).toEqual(['program']);
});

test('what fails half-way is not taken for whole, and leaves nothing', async () => {
  const failing = installOnce('tool/1.0', async folder => {
    await writeFile(join(folder, 'half'), 'x');
    throw new Error('no network');
  });
  await expect(failing).rejects.toThrow('no network');
  expect(isInstalled('tool/1.0')).toBe(false);
  expect(await readdir(join(cache, 'tool'))).toEqual([]);
});

test('called for twice at once in one process, it builds once', async () => {
  const build = vi.fn((folder: string) => writeFile(join(folder, 'program'), 'x'));
  const [one, other] = await Promise.all([installOnce('tool/1.0', build), installOnce('tool/1.0', build)]);
  expect(other).toBe(one);
  expect(build).toHaveBeenCalledTimes(1);
});

test('two processes at once: one result, no error, nothing left beside it', async () => {
  const folder = join(cache, 'tool/1.0');
  await installOnce('tool/1.0', async () => {
    // Meanwhile another process has finished.
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'theirs'), 'x');
  });
  expect(await readdir(folder)).toEqual(['theirs']);
  expect(await readdir(join(cache, 'tool'))).toEqual(['1.0']);
});

test('what a killed process has left half-built is removed; what a live one builds is not', async () => {
  // Process ids end long before this.
  const abandoned = join(cache, 'tool/1.0.partial-999999999');
  const alive = join(cache, `tool/1.0.partial-${process.ppid}`);
  await mkdir(abandoned, { recursive: true });
  await mkdir(alive);
  await installOnce('tool/1.0', folder => writeFile(join(folder, 'program'), 'x'));
  expect(existsSync(abandoned)).toBe(false);
  expect(existsSync(alive)).toBe(true);
});
