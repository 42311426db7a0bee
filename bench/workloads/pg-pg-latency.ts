import { arrivalsInCopy } from '../arrivals.ts';
import { measureLatency } from '../latency.ts';
import { withReplica } from './replica.ts';
import { meter, onOneWorker } from './workload.ts';

const perSecond = 1000;

/** From the commit of a one-row transaction to its row in the copy. */
export const workload = onOneWorker(
  { title: 'PostgreSQL commit to row in another table, 1,000 a second' },
  async (bench, worker) => {
    const { database, seconds = 30 } = bench;
    await database.ensureTransactions(100);
    return withReplica(bench, worker, async () => {
      await using arrivals = await arrivalsInCopy(database);
      const stretch = meter(bench, worker);
      const result = await measureLatency(database, { perSecond, seconds }, arrivals);
      return { ...result, ...stretch.usage(stretch.sample()) };
    });
  },
);
