import { arrivalsInTopic } from '../arrivals.ts';
import { measureLatency } from '../latency.ts';
import { withStreaming } from './source.ts';
import { meter, onOneWorker, requireComplete } from './workload.ts';

const perSecond = 1000;

/** From the commit of a one-row transaction to its record in the topic. */
export const workload = onOneWorker(
  { title: 'PostgreSQL commit to topic, 1,000 transactions a second', streams: true },
  async (bench, worker) => {
    const { kafka, database, seconds = 30 } = bench;
    await database.ensureTransactions(100);
    return withStreaming(bench, worker, async ({ topic }) => {
      await using arrivals = await arrivalsInTopic(kafka, topic);
      const stretch = meter(bench, worker);
      const result = await measureLatency(database, { perSecond, seconds }, arrivals);
      const usage = stretch.usage(stretch.sample());
      const doubled = arrivals.doubled();
      requireComplete({ records: arrivals.at.size + doubled, doubled }, result.records, worker.subject);
      return { ...result, ...usage };
    });
  },
);
