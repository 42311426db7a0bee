import { chown, mkdir, mkdtemp, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { MillraceError } from '../errors.ts';
import type { ServiceName } from './types.ts';

export interface SystemUser {
  readonly uid: number;
  readonly gid: number;
}

/** Folder of a server's files. `remove`: the folders to remove when it stops. */
export interface ServerFolder {
  readonly path: string;
  readonly remove: readonly string[];
}

/**
 * Creates `dataDir` when it is missing; without one, creates a temporary folder. `user`: the owner of the folder, when the
 * server does not run as the user of this process.
 */
export async function serverFolder(service: ServiceName, dataDir?: string, user?: SystemUser): Promise<ServerFolder> {
  const path = dataDir ?? (await mkdtemp(join(await temporaryFolder(user), `millrace-${service}-`)));
  await mkdir(path, { recursive: true });
  if (user && !(await isOpenToAll(dirname(path)))) {
    throw new MillraceError(
      'STACK_UNAVAILABLE',
      `${service} does not run as root, and other users have no access to ${path}; choose another folder`,
    );
  }
  if (user) await chown(path, user.uid, user.gid);
  return { path, remove: dataDir === undefined ? [path] : [] };
}

/** The system's folder for temporary files; /tmp when `user` has no access to that of root. */
async function temporaryFolder(user: SystemUser | undefined): Promise<string> {
  const folder = tmpdir();
  return user && !(await isOpenToAll(folder)) ? '/tmp' : folder;
}

async function isOpenToAll(folder: string): Promise<boolean> {
  const { mode } = await stat(folder);
  if ((mode & 0o001) === 0) return false;
  const parent = dirname(folder);
  return parent === folder || isOpenToAll(parent);
}
