import { chown, mkdir, mkdtemp, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { MillraceError } from '../errors.ts';
import type { ServiceName } from './types.ts';

export interface SystemUser {
  readonly uid: number;
  readonly gid: number;
}

/** Where a server keeps what it writes, and what of that goes when it stops. */
export interface ServerFolder {
  readonly path: string;
  readonly remove: readonly string[];
}

/**
 * `dataDir` made when it is missing, else a temporary folder of its own. `user`: who must be able to write there, when
 * that is not the one who runs this process.
 */
export async function serverFolder(service: ServiceName, dataDir?: string, user?: SystemUser): Promise<ServerFolder> {
  const path = dataDir ?? (await mkdtemp(join(await temporaryFolder(user), `millrace-${service}-`)));
  await mkdir(path, { recursive: true });
  if (user && !(await isOpenToAll(dirname(path)))) {
    throw new MillraceError(
      'STACK_UNAVAILABLE',
      `${service} does not run as root, and no other user can enter ${path}; choose another folder`,
    );
  }
  if (user) await chown(path, user.uid, user.gid);
  return { path, remove: dataDir === undefined ? [path] : [] };
}

/** The system's folder for temporary files; when root's own lies where `user` cannot enter, the one that everybody has. */
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
