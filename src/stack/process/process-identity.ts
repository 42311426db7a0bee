import { run } from './commands.ts';

/** Start time of a process, which a later process of the same id does not share. Empty when the process does not run. */
export async function processIdentity(pid: number): Promise<string> {
  const env = { ...process.env, LC_ALL: 'C' };
  const listed = await run('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], { env }).catch(() => '');
  const [, stat = 'Z', started = ''] = /^(\S+)\s+(.*?)\s*$/.exec(listed) ?? [];
  // Z: a zombie, which has ended and which its parent has not waited for yet.
  return stat.startsWith('Z') ? '' : started;
}
