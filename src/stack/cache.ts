import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/** Folder of downloads, compiled code and the state of `millrace stack`: MILLRACE_CACHE, else the XDG cache folder. */
export function cacheFolder(environment: NodeJS.ProcessEnv = process.env): string {
  if (environment.MILLRACE_CACHE) return resolve(environment.MILLRACE_CACHE);
  // XDG ignores a path that is not absolute.
  if (environment.XDG_CACHE_HOME?.startsWith('/')) return join(environment.XDG_CACHE_HOME, 'millrace');
  return join(homedir(), '.cache', 'millrace');
}
