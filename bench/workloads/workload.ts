import type { KafkaClient } from '../../src/kafka/port.ts';
import type { Count } from '../contents.ts';
import type { Database } from '../database.ts';
import type { DrainTimes } from '../drain.ts';
import { Meter, type Usage } from '../measure.ts';
import { processOf, type Servers } from '../servers.ts';
import type { Subject } from '../subjects/subject.ts';
import { startWorker, type Worker } from '../subjects/worker.ts';

/** Resources of a benchmark call, shared by all its runs. */
export interface Bench {
  readonly servers: Servers;
  readonly kafka: KafkaClient;
  readonly database: Database;
  /** Folder for files of the runs. */
  readonly folder: string;
  readonly profiles: string | undefined;
  /** Overrides of the workload's number of records, or of seconds. */
  readonly records: number | undefined;
  readonly seconds: number | undefined;
  log(line: string): void;
}

/** Results of a run. Rates count from the call that starts it. */
export interface Figures extends Partial<Usage> {
  readonly records: number;
  readonly seconds?: number;
  readonly recordsPerSecond?: number;
  readonly recordsPerCpuSecond?: number;
  readonly firstRecordSeconds?: number;
  /** From the first record on. */
  readonly steadyRecordsPerSecond?: number;
  /** Committed transactions per second. */
  readonly written?: number;
  readonly lateWrites?: number;
  readonly p50Ms?: number;
  readonly p95Ms?: number;
  readonly p99Ms?: number;
  readonly maxMs?: number;
  /** From the kill to the status that names another worker, and to the first record committed after the kill. */
  readonly takenOverSeconds?: number;
  readonly nextRecordSeconds?: number;
  readonly doubled?: number;
  /** From creating the first of many connectors until all run. */
  readonly runningSeconds?: number;
  /** Duration of one answer with the statuses of all connectors. */
  readonly statusMs?: number;
  /** CPU use while idle, in percent of one core. */
  readonly idlePercent?: number;
  /** From the kill of a worker until all connectors run on another. */
  readonly recoveredSeconds?: number;
  readonly deletedSeconds?: number;
}

/**
 * A subject on a workload, ready for any number of runs: its workers keep running, and are warm from the second run on.
 */
export interface Contender extends AsyncDisposable {
  readonly subject: Subject;
  run(): Promise<Figures>;
}

interface Kind {
  readonly title: string;
  /** True for a source's streaming, where exactly once costs the most. */
  readonly streams?: boolean;
}

export interface Workload extends Kind {
  contender(bench: Bench, subject: Subject): Promise<Contender>;
}

/** A workload that one worker runs. */
export function onOneWorker(kind: Kind, run: (bench: Bench, worker: Worker) => Promise<Figures>): Workload {
  return {
    ...kind,
    async contender(bench, subject) {
      const worker = await startWorker(subject, { ...workerOptions(bench), group: uniqueName() });
      return { subject, run: () => run(bench, worker), [Symbol.asyncDispose]: () => worker.stop() };
    },
  };
}

export function workerOptions({ servers, folder, profiles }: Bench) {
  return { kafka: servers.kafka.address, folder, profiles };
}

export function meter({ servers: { kafka, postgres, temporal } }: Bench, ...workers: readonly Worker[]): Meter {
  return new Meter({
    subject: workers.flatMap(({ pids }) => pids),
    broker: processOf(kafka),
    database: processOf(postgres),
    temporal: processOf(temporal),
  });
}

const prefix = `bench_${Date.now().toString(36)}_`;
let names = 0;

/** A unique name of a group, a connector with its slot, or a topic. */
export const uniqueName = (): string => `${prefix}${++names}`;

/** Deletes the topics of all names so far, including those that the workers created. */
export async function removeTopics({ kafka }: Bench): Promise<void> {
  const topics = (await kafka.admin.topics()).filter(topic => topic.startsWith(prefix));
  await kafka.admin.deleteTopics(topics);
}

export function drainFigures(records: number, stretch: Meter, { firstAt, last }: DrainTimes): Figures {
  const seconds = (last.at - stretch.began) / 1000;
  const usage = stretch.usage(last);
  const { cpuSeconds } = usage;
  return {
    records,
    seconds: round(seconds),
    recordsPerSecond: Math.round(records / seconds),
    ...(cpuSeconds > 0 ? { recordsPerCpuSecond: Math.round(records / cpuSeconds) } : {}),
    firstRecordSeconds: round((firstAt - stretch.began) / 1000),
    steadyRecordsPerSecond: Math.round(records / ((last.at - firstAt) / 1000)),
    ...usage,
  };
}

/** Throws if a run lost records, or duplicated them despite exactly once. */
export function requireComplete({ records, doubled }: Count, expected: number, { name, exactlyOnce }: Subject): void {
  const distinct = records - doubled;
  if (distinct !== expected) throw new Error(`${name}: ${distinct} distinct records of ${expected} arrived`);
  if (doubled > 0 && exactlyOnce) throw new Error(`${name}: ${doubled} records arrived more than once`);
}

export const round = (seconds: number): number => Math.round(seconds * 100) / 100;
