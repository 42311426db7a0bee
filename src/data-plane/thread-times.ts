import { readFileSync, readlinkSync } from 'node:fs';

export interface ThreadTimes {
  /** Milliseconds of CPU time so far, in steps of ten. */
  readonly cpuMs: number;
  /** It runs, or waits for a CPU; else it waits for something else. */
  readonly isRunnable: boolean;
}

/** Kernels of all architectures give times to processes in these units. */
const MS_PER_TICK = 10;

/** Names the calling thread to threads and processes of the same machine; undefined where there is no /proc. */
export function threadName(): string | undefined {
  try {
    return readlinkSync('/proc/thread-self');
  } catch {
    return undefined;
  }
}

/** undefined where that cannot be read. https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html */
export function threadTimes(name: string): ThreadTimes | undefined {
  try {
    const stat = readFileSync(`/proc/${name}/stat`, 'latin1');
    // The second field is a name in parentheses, of any characters.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const [state, utime, stime] = [fields[0], Number(fields[11]), Number(fields[12])];
    return { cpuMs: (utime + stime) * MS_PER_TICK, isRunnable: state === 'R' };
  } catch {
    return undefined;
  }
}
