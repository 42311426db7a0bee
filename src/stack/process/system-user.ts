import type { SystemUser } from '../folders.ts';
import { run } from './commands.ts';

/**
 * Whom to run a server as that refuses to run as root: the user that its package makes for it, else one that owns
 * nothing. Undefined: as the one who runs this process.
 */
export async function unprivilegedUser(ownName: string): Promise<SystemUser | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  for (const name of [ownName, 'nobody']) {
    const uid = await run('id', ['-u', name]).catch(() => undefined);
    if (uid !== undefined) return { uid: Number(uid), gid: Number(await run('id', ['-g', name])) };
  }
  return { uid: 65534, gid: 65534 };
}
