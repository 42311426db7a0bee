import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { cacheFolder } from '../cache.ts';

const building = new Map<string, Promise<string>>();

/**
 * A folder of the cache, built once: what is there is whole, because it is built beside and then renamed. Two processes
 * may do so at once; the later one's work is thrown away.
 */
export function installed(name: string, build: (folder: string) => Promise<void>): Promise<string> {
  const folder = join(cacheFolder(), name);
  const before = building.get(folder);
  if (before) return before;
  const built = buildOnce(folder, build).finally(() => building.delete(folder));
  building.set(folder, built);
  return built;
}

async function buildOnce(folder: string, build: (folder: string) => Promise<void>): Promise<string> {
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

/** Whether `installed` would find it. */
export function isInstalled(name: string): boolean {
  return existsSync(join(cacheFolder(), name));
}

const partialName = (folder: string, pid: number): string => `${folder}.partial-${pid}`;

/** Removes what a process that was killed in the middle has left. */
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
