import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { cpus, tmpdir, totalmem } from 'node:os';
import { join, resolve } from 'node:path';
import { messageOf } from '../src/errors.ts';
import { kafkaClient } from '../src/kafka/client/client.ts';
import { silent } from '../src/observability/silent.ts';
import { startStack } from '../src/stack/index.ts';
import { Database } from './database.ts';
import { isDisturbed } from './measure.ts';
import { type Options, readOptions, usage } from './options.ts';
import { startServers } from './servers.ts';
import { kafkaConnect } from './subjects/kafka-connect.ts';
import { locateKafkaConnect } from './subjects/kafka-connect-program.ts';
import { millrace } from './subjects/millrace.ts';
import { pgLogicalReplication } from './subjects/pg-logical-replication.ts';
import type { Subject } from './subjects/subject.ts';
import { figuresTable, type Line } from './table.ts';
import { workloads } from './workloads/index.ts';
import { type Bench, type Contender, type Figures, removeTopics, type Workload } from './workloads/workload.ts';

const log = (line: string): void => void process.stderr.write(`${line}\n`);

async function subjectsOf({ streams = false }: Workload, options: Options, bench: Bench): Promise<Subject[]> {
  const subjects = options.millrace ? [await millrace(bench.servers.temporal.address, options.commitInterval)] : [];
  const { peers, exactlyOnce } = options;
  if (peers.includes('pg-logical-replication')) subjects.push(pgLogicalReplication());
  if (!peers.some(name => name.startsWith('kafka-connect'))) return subjects;
  const install = await locateKafkaConnect();
  if (typeof install === 'string') throw new Error(install);
  const program = await install(log);
  if (peers.includes('kafka-connect'))
    subjects.push(kafkaConnect(program, { tuned: false, exactlyOnce: exactlyOnce ?? false }));
  if (peers.includes('kafka-connect-tuned'))
    subjects.push(kafkaConnect(program, { tuned: true, exactlyOnce: exactlyOnce ?? streams }));
  return subjects;
}

/** Runs one workload with each subject in turn, `repeat` times; the first subject changes in each round. */
async function compare(name: string, options: Options, bench: Bench): Promise<readonly Line[]> {
  const load = workloads[name];
  if (load === undefined) throw new Error(`there is no workload ${name}`);
  const { workload } = await load();
  log(`${name}: ${workload.title}`);
  await using contenders = new AsyncDisposableStack();
  const lines: { subject: string; contender: Contender; runs: Figures[] }[] = [];
  for (const subject of await subjectsOf(workload, options, bench)) {
    log(`starting ${subject.name}`);
    const contender = contenders.use(await workload.contender(bench, subject));
    lines.push({ subject: subject.name, contender, runs: [] });
  }
  for (let run = 1; run <= options.repeat; run++) {
    for (const { subject, contender, runs } of run % 2 === 1 ? lines : lines.toReversed()) {
      log(`${name}: ${subject}, run ${run} of ${options.repeat}`);
      const figures = await contender.run();
      runs.push(figures);
      report(name, contender.subject, run, figures, options);
    }
  }
  return lines;
}

function report(workload: string, { name, versions }: Subject, run: number, figures: Figures, options: Options): void {
  const { seconds = options.seconds ?? 30, otherCpuSeconds, lateWrites = 0 } = figures;
  const disturbed = otherCpuSeconds !== undefined && isDisturbed(otherCpuSeconds, seconds);
  if (disturbed)
    log(
      `other programs used ${otherCpuSeconds} CPU seconds meanwhile: rates and latencies are worse than on an idle machine`,
    );
  if (lateWrites > 0) log(`${lateWrites} of ${figures.records} rows were written late: the machine was too slow`);
  if (!options.json) return;
  const machine = { cpus: cpus().length, cpu: cpus()[0]?.model, memoryMb: Math.round(totalmem() / 1e6) };
  const at = new Date().toISOString();
  const line = { workload, subject: name, run, at, ...figures, ...(disturbed ? { disturbed } : {}), machine, versions };
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

/** The Kafka port has its own program, and is compared with nothing. */
async function kafkaPort({ records, repeat }: Options): Promise<void> {
  await using stack = await startStack({ services: ['kafka'], log });
  for (let run = 1; run <= repeat; run++) {
    const program = join(import.meta.dirname, 'kafka-port.ts');
    const args = [program, stack.kafka.address, ...(records === undefined ? [] : ['--records', String(records)])];
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', ...args], { stdio: 'inherit' });
    const [status] = await once(child, 'exit');
    if (status !== 0) throw new Error(`kafka-port ended with status ${status}`);
  }
}

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  if (options.help) return void process.stdout.write(usage);
  if (!existsSync('/proc/self/stat'))
    throw new Error('the benchmarks read CPU time and memory from /proc: run them on Linux');
  if (options.names.includes('kafka-port')) await kafkaPort(options);
  const names = options.names.filter(name => name !== 'kafka-port');
  if (names.length === 0) return;
  const folder = await mkdtemp(join(tmpdir(), 'millrace-bench-'));
  const profiles = options.profiles === undefined ? undefined : resolve(options.profiles);
  if (profiles !== undefined) await mkdir(profiles, { recursive: true });
  try {
    await using servers = await startServers(log);
    await using database = await Database.create(servers.postgres);
    const kafka = kafkaClient({ brokers: [servers.kafka.address], clientId: 'bench' }, silent);
    const { records, seconds } = options;
    const bench: Bench = { servers, kafka, database, folder, profiles, records, seconds, log };
    try {
      for (const name of names) {
        const lines = await compare(name, options, bench);
        if (!options.json) process.stdout.write(`\n${name}\n${figuresTable(lines)}\n`);
      }
      await removeTopics(bench);
    } finally {
      await kafka.close();
    }
    await rm(folder, { recursive: true, force: true });
  } catch (error) {
    log(`the output of the workers is in ${folder}`);
    throw error;
  }
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
await main().catch((error: unknown) => {
  log(`bench: ${messageOf(error)}`);
  process.exitCode = 1;
});
// Lingering sockets of libraries would keep the process alive.
process.exit();
