import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';

/** Linux counts CPU time in ticks of 10 ms on every architecture that Node supports. */
const ticksPerSecond = 100;

/** Process ids of the measured programs, each with its descendants. */
export interface MeasuredProcesses {
  readonly subject: readonly number[];
  /** Undefined: not a readable process of this machine. */
  readonly broker: number | undefined;
  readonly database: number | undefined;
  readonly temporal: number | undefined;
}

/** User and system time in seconds. */
export interface CpuSeconds {
  readonly cpuSeconds: number;
  readonly brokerCpuSeconds?: number;
  readonly databaseCpuSeconds?: number;
  readonly temporalCpuSeconds?: number;
  /** This process, which measures. */
  readonly probeCpuSeconds: number;
  /** All other processes of the machine. */
  readonly otherCpuSeconds: number;
}

export interface Usage extends CpuSeconds {
  /** Peak of the subject's resident memory, in MB of 10^6 bytes. */
  readonly peakMb: number;
  readonly temporalPeakMb?: number;
}

/** Usage up to a moment. */
export interface Sample {
  readonly at: number;
  readonly cpu: Readonly<Record<keyof MeasuredProcesses | 'probe' | 'machine', number>>;
  readonly peakMb: number;
  readonly temporalPeakMb: number;
}

/**
 * Measures CPU time and memory from now on: `sample` may be called any number of times, and one of the samples is used
 * as the end.
 */
export class Meter {
  readonly #watched: MeasuredProcesses;
  readonly #begin: Sample;

  constructor(watched: MeasuredProcesses) {
    this.#watched = watched;
    for (const pid of [...this.#trees().subject, ...this.#trees().temporal]) resetPeak(pid);
    this.#begin = this.sample();
  }

  /** performance.now() at the start. */
  get began(): number {
    return this.#begin.at;
  }

  sample(): Sample {
    const trees = this.#trees();
    const { user, system } = process.cpuUsage();
    return {
      at: performance.now(),
      cpu: {
        subject: totalCpu(trees.subject, cpuOf),
        broker: totalCpu(trees.broker, cpuOf),
        database: totalCpu(trees.database, cpuOf),
        temporal: totalCpu(trees.temporal, cpuOf),
        probe: (user + system) / 1e6,
        machine: machineBusy(),
      },
      peakMb: totalCpu(trees.subject, peakOf),
      temporalPeakMb: totalCpu(trees.temporal, peakOf),
    };
  }

  usage(end: Sample): Usage {
    const spent = (of: keyof Sample['cpu']): number => end.cpu[of] - this.#begin.cpu[of];
    const { broker, database, temporal } = this.#watched;
    const measuredCpu = spent('subject') + spent('broker') + spent('database') + spent('temporal') + spent('probe');
    return {
      cpuSeconds: round(spent('subject')),
      ...(broker === undefined ? {} : { brokerCpuSeconds: round(spent('broker')) }),
      ...(database === undefined ? {} : { databaseCpuSeconds: round(spent('database')) }),
      ...(temporal === undefined ? {} : { temporalCpuSeconds: round(spent('temporal')) }),
      probeCpuSeconds: round(spent('probe')),
      otherCpuSeconds: Math.max(0, round(spent('machine') - measuredCpu)),
      peakMb: Math.round(end.peakMb),
      ...(temporal === undefined ? {} : { temporalPeakMb: Math.round(end.temporalPeakMb) }),
    };
  }

  #trees(): Record<keyof MeasuredProcesses, readonly number[]> {
    const children = childrenOf();
    const tree = (...roots: readonly (number | undefined)[]) => family(children, roots);
    const { subject, broker, database, temporal } = this.#watched;
    return { subject: tree(...subject), broker: tree(broker), database: tree(database), temporal: tree(temporal) };
  }
}

/** If other programs used more, a rate depends on them more than on the subject. */
export function isDisturbed(otherCpuSeconds: number, seconds: number): boolean {
  return otherCpuSeconds > 0.5 + 0.1 * seconds * cpus().length;
}

/** Fields 3 and later of proc(5), which follow `) ` for any program name. */
function statOf(pid: number): readonly string[] {
  const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
  return text.slice(text.lastIndexOf(') ') + 2).split(' ');
}

/** Includes the time of ended children, which would be missing otherwise. */
function cpuOf(pid: number): number {
  const stat = statOf(pid);
  return (Number(stat[11]) + Number(stat[12]) + Number(stat[13]) + Number(stat[14])) / ticksPerSecond;
}

function peakOf(pid: number): number {
  const peak = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1];
  return (Number(peak ?? 0) * 1024) / 1e6;
}

/** Resets the peak of memory; without permission, the peak is that since the process started. */
function resetPeak(pid: number): void {
  try {
    writeFileSync(`/proc/${pid}/clear_refs`, '5');
  } catch {
    // The process has ended, or belongs to another user.
  }
}

function childrenOf(): ReadonlyMap<number, readonly number[]> {
  const children = new Map<number, number[]>();
  for (const entry of readdirSync('/proc')) {
    const pid = Number(entry);
    if (!Number.isInteger(pid)) continue;
    try {
      const parent = Number(statOf(pid)[1]);
      const siblings = children.get(parent);
      if (siblings) siblings.push(pid);
      else children.set(parent, [pid]);
    } catch {
      // The process has ended.
    }
  }
  return children;
}

function family(children: ReadonlyMap<number, readonly number[]>, roots: readonly (number | undefined)[]): number[] {
  const all = roots.filter(root => root !== undefined);
  for (const pid of all) all.push(...(children.get(pid) ?? []));
  return all;
}

function totalCpu(pids: readonly number[], of: (pid: number) => number): number {
  let sum = 0;
  for (const pid of pids) {
    try {
      sum += of(pid);
    } catch {
      // The process has ended: its time is included in its parent's.
    }
  }
  return sum;
}

function machineBusy(): number {
  const busy = cpus().map(({ times }) => times.user + times.nice + times.sys + times.irq);
  return busy.reduce((sum, ms) => sum + ms, 0) / 1000;
}

const round = (seconds: number): number => Math.round(seconds * 100) / 100;
