import { readFileSync, readlinkSync } from 'node:fs';
import { availableParallelism } from 'node:os';

export interface ThreadTimes {
  /** CPU time so far in milliseconds, in steps of 10. */
  readonly cpuMs: number;
  /** True: the thread runs or waits for a CPU. */
  readonly isRunnable: boolean;
}

/** Unit of times in /proc, on all architectures. */
const MS_PER_TICK = 10;

/** Name of the calling thread for threads and processes of this machine; undefined without /proc. */
export function threadName(): string | undefined {
  try {
    return readlinkSync('/proc/thread-self');
  } catch {
    return undefined;
  }
}

/** undefined if they cannot be read. See https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html */
export function threadTimes(name: string): ThreadTimes | undefined {
  try {
    const stat = readFileSync(`/proc/${name}/stat`, 'latin1');
    // The second field is a name in parentheses, which may contain any characters.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const [state, utime, stime] = [fields[0], Number(fields[11]), Number(fields[12])];
    return { cpuMs: (utime + stime) * MS_PER_TICK, isRunnable: state === 'R' };
  } catch {
    return undefined;
  }
}

/** Runnable threads for each CPU above which threads wait for a CPU most of the time. */
const OVERLOADED_PER_CPU = 4;

/** True if the machine has far more runnable threads than CPUs. See https://man7.org/linux/man-pages/man5/proc_loadavg.5.html */
export function isMachineOverloaded(): boolean {
  try {
    // The fourth field is `runnable/all` threads.
    const runnable = Number.parseInt(readFileSync('/proc/loadavg', 'latin1').split(' ')[3] ?? '', 10);
    return runnable > OVERLOADED_PER_CPU * availableParallelism();
  } catch {
    return false;
  }
}
