import { run } from './commands.ts';

/**
 * What tells a process from a later one that got the same id: its id and when it started. Empty when there is none.
 */
export async function processIdentity(pid: number): Promise<string> {
  const listed = await run('ps', ['-o', 'pid=,lstart=', '-p', String(pid)], {
    env: { ...process.env, LC_ALL: 'C' },
  }).catch(() => '');
  return listed.trim();
}
