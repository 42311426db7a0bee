import { join } from 'node:path';
import { fileSourceConfig } from '../connectors.ts';
import { waitForDrain } from '../drain.ts';
import { checkLinesOf, writeLines } from '../lines.ts';
import { withTopic } from '../topics.ts';
import { checkOf } from './source.ts';
import { type Bench, drainFigures, meter, onOneWorker, requireComplete, uniqueName } from './workload.ts';

const defaultLines = 1_000_000;

/** Input files, shared by all runs of a call. */
const files = new WeakMap<Bench, Promise<string>>();

async function fileOf({ folder, log }: Bench, lines: number): Promise<string> {
  const file = join(folder, 'lines.txt');
  log(`writing ${lines} lines to ${file}`);
  await writeLines(file, lines);
  return file;
}

/** Lines of a file, from creating the connector to the last one in the topic. */
export const workload = onOneWorker({ title: 'file to topic, line by line', streams: true }, async (bench, worker) => {
  const { kafka, records = defaultLines } = bench;
  const inputFile = files.get(bench) ?? fileOf(bench, records);
  files.set(bench, inputFile);
  const file = await inputFile;
  const name = uniqueName();
  const topic = `${name}-lines`;
  return withTopic(kafka, topic, async () => {
    const stretch = meter(bench, worker);
    await worker.connect.create(name, fileSourceConfig(worker.subject, file, topic));
    const check = checkOf(worker, name);
    const arrived = await waitForDrain(kafka, { topic, from: 0, records, meter: stretch, check });
    requireComplete(await checkLinesOf(kafka, topic), records, worker.subject);
    await worker.connect.remove(name);
    return drainFigures(records, stretch, arrived);
  });
});
