import { setTimeout as delay } from 'node:timers/promises';
import { arrivalsInTopic } from '../arrivals.ts';
import { topicOf } from '../connectors.ts';
import { allArrived } from '../latency.ts';
import { type PacedWriter, writePaced } from '../paced.ts';
import type { Subject } from '../subjects/subject.ts';
import { startWorker, type Worker } from '../subjects/worker.ts';
import { withTopic } from '../topics.ts';
import { createSource, removeSource } from './source.ts';
import {
  type Bench,
  type Contender,
  type Figures,
  requireComplete,
  round,
  uniqueName,
  type Workload,
  workerOptions,
} from './workload.ts';

const perSecond = 100;
/** Milliseconds: of changes before the kill, and of a takeover. Kafka Connect waits five minutes. */
const BEFORE = 5000;
const PATIENCE = 420_000;
const EVERY = 50;

/** Two workers; the one that runs the task is killed with -9 and not restarted while rows are inserted. */
export const workload: Workload = {
  title: 'a worker killed with -9 and not started again',
  streams: true,
  async contender(bench, subject): Promise<Contender> {
    return { subject, run: () => takeover(bench, subject), async [Symbol.asyncDispose]() {} };
  },
};

async function takeover(bench: Bench, subject: Subject): Promise<Figures> {
  const { kafka, database } = bench;
  await database.ensureTransactions(100);
  const group = uniqueName();
  await using first = await startWorker(subject, { ...workerOptions(bench), group });
  await using second = await startWorker(subject, { ...workerOptions(bench), group });
  const name = uniqueName();
  const topic = topicOf(name);
  return await withTopic(kafka, topic, async () => {
    await createSource(bench, first, { name, snapshot: 'no_data', schemas: false });
    await using arrivals = await arrivalsInTopic(kafka, topic);
    const writer = await writePaced(database, perSecond);
    await delay(BEFORE);
    if (arrivals.at.size === 0) throw new Error(`${name} does not stream`);
    const workers = [first, second];
    const running = (await second.connect.running(name)).tasks[0]?.worker_id;
    const victim = workers.find(({ id }) => id === running);
    const survivor = workers.find(({ id }) => id !== running);
    if (victim === undefined || survivor === undefined)
      throw new Error(`${name} runs on ${running}, which is neither worker`);

    const killedAt = performance.now();
    await victim.kill9();
    const [takenOverAt, nextAt] = await Promise.all([runsOn(survivor, name), nextRecord(writer, arrivals.at)]);
    writer.stop();
    await writer.done;
    const rows = writer.committedAt.length;
    await allArrived(writer, rows, arrivals);
    const doubled = arrivals.doubled();
    requireComplete({ records: arrivals.at.size + doubled, doubled }, rows, subject);
    await removeSource(bench, survivor, name);
    return {
      records: rows,
      takenOverSeconds: round((takenOverAt - killedAt) / 1000),
      nextRecordSeconds: round((nextAt - killedAt) / 1000),
      doubled,
    };
  });
}

/** Time when the status shows the task on the surviving worker. */
async function runsOn(survivor: Worker, name: string): Promise<number> {
  return awaitTime('the task runs elsewhere', async () => {
    // A worker may be slow to answer after the loss of another one.
    const status = await survivor.connect.status(name).catch(() => undefined);
    return status?.tasks[0]?.worker_id === survivor.id && status.tasks[0].state === 'RUNNING';
  });
}

/** Time of the first new row after the kill. */
async function nextRecord(writer: PacedWriter, at: ReadonlyMap<number, number>): Promise<number> {
  const id = writer.firstId + writer.committedAt.length;
  const firstNewRow = await awaitTime('records arrive again', async () => at.has(id));
  return at.get(id) ?? firstNewRow;
}

async function awaitTime(what: string, ask: () => Promise<boolean>): Promise<number> {
  const deadline = performance.now() + PATIENCE;
  while (!(await ask())) {
    if (performance.now() > deadline) throw new Error(`not within ${PATIENCE / 1000} s: ${what}`);
    await delay(EVERY);
  }
  return performance.now();
}
