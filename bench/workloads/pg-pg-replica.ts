import { waitForRow } from '../rows.ts';
import { changesOf, pacedIds } from '../sql.ts';
import { withReplica } from './replica.ts';
import { drainFigures, meter, onOneWorker } from './workload.ts';

const defaultChanges = 200_000;

/** Changes made while source and sink are stopped, from resuming them to the last one in the copy. */
export const workload = onOneWorker(
  { title: 'drain of PostgreSQL changes to another table' },
  async (bench, worker) => {
    const { database } = bench;
    const transactions = Math.ceil((bench.records ?? defaultChanges) / changesOf.all);
    await database.ensureTransactions(transactions + 100);
    return withReplica(bench, worker, async ({ stop, resume, check }) => {
      await stop();
      const { after } = await database.one<{ after: string }>(
        `select max(id) after from orders where id < ${pacedIds}`,
      );
      const records = (await database.insertOne(transactions)) + 1;
      const id = await database.timestamp();
      await database.query('checkpoint');
      const stretch = meter(bench, worker);
      await resume();
      const arrived = await waitForRow(database, { id, after: Number(after), meter: stretch, check });
      return drainFigures(records, stretch, arrived);
    });
  },
);
