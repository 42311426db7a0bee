import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileSinkConfig } from '../connectors.ts';
import type { Arrived } from '../drain.ts';
import { checkLines, lineBytes, produceLines } from '../lines.ts';
import type { Meter } from '../measure.ts';
import { checkOf } from './source.ts';
import { type Bench, drainFigures, meter, mustBeWhole, onOneWorker, uniqueName } from './workload.ts';

const defaultLines = 1_000_000;
/** Milliseconds: how often the file's size is asked, how often the connector, and when a file counts as stuck. */
const EVERY = 20;
const CONNECTOR_EVERY = 2000;
const STUCK = 120_000;

/** What is read, the same for all of a call. */
const topics = new WeakMap<Bench, Promise<string>>();

/** Strings of a topic, from creating the connector to the last one in the file. */
export const workload = onOneWorker({ title: 'topic to file, line by line' }, async (bench, worker) => {
  const { kafka, folder, records = defaultLines, log } = bench;
  const produced = topics.get(bench) ?? produceLines(kafka, `${uniqueName()}-lines`, records, log);
  topics.set(bench, produced);
  const topic = await produced;
  const name = uniqueName();
  const file = join(folder, `${name}.txt`);
  const stretch = meter(bench, worker);
  await worker.connect.create(name, fileSinkConfig(worker.subject, file, topic));
  const arrived = await written(file, records * lineBytes, stretch, checkOf(worker, name));
  await worker.connect.remove(name);
  const count = await checkLines(file);
  // A file sink of Kafka Connect's is at least once; here nothing ends in between, and so nothing may be there again.
  mustBeWhole(count, records, worker.subject);
  await rm(file);
  return drainFigures(records, stretch, arrived);
});

/** Resolves when the file has so many bytes. */
async function written(file: string, bytes: number, stretch: Meter, check: () => Promise<void>): Promise<Arrived> {
  let size = 0;
  let firstAt: number | undefined;
  let movedAt = performance.now();
  let checkedAt = movedAt;
  for (;;) {
    const seen = (await stat(file).catch(() => undefined))?.size ?? 0;
    const now = performance.now();
    if (seen !== size) {
      size = seen;
      movedAt = now;
      firstAt ??= now;
    }
    if (size >= bytes) return { firstAt: firstAt ?? now, last: stretch.sample() };
    if (now - movedAt > STUCK) throw new Error(`${file} has been at ${size} of ${bytes} bytes for ${STUCK / 1000} s`);
    if (now - checkedAt > CONNECTOR_EVERY) {
      checkedAt = now;
      await check();
    }
    await delay(EVERY);
  }
}
