import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { cacheFolder } from '../cache.ts';

const installing = new Map<string, Promise<string>>();

/**
 * Returns a folder of the cache, which `build` fills on first use. The folder is complete whenever it exists, because it is
 * built under another name and renamed. When two processes build it, the result of the later one is discarded.
 */
export function installOnce(name: string, build: (folder: string) => Promise<void>): Promise<string> {
  const folder = join(cacheFolder(), name);
  const current = installing.get(folder);
  if (current) return current;
  const installation = buildUnlessExists(folder, build).finally(() => installing.delete(folder));
  installing.set(folder, installation);
  return installation;
}

async function buildUnlessExists(folder: string, build: (folder: string) => Promise<void>): Promise<string> {
  if (existsSync(folder)) return folder;
  await mkdir(dirname(folder), { recursive: true });
  await removeAbandoned(folder);
  const partial = partialName(folder, process.pid);
  await mkdir(partial);
  try {
    await build(partial);
    await rename(partial, folder).catch((error: unknown) => {
      if (!existsSync(folder)) throw error;
    });
    return folder;
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
}

/** Returns true when the folder exists in the cache. */
export function isInstalled(name: string): boolean {
  return existsSync(join(cacheFolder(), name));
}

const partialName = (folder: string, pid: number): string => `${folder}.partial-${pid}`;

/** Removes partial folders of processes that were killed while building. */
async function removeAbandoned(folder: string): Promise<void> {
  const start = basename(partialName(folder, 0)).slice(0, -1);
  for (const entry of await readdir(dirname(folder))) {
    const pid = entry.startsWith(start) ? Number(entry.slice(start.length)) : Number.NaN;
    if (!Number.isInteger(pid) || isAlive(pid)) continue;
    await rm(join(dirname(folder), entry), { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return pid !== process.pid;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
