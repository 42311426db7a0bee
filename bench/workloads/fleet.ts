import { appendFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileSinkConfig, fileSourceConfig } from '../connectors.ts';
import { pollUntil } from '../poll-until.ts';
import type { Subject } from '../subjects/subject.ts';
import { startWorker, type Worker } from '../subjects/worker.ts';
import {
  type Bench,
  type Contender,
  type Figures,
  meter,
  round,
  uniqueName,
  type Workload,
  workerOptions,
} from './workload.ts';

const defaultConnectors = 200;
/** Milliseconds. Kafka Connect waits five minutes for a lost worker. */
const PATIENCE = 420_000;
/** Milliseconds between requests. An answer with hundreds of connectors is expensive and must not delay them. */
const ASKS = 900;
/** Milliseconds for new connectors to settle before the idle measurement. */
const SETTLES = 10_000;
const IDLE = 30_000;
const QUESTIONS = 7;

/**
 * Many connectors with one task on two workers, half of them file sources, half file sinks of the same topics: created
 * together, left idle, moved by the loss of a worker, and deleted together. Every line must arrive.
 */
export const workload: Workload = {
  title: 'many connectors on two workers',
  async contender(bench, subject): Promise<Contender> {
    return { subject, run: () => fleet(bench, subject), async [Symbol.asyncDispose]() {} };
  },
};

interface Pair {
  readonly source: string;
  readonly sink: string;
  readonly input: string;
  readonly output: string;
}

async function fleet(bench: Bench, subject: Subject): Promise<Figures> {
  const { records: connectors = defaultConnectors, folder } = bench;
  const group = uniqueName();
  await using first = await startWorker(subject, { ...workerOptions(bench), group });
  await using second = await startWorker(subject, { ...workerOptions(bench), group });
  const files = join(folder, group);
  await mkdir(files);
  const pairs = await Promise.all(
    Array.from({ length: connectors >> 1 }, async (_, i): Promise<Pair> => {
      const input = join(files, `${i}.txt`);
      await writeFile(input, `first of ${i}\n`);
      return { source: `${group}-source-${i}`, sink: `${group}-sink-${i}`, input, output: join(files, `${i}.out`) };
    }),
  );
  const names = pairs.flatMap(({ source, sink }) => [source, sink]);

  const all = watch(bench, [first, second]);
  await Promise.all(pairs.map(pair => createPair(first, group, pair)));
  await allRunning(first, names);
  const runningSeconds = all.seconds('all run');
  await arrived(pairs, i => `first of ${i}\n`);

  const statusMs = await medianMs(() => first.connect.statuses());
  await delay(SETTLES);
  const idle = watch(bench, [first, second]);
  await delay(IDLE);
  const usage = idle.usage();
  idle.seconds('idle');

  const lost = watch(bench, [first]);
  await second.kill9();
  await runningOn(first, names);
  const recoveredSeconds = lost.seconds('all run again');
  await Promise.all(pairs.map(({ input }, i) => appendFile(input, `second of ${i}\n`)));
  await arrived(pairs, i => `first of ${i}\nsecond of ${i}\n`);

  const deletion = watch(bench, [first]);
  await Promise.all(names.map(name => first.connect.remove(name)));
  const deletedSeconds = deletion.seconds('all are deleted');
  await rm(files, { recursive: true });
  return {
    ...usage,
    records: names.length,
    runningSeconds,
    statusMs,
    idlePercent: round((usage.cpuSeconds / (IDLE / 1000)) * 100),
    recoveredSeconds,
    deletedSeconds,
  };
}

function watch(bench: Bench, workers: readonly Worker[]) {
  const stretch = meter(bench, ...workers);
  return {
    seconds(what: string): number {
      const end = stretch.sample();
      const seconds = round((end.at - stretch.began) / 1000);
      const { cpuSeconds, brokerCpuSeconds, temporalCpuSeconds, otherCpuSeconds } = stretch.usage(end);
      bench.log(
        `${what}: ${seconds} s; CPU s: ${cpuSeconds}, broker ${brokerCpuSeconds}, Temporal ${temporalCpuSeconds}, others ${otherCpuSeconds}`,
      );
      return seconds;
    },
    usage: () => stretch.usage(stretch.sample()),
  };
}

async function createPair({ connect, subject }: Worker, group: string, pair: Pair): Promise<void> {
  const { source, sink, input, output } = pair;
  const topic = `${source}-lines`;
  if (!topic.startsWith(group)) throw new Error(`${topic} would be left over`);
  await Promise.all([
    connect.create(source, fileSourceConfig(subject, input, topic)),
    connect.create(sink, {
      ...fileSinkConfig(subject, output, topic),
      // The topic may be created after its reader: refresh metadata often.
      'consumer.override.metadata.max.age.ms': '1000',
    }),
  ]);
}

async function allRunning({ connect }: Worker, names: readonly string[]): Promise<void> {
  await pollUntil('all connectors run', PATIENCE, async () => {
    await delay(ASKS);
    const statuses = await connect.statuses();
    return names.every(name => runs(statuses[name]?.status));
  });
}

/** True if the status names only this worker. */
async function runningOn({ connect, id }: Worker, names: readonly string[]): Promise<void> {
  await pollUntil('all connectors run on the remaining worker', PATIENCE, async () => {
    await delay(ASKS);
    // A worker may be slow to answer after the loss of another one.
    const statuses = await connect.statuses().catch(() => undefined);
    return names.every(name => {
      const status = statuses?.[name]?.status;
      return runs(status) && status.tasks.every(task => task.worker_id === id);
    });
  });
}

type Statuses = Awaited<ReturnType<Worker['connect']['statuses']>>;
type Status = Statuses[string]['status'];

const runs = (status: Status | undefined): status is Status =>
  status !== undefined &&
  status.tasks.length > 0 &&
  [status.connector, ...status.tasks].every(({ state }) => state === 'RUNNING');

async function arrived(pairs: readonly Pair[], text: (i: number) => string): Promise<void> {
  await pollUntil('every line has arrived', PATIENCE, async () => {
    const outputs = await Promise.all(pairs.map(({ output }) => readFile(output, 'utf8').catch(() => '')));
    return outputs.every((lines, i) => lines === text(i));
  });
}

async function medianMs(act: () => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < QUESTIONS; i++) {
    const began = performance.now();
    await act();
    times.push(performance.now() - began);
  }
  return Math.round(times.sort((a, b) => a - b)[QUESTIONS >> 1] ?? 0);
}
