import { run } from '../../src/stack/process/commands.ts';

/** Resident bytes of a process and all its descendants. */
export async function residentBytes(pid: number): Promise<number> {
  const listed = await run('ps', ['-A', '-o', 'pid=,ppid=,rss=']);
  const processes = listed
    .trim()
    .split('\n')
    .map(line => {
      const [id = 0, parent = 0, kilobytes = 0] = line.trim().split(/\s+/).map(Number);
      return { id, parent, bytes: kilobytes * 1024 };
    });
  const family = new Set([pid]);
  // ps may list a child before its parent.
  for (let before = 0; before !== family.size; ) {
    before = family.size;
    for (const { id, parent } of processes) if (family.has(parent)) family.add(id);
  }
  return processes.reduce((sum, { id, bytes }) => sum + (family.has(id) ? bytes : 0), 0);
}
