import { homedir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { cacheFolder } from '../../src/stack/cache.ts';

test('the cache is MILLRACE_CACHE, or the XDG cache folder, or below the home folder', () => {
  expect(cacheFolder({ MILLRACE_CACHE: '/var/m', XDG_CACHE_HOME: '/var/x' })).toBe('/var/m');
  expect(cacheFolder({ XDG_CACHE_HOME: '/var/x' })).toBe('/var/x/millrace');
  expect(cacheFolder({})).toBe(join(homedir(), '.cache', 'millrace'));
});

test('a relative XDG_CACHE_HOME is ignored, as the XDG specification requires', () => {
  expect(cacheFolder({ XDG_CACHE_HOME: 'x' })).toBe(join(homedir(), '.cache', 'millrace'));
});
