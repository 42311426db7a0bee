import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileSinkConfig } from '../connectors.ts';
import type { DrainTimes } from '../drain.ts';
import { checkLines, lineBytes, produceLines } from '../lines.ts';
import type { Meter } from '../measure.ts';
import { checkOf } from './source.ts';
import { type Bench, drainFigures, meter, onOneWorker, requireComplete, uniqueName } from './workload.ts';

const defaultLines = 1_000_000;
/**
 * Milliseconds: between queries of the file size, between queries of the connector, and until a file counts as stuck.
 */
const EVERY = 20;
const CONNECTOR_EVERY = 2000;
const STUCK = 120_000;

/** Input topics, shared by all runs of a call. */
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
  const arrived = await fileWritten(file, records * lineBytes, stretch, checkOf(worker, name));
  await worker.connect.remove(name);
  const count = await checkLines(file);
  // Kafka Connect's file sink is at least once; without restarts there must be no duplicates.
  requireComplete(count, records, worker.subject);
  await rm(file);
  return drainFigures(records, stretch, arrived);
});

/** Resolves when the file has this many bytes. */
async function fileWritten(
  file: string,
  bytes: number,
  stretch: Meter,
  check: () => Promise<void>,
): Promise<DrainTimes> {
  let size = 0;
  let firstAt: number | undefined;
  let movedAt = performance.now();
  let checkedAt = movedAt;
  for (;;) {
    const currentSize = (await stat(file).catch(() => undefined))?.size ?? 0;
    const now = performance.now();
    if (currentSize !== size) {
      size = currentSize;
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
