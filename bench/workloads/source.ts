import { type SourceOptions, sourceConfig, topicOf } from '../connectors.ts';
import { waitForDrain } from '../drain.ts';
import type { Worker } from '../subjects/worker.ts';
import { withTopic } from '../topics.ts';
import { type Bench, meter, uniqueName } from './workload.ts';

/** A source that has streamed its first changes. */
export interface Streaming {
  readonly name: string;
  readonly topic: string;
}

const firstTransactions = 20;

/** Runs a source on the table's changes; after `use` succeeds, deletes it with its slot and its topic. */
export async function withStreaming<T>(
  bench: Bench,
  worker: Worker,
  use: (source: Streaming) => Promise<T>,
): Promise<T> {
  const { kafka, database } = bench;
  const name = uniqueName();
  const topic = topicOf(name);
  return withTopic(kafka, topic, async () => {
    await createSource(bench, worker, { name, snapshot: 'no_data', schemas: false });
    // The first changes give a stored offset to continue from, and warm code.
    const records = await database.insertOne(firstTransactions);
    await waitForDrain(kafka, { topic, from: 0, records, meter: meter(bench, worker), check: checkOf(worker, name) });
    const result = await use({ name, topic });
    await removeSource(bench, worker, name);
    return result;
  });
}

/** Resolves when it streams: all later changes are received. */
export async function createSource({ database }: Bench, worker: Worker, options: SourceOptions): Promise<void> {
  const { name } = options;
  await worker.connect.create(name, sourceConfig(worker.subject, database, options));
  await worker.connect.running(name);
  await database.awaitStreaming(name);
}

/** Stops the source; later changes wait. */
export async function stopSource({ database }: Bench, worker: Worker, name: string): Promise<void> {
  await worker.connect.stop(name);
  await database.awaitSlotFree(name);
}

export async function removeSource({ database }: Bench, worker: Worker, name: string): Promise<void> {
  await worker.connect.remove(name);
  await database.dropSlot(name);
}

/** Rejects if one of the connectors has failed. */
export function checkOf(worker: Worker, ...names: readonly string[]): () => Promise<void> {
  return async () => {
    for (const name of names) await worker.connect.requireNotFailed(name);
  };
}
