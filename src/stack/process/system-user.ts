import type { SystemUser } from '../folders.ts';
import { run } from './commands.ts';

/**
 * Returns the user for a server that refuses to run as root: the one that its package creates, else an unprivileged one.
 * Undefined when this process does not run as root; the server then runs as the same user.
 */
export async function unprivilegedUser(packageUser: string): Promise<SystemUser | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  for (const name of [packageUser, 'nobody']) {
    const uid = await run('id', ['-u', name]).catch(() => undefined);
    if (uid !== undefined) return { uid: Number(uid), gid: Number(await run('id', ['-g', name])) };
  }
  return { uid: 65534, gid: 65534 };
}
