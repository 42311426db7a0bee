import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/** Where downloads, compiled code and the state of `millrace stack` are kept: MILLRACE_CACHE, else the XDG cache folder. */
export function cacheFolder(environment: NodeJS.ProcessEnv = process.env): string {
  if (environment.MILLRACE_CACHE) return resolve(environment.MILLRACE_CACHE);
  // XDG's rule: a path that is not absolute is ignored.
  if (environment.XDG_CACHE_HOME?.startsWith('/')) return join(environment.XDG_CACHE_HOME, 'millrace');
  return join(homedir(), '.cache', 'millrace');
}
