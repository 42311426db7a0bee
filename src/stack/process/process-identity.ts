import { run } from './commands.ts';

/** What tells a process from a later one that got the same id: when it started. Empty when there is none. */
export async function processIdentity(pid: number): Promise<string> {
  const env = { ...process.env, LC_ALL: 'C' };
  const listed = await run('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], { env }).catch(() => '');
  const [, stat = 'Z', started = ''] = /^(\S+)\s+(.*?)\s*$/.exec(listed) ?? [];
  // One that has ended and that nobody has taken note of yet.
  return stat.startsWith('Z') ? '' : started;
}
