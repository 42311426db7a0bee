import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';

/** Linux counts CPU time in ticks of 10 ms, on every architecture that Node runs on. */
const ticksPerSecond = 100;

/** Process ids of what is measured: each with all the processes that it started. */
export interface Watched {
  readonly subject: readonly number[];
  /** Undefined: not a process of this machine that we may read. */
  readonly broker: number | undefined;
  readonly database: number | undefined;
  readonly temporal: number | undefined;
}

/** User and system time, in seconds. */
export interface CpuSeconds {
  readonly cpuSeconds: number;
  readonly brokerCpuSeconds?: number;
  readonly databaseCpuSeconds?: number;
  readonly temporalCpuSeconds?: number;
  /** This process, which measures. */
  readonly probeCpuSeconds: number;
  /** Everything else that ran on the machine. */
  readonly otherCpuSeconds: number;
}

export interface Usage extends CpuSeconds {
  /** Most resident memory of the subject, in MB of 10^6 bytes. */
  readonly peakMb: number;
  readonly temporalPeakMb?: number;
}

/** What had been used at one moment. */
export interface Sample {
  readonly at: number;
  readonly cpu: Readonly<Record<keyof Watched | 'probe' | 'machine', number>>;
  readonly peakMb: number;
  readonly temporalPeakMb: number;
}

/** CPU and memory of a stretch that begins now: samples as often as wanted, one of which is then taken for the end. */
export class Meter {
  readonly #watched: Watched;
  readonly #begin: Sample;

  constructor(watched: Watched) {
    this.#watched = watched;
    for (const pid of [...this.#trees().subject, ...this.#trees().temporal]) resetPeak(pid);
    this.#begin = this.sample();
  }

  /** performance.now() of the beginning. */
  get began(): number {
    return this.#begin.at;
  }

  sample(): Sample {
    const trees = this.#trees();
    const { user, system } = process.cpuUsage();
    return {
      at: performance.now(),
      cpu: {
        subject: total(trees.subject, cpuOf),
        broker: total(trees.broker, cpuOf),
        database: total(trees.database, cpuOf),
        temporal: total(trees.temporal, cpuOf),
        probe: (user + system) / 1e6,
        machine: machineBusy(),
      },
      peakMb: total(trees.subject, peakOf),
      temporalPeakMb: total(trees.temporal, peakOf),
    };
  }

  usage(end: Sample): Usage {
    const spent = (of: keyof Sample['cpu']): number => end.cpu[of] - this.#begin.cpu[of];
    const { broker, database, temporal } = this.#watched;
    const known = spent('subject') + spent('broker') + spent('database') + spent('temporal') + spent('probe');
    return {
      cpuSeconds: round(spent('subject')),
      ...(broker === undefined ? {} : { brokerCpuSeconds: round(spent('broker')) }),
      ...(database === undefined ? {} : { databaseCpuSeconds: round(spent('database')) }),
      ...(temporal === undefined ? {} : { temporalCpuSeconds: round(spent('temporal')) }),
      probeCpuSeconds: round(spent('probe')),
      otherCpuSeconds: Math.max(0, round(spent('machine') - known)),
      peakMb: Math.round(end.peakMb),
      ...(temporal === undefined ? {} : { temporalPeakMb: Math.round(end.temporalPeakMb) }),
    };
  }

  #trees(): Record<keyof Watched, readonly number[]> {
    const children = childrenOf();
    const tree = (...roots: readonly (number | undefined)[]) => family(children, roots);
    const { subject, broker, database, temporal } = this.#watched;
    return { subject: tree(...subject), broker: tree(broker), database: tree(database), temporal: tree(temporal) };
  }
}

/** More than this used by other programs, and a rate says more about them than about the subject. */
export function isDisturbed(otherCpuSeconds: number, seconds: number): boolean {
  return otherCpuSeconds > 0.5 + 0.1 * seconds * cpus().length;
}

/** After `) `: what proc(5) calls fields 3 and on, whatever the program is called. */
function statOf(pid: number): readonly string[] {
  const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
  return text.slice(text.lastIndexOf(') ') + 2).split(' ');
}

/** Its own time and that of its children that have ended, whose time would be missing otherwise. */
function cpuOf(pid: number): number {
  const stat = statOf(pid);
  return (Number(stat[11]) + Number(stat[12]) + Number(stat[13]) + Number(stat[14])) / ticksPerSecond;
}

function peakOf(pid: number): number {
  const peak = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1];
  return (Number(peak ?? 0) * 1024) / 1e6;
}

/** Lets the peak of memory begin anew; where that is not allowed, it is the peak since the process began. */
function resetPeak(pid: number): void {
  try {
    writeFileSync(`/proc/${pid}/clear_refs`, '5');
  } catch {
    // Gone, or somebody else's.
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
      // It has ended meanwhile.
    }
  }
  return children;
}

function family(children: ReadonlyMap<number, readonly number[]>, roots: readonly (number | undefined)[]): number[] {
  const all = roots.filter(root => root !== undefined);
  for (const pid of all) all.push(...(children.get(pid) ?? []));
  return all;
}

function total(pids: readonly number[], of: (pid: number) => number): number {
  let sum = 0;
  for (const pid of pids) {
    try {
      sum += of(pid);
    } catch {
      // It has ended meanwhile: its time is its parent's now.
    }
  }
  return sum;
}

function machineBusy(): number {
  const busy = cpus().map(({ times }) => times.user + times.nice + times.sys + times.irq);
  return busy.reduce((sum, ms) => sum + ms, 0) / 1000;
}

const round = (seconds: number): number => Math.round(seconds * 100) / 100;
