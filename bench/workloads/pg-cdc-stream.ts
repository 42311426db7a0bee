import { checkChanges } from '../contents.ts';
import { waitForDrain } from '../drain.ts';
import { changesOf } from '../sql.ts';
import { endOf } from '../topics.ts';
import { checkOf, stopSource, withStreaming } from './source.ts';
import { drainFigures, meter, onOneWorker, requireComplete } from './workload.ts';

const defaultChanges = 500_000;

/** Changes made while the connector is stopped, from resuming it to the last one in the topic. */
export const workload = onOneWorker(
  { title: 'drain of PostgreSQL changes to a topic', streams: true },
  async (bench, worker) => {
    const { kafka, database } = bench;
    const transactions = Math.ceil((bench.records ?? defaultChanges) / changesOf.all);
    await database.ensureTransactions(transactions + 100);
    return withStreaming(bench, worker, async ({ name, topic }) => {
      await stopSource(bench, worker, name);
      const since = await database.now();
      const changes = await database.insertOne(transactions);
      await database.query('checkpoint');
      const from = await endOf(kafka, topic);
      const stretch = meter(bench, worker);
      await worker.connect.resume(name);
      const check = checkOf(worker, name);
      const arrived = await waitForDrain(kafka, { topic, from, records: changes, meter: stretch, check });
      requireComplete(await checkChanges(kafka, { topic, from, changes, since }, database), changes, worker.subject);
      return drainFigures(changes, stretch, arrived);
    });
  },
);
